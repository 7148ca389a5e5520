"""Motion along a curve: the fastest progress, smoothed, slowed down where the limits ask for it, and verified."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_planner.timing.geometry import GeometricPath
from bimanual_planner.timing.limits import MotionLimits, TimingConfig
from bimanual_planner.timing.points import Points
from bimanual_planner.timing.progress import SHORTEST, Progress, shortest_segment
from bimanual_planner.timing.smoothing import smoothed
from bimanual_planner.timing.time_optimal import Grid, Profile, fastest

Array = NDArray[np.float64]
#: Widths of the moving average that are tried, as multiples of the least one.
_WIDTHS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0)
_ROUNDS = 3  # of slowing down where a limit is passed
_ENOUGH = 1.02  # a motion that needs no more than this factor of its time is slowed down as a whole
_OFF_PATH = 5e-7  # [rad] the quintic may leave the path by, as far as it is looked at
_LOOKS = (0.25, 0.5, 0.75)  # shares of a segment at which it is compared with the path
_HALVINGS = 8  # of the time between knots, or of the speed, for that


class CurvedTiming:
    """Timing of one path that is not straight; see :meth:`points`."""

    def __init__(self, path: GeometricPath, limits: MotionLimits, config: TimingConfig) -> None:
        self._path, self._limits, self._config = path, limits, config
        self._grid = Grid.of(path, limits)
        # A joint that travels little from rest to rest can make no use of more acceleration than this.
        travel = np.where(path.travel > 0.0, path.travel, np.inf)
        self._acceleration = np.minimum(limits.acceleration, np.cbrt(0.5 * travel * limits.jerk**2))
        #: How far [rad] a tangent stays near to the path.
        self._tangent = float(np.sqrt(0.5 * _OFF_PATH / max(1e-9, float(np.abs(self._grid.second).max()))))
        limited = np.isfinite(limits.jerk)
        largest = float(np.max(np.abs(path.at(path.knots)[:, : path.dof])))
        self._shortest = shortest_segment(largest, float(limits.jerk.min())) if limited.any() else SHORTEST
        self._least_width = max(config.switch, 2.0 * self._shortest, float(np.max(self._acceleration / limits.jerk)))

    def points(self) -> Points:
        """Points within all limits, uniformly apart in time. Raises BimanualError (PLAN_LIMIT) where there are none."""
        cap = self._grid.cap
        profile = fastest(self._grid, self._acceleration, cap)
        least = max(self._least_width, 2.5 * profile.duration / self._config.most_points)
        profile = profile.lasting(least)
        widths = [least * multiple for multiple in _WIDTHS]
        best, rung = self._smoothest(profile, widths, 0)
        found, solved = best, (profile, widths[rung])
        for _ in range(_ROUNDS):
            if found.factor <= _ENOUGH:
                break
            cap = np.minimum(cap, self._slower(profile, found, widths[rung]))
            profile = fastest(self._grid, self._acceleration, cap).lasting(least)
            found, rung = self._smoothest(profile, widths, rung)
            if found.duration < best.duration:
                best, solved = found, (profile, widths[rung])
        return self._on_path(best, *solved).within()

    def _smoothest(self, profile: Profile, widths: list[float], rung: int) -> tuple[Points, int]:
        """The shortest motion over the widths near the one at ``rung``, and its rung: wider averages are smoother, and
        take longer by themselves."""
        best = self._smoothed(profile, widths[rung])
        for step in (1, -1):
            while 0 <= rung + step < len(widths):
                if step > 0 and profile.duration + widths[rung + step] >= best.duration:
                    break
                found = self._smoothed(profile, widths[rung + step])
                if found.duration >= best.duration:
                    break
                best, rung = found, rung + step
        return best, rung

    def _slower(self, profile: Profile, found: Points, width: float) -> Array:
        """Speeds of s (G,) that bring those segments within limits that are not, and those that they average over."""
        times = found.progress.times
        over = np.flatnonzero(found.factors > 1.0)
        middle = 0.5 * (times[over] + times[over + 1])
        gaps = np.diff(profile.times, prepend=0.0, append=profile.duration)
        reach = 0.5 * width + float(times[1]) + np.maximum(gaps[1:], gaps[:-1])[:, None]
        near = np.abs(profile.times[:, None] + 0.5 * width - middle) <= reach
        factors = np.max(np.where(near, found.factors[over], 1.0), axis=1, initial=1.0)
        return np.where(factors > 1.0, profile.speed / factors, np.inf)

    def _smoothed(self, profile: Profile, width: float, knot: float | None = None) -> Points:
        if knot is None:
            longest = (profile.duration + width) / self._config.most_points
            knot = max(min(self._config.knot, 0.5 * width), self._shortest, longest)
        return self._points(smoothed(profile, self._path.length, width, knot))

    def _points(self, progress: Progress) -> Points:
        path, limits, n = self._path, self._limits, self._path.dof
        s, speed, acceleration = progress.s, progress.speed[:, None], progress.acceleration[:, None]
        first = path.at(s, 1)
        positions = path.at(s)[:, :n]
        positions[0], positions[-1] = path.start, path.end
        velocities = first[:, :n] * speed
        accelerations = path.at(s, 2)[:, :n] * speed**2 + first[:, :n] * acceleration
        points = Points(progress, positions, velocities, accelerations)
        v, a, j = points.segments().peaks()
        factors = np.maximum(np.max(v / limits.velocity, axis=1), np.sqrt(np.max(a / limits.acceleration, axis=1)))
        factors = np.maximum(factors, np.cbrt(np.max(j / limits.jerk, axis=1)))
        if limits.tcp_speed is not None and first.shape[1] > n:
            factors = np.maximum(factors, self._tool_speed(progress, first[:, n:] * speed) / limits.tcp_speed)
        return replace(points, factors=factors)

    def _tool_speed(self, progress: Progress, at_knots: Array) -> Array:
        """The highest speed (N - 1,) [m/s] of a tool point at five looks at each segment; (N, k) ``at_knots``."""
        s, speed = progress.at_shares(_LOOKS)
        between = np.abs(self._path.at(s, 1)[:, self._path.dof :] * speed[:, None]).max(axis=1)
        highest = np.abs(at_knots).max(axis=1)
        inside: Array = between.reshape(len(_LOOKS), -1).max(axis=0)
        return np.maximum(np.maximum(highest[:-1], highest[1:]), inside)

    def _on_path(self, points: Points, profile: Profile, width: float) -> Points:
        """The points, with knots so near to each other that the quintic keeps to the path and never goes back; slowed
        down where they can be no nearer. Raises BimanualError (PLAN_LIMIT) where nothing helps."""
        for _ in range(_HALVINGS):
            if self._keeps_to_path(points):
                return points
            knot = float(points.progress.times[1])
            if knot >= 2.0 * self._shortest:
                knot *= 0.5
            else:
                profile = profile.lasting(2.0 * profile.duration)
            points = self._smoothed(profile, width, knot)
        text = f"no timing within the limits keeps to the path of {self._path.length:.3g} rad: it bends too sharply"
        raise BimanualError(text, ErrorCode.PLAN_LIMIT)

    def _keeps_to_path(self, points: Points) -> bool:
        s, speed = points.progress.at_shares(_LOOKS)
        if np.any(speed < 0.0):
            return False
        n, segments = self._path.dof, points.segments()
        off = np.vstack([segments.position(u) for u in _LOOKS]) - self._path.at(s)[:, :n]
        along = self._path.at(s, 1)[:, :n]
        # Being early or late on the path is no fault, as far as a step along its tangent stays on it.
        share = np.sum(off * along, axis=1) / np.maximum(np.sum(along * along, axis=1), 1e-12)
        share = np.clip(share, -self._tangent, self._tangent)
        return bool(np.max(np.abs(off - share[:, None] * along)) <= _OFF_PATH)
