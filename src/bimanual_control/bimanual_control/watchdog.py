"""Noticing that something that was heard has fallen silent."""

from __future__ import annotations

#: Time between two looks counts at most as this much silence [s]: who was not looking could not hear either.
LONGEST_LOOK_S = 0.2


class Watchdog:
    """Counts the silence of one thing, in wall time, from the first :meth:`beat` on. Call :meth:`look` regularly."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.seen = False
        self.silent_s = 0.0
        self._looked_s: float | None = None

    def beat(self) -> None:
        """It was heard."""
        self.seen, self.silent_s = True, 0.0

    def forgive(self) -> None:
        """Silence so far does not count."""
        self.silent_s = 0.0

    def look(self, now_s: float) -> bool:
        """Whether it has been silent for longer than the limit at ``now_s`` of wall time."""
        if self._looked_s is not None and self.seen:
            self.silent_s += min(max(now_s - self._looked_s, 0.0), LONGEST_LOOK_S)
        self._looked_s = now_s
        return self.silent_s > self.limit_s
