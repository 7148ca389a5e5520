"""How far along the path a motion is at each knot: from here to the points of a trajectory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: What rounding of positions may add to the jerk of a segment, as a share of the limit.
_ROUNDING = 1e-7


@dataclass(frozen=True, eq=False)
class Progress:
    """``s`` (N,) along the path, its speed and acceleration at ``times`` (N,) [s], whole nanoseconds from 0; between
    the knots the acceleration is linear, so that ``s`` is a cubic."""

    times: Array
    s: Array
    speed: Array
    acceleration: Array

    @property
    def duration(self) -> float:
        return float(self.times[-1])

    def at_share(self, u: float) -> tuple[Array, Array]:
        """s and its speed (N - 1,) at a share ``u`` of the way from each knot to the next."""
        h = np.diff(self.times)
        a0, t = self.acceleration[:-1], u * h
        jerk = np.diff(self.acceleration) / h
        s = self.s[:-1] + t * (self.speed[:-1] + t * (a0 / 2.0 + t * jerk / 6.0))
        return s, self.speed[:-1] + t * (a0 + t * jerk / 2.0)


def shortest_segment(largest: float, jerk: float) -> float:
    """The least time [s] between points at which the rounding of positions of up to ``largest`` [rad] changes the
    jerk of a segment (60 times the step over the time cubed) by less than 1e-7 of the limit."""
    noise = 60.0 * np.finfo(float).eps * max(largest, 1.0)
    return max(1e-3, float(np.cbrt(noise / (_ROUNDING * jerk))))


def whole_ns(seconds: float) -> float:
    """The time rounded up to whole nanoseconds."""
    return float(np.ceil(seconds * 1e9 - 1e-6)) / 1e9
