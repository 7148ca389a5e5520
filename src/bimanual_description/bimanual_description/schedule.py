"""Thinning a stream to a rate, although its stamps jitter."""

from __future__ import annotations

#: A sample may come early by this share of the period and still be the one that was due.
EARLY = 0.25


class Schedule:
    """Takes at most one sample a period [ns] on average; a stream of that very rate passes whole, jitter and all."""

    def __init__(self, period_ns: int) -> None:
        self._period_ns = period_ns
        self._due_ns = 0

    def takes(self, stamp_ns: int) -> bool:
        """Whether the sample of ``stamp_ns`` is taken. Time that has gone back begins anew."""
        if self._due_ns - 2 * self._period_ns <= stamp_ns < self._due_ns - round(EARLY * self._period_ns):
            return False
        late = abs(stamp_ns - self._due_ns) > self._period_ns
        self._due_ns = (stamp_ns if late else self._due_ns) + self._period_ns
        return True
