"""The newest observations, one a period, as a policy sees them."""

from __future__ import annotations

from collections import deque

from bimanual_core.observation import Observation


class ObservationWindow:
    """The last ``size`` observations of one scene, oldest first; at the start the first one fills all places."""

    def __init__(self, size: int) -> None:
        self._items: deque[Observation] = deque(maxlen=size)

    def add(self, observation: Observation) -> None:
        """Take ``observation`` as the newest. One of another scene drops those before it; one that is not newer than
        the newest replaces it."""
        items = self._items
        if items and items[-1].scene_id != observation.scene_id:
            items.clear()
        if not items:
            items.extend([observation] * (items.maxlen or 1))
        elif observation.stamp_ns <= items[-1].stamp_ns:
            items[-1] = observation
        else:
            items.append(observation)

    @property
    def newest(self) -> Observation:
        """Raises IndexError before the first one."""
        return self._items[-1]

    def seen(self) -> list[Observation]:
        """The window (size,), oldest first."""
        return list(self._items)
