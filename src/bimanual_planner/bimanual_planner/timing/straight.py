"""Motion along a line: the limits are the same all along, and the fastest progress from rest to rest is known.

Speed over time is a box of the length of the whole motion, averaged over the time of speeding up, and again over the
time in which the acceleration builds up (the double-S profile).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_planner.timing.progress import Progress

Array = NDArray[np.float64]


def straight_progress(
    length: float, velocity: float, acceleration: float, jerk: float, knot: float, quantum: float
) -> Progress:
    """From rest to rest over ``length`` within limits of s' , s'' and s'''; exact but for each phase, which is
    stretched to whole ``quantum`` [s]. Knots lie where s''' changes, and at most ``knot`` [s] apart."""
    a = min(acceleration, float(np.cbrt(0.5 * length * jerk**2)), float(np.sqrt(velocity * jerk)))
    ramp = a / jerk  # in which the acceleration builds up
    v = min(velocity, 0.5 * a * (np.sqrt(ramp**2 + 4.0 * length / a) - ramp))
    ramp = _whole(ramp, quantum)
    rise = max(_whole(v / a, quantum), ramp)
    whole = max(_whole(length / v, quantum), rise + ramp)
    v = length / whole
    a = v / rise
    third = a / ramp
    plateau, cruise = rise - ramp, whole - rise - ramp
    durations = np.array([ramp, plateau, ramp, cruise, ramp, plateau, ramp])
    jerks = third * np.array([1.0, 0.0, -1.0, 0.0, -1.0, 0.0, 1.0])
    return _knots(durations, jerks, length, knot, quantum)


def _whole(seconds: float, quantum: float) -> float:
    return float(np.ceil(seconds / quantum - 1e-9)) * quantum


def _knots(durations: Array, jerks: Array, length: float, knot: float, quantum: float) -> Progress:
    """Progress at the ends of phases, which are cut into equal parts that last no longer than ``knot``."""
    lasting = durations > 0.5 * quantum
    durations, jerks = durations[lasting], jerks[lasting]
    counts = np.ceil(durations / knot - 1e-9).astype(int)
    begins = np.round((np.cumsum(durations) - durations) * 1e9) / 1e9
    state = np.zeros(3)
    rows = [state]
    times = [np.zeros(1)]
    for begin, duration, jerk, count in zip(begins, durations, jerks, counts, strict=True):
        at = np.round((begin + duration * np.arange(1, count + 1) / count) * 1e9) / 1e9
        t = at - begin
        a = state[2] + jerk * t
        v = state[1] + t * (state[2] + t * jerk / 2.0)
        s = state[0] + t * (state[1] + t * (state[2] / 2.0 + t * jerk / 6.0))
        rows.extend(np.column_stack([s, v, a]))
        times.append(at)
        state = rows[-1]
    s, v, a = np.array(rows).T
    v[-1] = a[-1] = 0.0
    s[-1] = length
    return Progress(np.concatenate(times), s, v, a)
