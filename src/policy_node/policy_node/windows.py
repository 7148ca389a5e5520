"""Training windows over concatenated demonstrations: which rows each window observes and which commands follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_node.dp3.config import ChunkConfig

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Windows:
    """One window per row of each demonstration: ``observed`` (W, O) and ``acted`` (W, H) are rows of the concatenated
    tables. Beyond an episode's ends its first and last row stand in; no window reaches into another episode."""

    observed: Rows
    acted: Rows

    @property
    def count(self) -> int:
        return len(self.observed)


def windows_of(lengths: Sequence[int], chunk: ChunkConfig, chosen: Sequence[int] | None = None) -> Windows:
    """Windows of the ``chosen`` episodes (all by default) of ``lengths`` rows each.

    The newest observed row of a window is its own; the first command is the one issued at the oldest observed row.
    """
    starts = np.concatenate([[0], np.cumsum(lengths)])
    observed, acted = [], []
    for episode in range(len(lengths)) if chosen is None else chosen:
        first, last = starts[episode], starts[episode + 1] - 1
        rows = np.arange(first, last + 1)[:, None]
        oldest = rows - (chunk.observations - 1)
        observed.append(np.clip(oldest + np.arange(chunk.observations), first, last))
        acted.append(np.clip(oldest + np.arange(chunk.horizon), first, last))
    return Windows(np.concatenate(observed), np.concatenate(acted))


def split(episodes: int, validation_share: float, seed: int) -> tuple[list[int], list[int]]:
    """Episodes to train on and to validate with: at least one of each where there are two or more."""
    if episodes < 2:
        return list(range(episodes)), []
    held = min(episodes - 1, max(1, round(validation_share * episodes))) if validation_share > 0.0 else 0
    order = np.random.default_rng(seed).permutation(episodes)
    return sorted(map(int, order[held:])), sorted(map(int, order[:held]))
