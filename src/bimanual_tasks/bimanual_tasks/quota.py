"""Which seeds to try for a number of successes: the first that succeed, however many are tried at a time."""

from __future__ import annotations

from collections.abc import Iterable

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_tasks.seeds import SEEDS_PER_BLOCK, collection_seeds

#: A task is given up after this many failures, and as many again for every success that is wanted.
FAILURES_ALLOWED = 20


class SeedQuota:
    """``wanted`` successes from seed ``first`` on.

    A seed is only handed out while those before it cannot suffice. So the seeds that are tried, and with them the
    successes, do not depend on how many run side by side or on when some were interrupted.
    """

    def __init__(self, first: int, wanted: int, succeeded: Iterable[int] = (), failed: Iterable[int] = ()) -> None:
        """``succeeded`` and ``failed`` were done earlier. Raises BimanualError for seeds out of range."""
        collection_seeds(first, max(wanted, 1))
        if wanted < 1:
            raise BimanualError(f"episodes {wanted} is below the limit 1")
        self.first = first
        self.wanted = wanted
        self.succeeded = set(succeeded)
        self.failed = set(failed)
        self.running: set[int] = set()

    @property
    def complete(self) -> bool:
        """Whether all that is wanted is there and nothing runs."""
        return len(self.succeeded) >= self.wanted and not self.running

    @property
    def attempted(self) -> int:
        """Seeds that were done."""
        return len(self.succeeded) + len(self.failed)

    def next_seed(self) -> int | None:
        """The next seed to do, or None while those that run may suffice. Raises BimanualError when too many failed or
        no seed is left."""
        if len(self.succeeded) + len(self.running) >= self.wanted:
            return None
        if len(self.failed) > FAILURES_ALLOWED * (1 + self.wanted):
            raise BimanualError(
                f"given up: {len(self.failed)} of {self.attempted} seeds failed, {len(self.succeeded)} of "
                f"{self.wanted} episodes are there",
                ErrorCode.EXECUTION_FAILED,
            )
        known = self.succeeded | self.failed | self.running
        seed = self.first
        while seed in known:
            seed += 1
        if seed >= SEEDS_PER_BLOCK:
            raise BimanualError(
                f"no seed is left: collection seeds end at {SEEDS_PER_BLOCK - 1}; {len(self.succeeded)} of "
                f"{self.wanted} episodes are there",
                ErrorCode.EXECUTION_FAILED,
            )
        self.running.add(seed)
        return seed

    def done(self, seed: int, success: bool) -> None:
        """``seed`` has been done."""
        self.running.discard(seed)
        (self.succeeded if success else self.failed).add(seed)
