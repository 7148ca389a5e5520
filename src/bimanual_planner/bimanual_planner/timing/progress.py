"""How far along the path a motion is at each knot: from here to the points of a trajectory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: What rounding of positions may add to the jerk of a segment, as a share of the limit.
_ROUNDING = 3e-7
#: Points of a trajectory are no nearer to each other [s].
SHORTEST = 2e-4


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

    def at_shares(self, shares: tuple[float, ...]) -> tuple[Array, Array]:
        """s and its speed (k (N - 1),) at each of k shares of the way from knot to knot, share after share."""
        h = np.diff(self.times)
        a0, jerk = self.acceleration[:-1], np.diff(self.acceleration) / h
        t = np.multiply.outer(np.array(shares), h)
        s = self.s[:-1] + t * (self.speed[:-1] + t * (a0 / 2.0 + t * jerk / 6.0))
        speed = self.speed[:-1] + t * (a0 + t * jerk / 2.0)
        return s.ravel(), speed.ravel()


def shortest_segment(largest: float, jerk: float) -> float:
    """The least time [s], whole microseconds, between points at which rounding leaves the jerk alone: positions of up
    to ``largest`` [rad] change it (60 times the step over the time cubed) by less than 3e-7 of the limit."""
    noise = 60.0 * np.finfo(float).eps * max(largest, 1.0)
    return max(SHORTEST, float(np.ceil(np.cbrt(noise / (_ROUNDING * jerk)) * 1e6)) / 1e6)


def whole_ns(seconds: float) -> float:
    """The time rounded up to whole nanoseconds."""
    return float(np.ceil(seconds * 1e9 - 1e-6)) / 1e9
