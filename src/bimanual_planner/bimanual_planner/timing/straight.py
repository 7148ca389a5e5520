"""Motion along a line: the limits are the same all along, and the fastest progress from rest to rest is known.

Speed over time is a box of the length of the whole motion, averaged over the time of speeding up, and again over the
time in which the acceleration builds up (the double-S profile).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_planner.timing.progress import Progress

Array = NDArray[np.float64]
_TICK = 1e-6  # [s] that phases last whole multiples of
#: The sign of the jerk in each phase.
_SIGNS = np.array([1.0, 0.0, -1.0, 0.0, -1.0, 0.0, 1.0])


def straight_progress(
    velocity: float, acceleration: float, jerk: float, least: float, knot: float, most_points: int
) -> Progress:
    """The fastest progress from rest at s = 0 to rest at s = 1 within limits of the first three derivatives of s.

    Knots lie where the jerk changes, and at most ``knot`` [s] apart unless that were more than ``most_points``. No two
    are nearer than ``least`` [s]: phases that would be shorter are stretched.
    """
    a = min(acceleration, float(np.cbrt(0.5 * jerk**2)), float(np.sqrt(velocity * jerk)))
    ramp = a / jerk  # in which the acceleration builds up
    v = min(velocity, 0.5 * a * (float(np.sqrt(ramp**2 + 4.0 / a)) - ramp))
    ramp = max(_whole(ramp), least)
    rise = _after(ramp, v / a, least)
    whole = _after(rise + ramp, 1.0 / v, least)
    plateau, cruise = rise - ramp, whole - rise - ramp
    durations = np.array([ramp, plateau, ramp, cruise, ramp, plateau, ramp])
    knot = max(knot, 2.0 * least, float(durations.sum()) / most_points)
    lasting = durations > 0.5 * least
    return _knots(durations[lasting], _SIGNS[lasting] / (whole * rise * ramp), knot)


def _after(begin: float, end: float, least: float) -> float:
    """The end of a phase that is over at once or lasts ``least`` or longer."""
    if end <= begin * (1.0 + 1e-9):
        return begin
    return max(_whole(end), begin + least)


def _whole(seconds: float) -> float:
    return float(np.ceil(seconds / _TICK - 1e-6)) * _TICK


def _knots(durations: Array, jerks: Array, knot: float) -> Progress:
    """Progress at the ends of phases, which are cut into equal parts that last no longer than ``knot``."""
    counts = np.ceil(durations / knot - 1e-9).astype(int)
    begins = np.round((np.cumsum(durations) - durations) * 1e9) / 1e9
    rows, times = [np.zeros((1, 3))], [np.zeros(1)]
    for begin, duration, jerk, count in zip(begins, durations, jerks, counts, strict=True):
        s, v, a = rows[-1][-1]
        at = np.round((begin + duration * np.arange(1, count + 1) / count) * 1e9) / 1e9
        t = at - begin
        ahead = s + t * (v + t * (a / 2.0 + t * jerk / 6.0))
        rows.append(np.column_stack([ahead, v + t * (a + t * jerk / 2.0), a + jerk * t]))
        times.append(at)
    s, v, a = np.vstack(rows).T
    s[-1], v[-1], a[-1] = 1.0, 0.0, 0.0
    return Progress(np.concatenate(times), s, v, a)
