"""Steps of simulated time that somebody asked for, from the request to its end."""

from __future__ import annotations

from collections.abc import Callable


class StepJob:
    """``asked`` ticks, of which ``done`` have passed. It ends once; ``failure`` then says in words why it ended early,
    and is empty if all ticks have passed."""

    def __init__(self, asked: int) -> None:
        self.asked = asked
        self.done = 0
        self.ended = False
        self.failure = ""
        self._listeners: list[Callable[[], None]] = []

    @property
    def remaining(self) -> int:
        """Ticks that are still to come."""
        return 0 if self.ended else self.asked - self.done

    def tick(self) -> None:
        """Take note of a tick."""
        self.done += 1

    def on_end(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` when the job ends, or at once if it has."""
        if self.ended:
            listener()
        else:
            self._listeners.append(listener)

    def end(self, why: str = "") -> None:
        """End the job, if it has not ended: early and for the reason ``why``, or because its ticks have passed."""
        if self.ended:
            return
        self.ended = True
        if self.done < self.asked:
            self.failure = f"{why or 'ended'} after {self.done} of {self.asked} steps"
        for listener in self._listeners:
            listener()
