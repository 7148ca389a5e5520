"""The beat of a control loop on wall time. Pure: time comes in."""

from __future__ import annotations


class ControlPace:
    """Says how long to wait for the next period. Periods that were missed are counted in ``overruns`` and left out, so
    that a loop that fell behind does not rush."""

    def __init__(self, period_s: float) -> None:
        self.period_s = period_s
        self.overruns = 0
        self.longest_s = 0.0  # between two periods
        self._due: float | None = None
        self._last: float | None = None

    def restart(self) -> None:
        """The loop stood still: its next period is no overrun."""
        self._due = self._last = None

    def begin(self, now_s: float) -> None:
        """A period begins."""
        if self._due is None:
            self._due = now_s
        if self._last is not None:
            self.longest_s = max(self.longest_s, now_s - self._last)
        self._last = now_s
        missed = int((now_s - self._due) / self.period_s)
        self.overruns += max(missed, 0)
        self._due += (max(missed, 0) + 1) * self.period_s

    def delay(self, now_s: float) -> float:
        """Time [s] until the next period is due; 0 when it is late."""
        return max(0.0, self._due - now_s) if self._due is not None else 0.0
