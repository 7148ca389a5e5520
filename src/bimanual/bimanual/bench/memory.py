"""Whether a process keeps what it should let go of."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def growth_per_100(rss_mib: Sequence[float]) -> float:
    """Growth of resident memory [MiB per 100 episodes] from what it was after each of at least 10 episodes.

    The first fifth is warm-up: caches fill. Of the rest the median of the last quarter is held against that of the
    first, so that one large moment says nothing.
    """
    steady = rss_mib[len(rss_mib) // 5 :]
    quarter = len(steady) // 4
    return 100.0 * (median(steady[-quarter:]) - median(steady[:quarter])) / (len(steady) - quarter)
