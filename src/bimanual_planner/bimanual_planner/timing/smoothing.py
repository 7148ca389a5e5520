"""From the fastest progress, whose acceleration jumps, to one with a limited jerk: a moving average over time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_planner.timing.progress import Progress, whole_ns
from bimanual_planner.timing.time_optimal import Profile

Array = NDArray[np.float64]
_FEWEST = 12  # knot intervals of a motion


def smoothed(profile: Profile, length: float, width: float, knot: float) -> Progress:
    """The progress whose speed is the mean of the profile's over ``width`` [s], from rest to rest over ``length``.

    Its acceleration is the profile's change over that time, taken at knots at most ``knot`` apart and linear between
    them. It begins and ends at zero, as accelerations and decelerations are kept in balance.
    """
    duration = profile.duration + width
    count = max(_FEWEST, int(np.ceil(duration / knot)))
    h = whole_ns(duration / count)
    times = h * np.arange(count + 1, dtype=np.float64)
    v = np.interp(np.concatenate([times, times - width]), profile.times, profile.speed, left=0.0, right=0.0)
    a = (v[: count + 1] - v[count + 1 :]) / width
    a[0] = a[-1] = 0.0
    gained, lost = float(a[a > 0.0].sum()), float(-a[a < 0.0].sum())
    a = np.where(a > 0.0, a * min(1.0, lost / gained), a * min(1.0, gained / lost))
    speed = np.concatenate([[0.0], np.cumsum(0.5 * h * (a[1:] + a[:-1]))])
    speed[-1] = 0.0
    s = np.concatenate([[0.0], np.cumsum(h * speed[:-1] + h * h * (2.0 * a[:-1] + a[1:]) / 6.0)])
    scale = length / s[-1]
    s *= scale
    s[-1] = length
    return Progress(times, s, speed * scale, a * scale)


def slowed(progress: Progress, factor: float) -> tuple[Progress, float]:
    """The same progress in ``factor`` times the time, and the factor that keeps knots on whole nanoseconds."""
    h = whole_ns(float(progress.times[1]) * factor)
    factor = h / float(progress.times[1])
    times = h * np.arange(len(progress.times), dtype=np.float64)
    return Progress(times, progress.s, progress.speed / factor, progress.acceleration / factor**2), factor
