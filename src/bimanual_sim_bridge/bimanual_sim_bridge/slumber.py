"""When a scene sleeps: nothing is asked of its joints, and nothing in it has moved for a while.

Physics engines put bodies to sleep one by one, but never a robot whose drives hold it. Here all sleep together or not
at all, so that what wakes them needs no rule of its own: it is a new setpoint.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bimanual_core.observation import Setpoint
from bimanual_core.rates import PHYSICS_HZ

Array = NDArray[np.float64]

#: A scene is looked at once in this many ticks, and sleeps if it is then as it was at the last look.
LOOK_TICKS = PHYSICS_HZ
#: The same [m, rad, and parts of a unit quaternion]: what creeps by less than 10 um a second is held where it is.
SAME = 1e-5
#: Faster than this at a look [m/s, rad/s], something moves that was here before.
CALM = 1e-2


class Slumber:
    """Says whether a scene sleeps. ``places()`` gives all that can move, joints and object poses (N,), and ``speeds()``
    how fast (M,)."""

    def __init__(self, places: Callable[[], Array], speeds: Callable[[], Array]) -> None:
        self._places = places
        self._speeds = speeds
        self._setpoint: Setpoint | None = None
        self._before: Array | None = None
        self._ticks = 0
        self.asleep = False

    def look(self, setpoint: Setpoint) -> bool:
        """Whether the tick that is due may be left out; ``setpoint`` is what the controllers ask for in it. They give
        the same object for as long as they ask for the same."""
        if setpoint is not self._setpoint:
            self._setpoint, self._before, self._ticks = setpoint, None, 0
            self.asleep = False
        elif not self.asleep:
            self._ticks += 1
            if self._ticks % LOOK_TICKS == 0:
                now = self._places()
                same = self._before is not None and float(np.abs(now - self._before).max()) < SAME
                self.asleep = same and float(np.abs(self._speeds()).max()) < CALM
                self._before = now
        return self.asleep
