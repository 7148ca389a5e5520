"""Motion along a curve: the fastest progress, smoothed, slowed down where the limits ask for it, and verified."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_planner.timing.geometry import GeometricPath
from bimanual_planner.timing.limits import MotionLimits, TimingConfig
from bimanual_planner.timing.progress import Progress, shortest_segment
from bimanual_planner.timing.quintic import Segments
from bimanual_planner.timing.smoothing import slowed, smoothed
from bimanual_planner.timing.time_optimal import Grid, Profile, fastest

Array = NDArray[np.float64]
#: Widths of the moving average that are tried, as multiples of the least one.
_WIDTHS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0)
_ROUNDS = 3  # of slowing down where a limit is passed
_ENOUGH = 1.01  # a motion that needs no more than this factor of its time is slowed down as a whole
_OFF_PATH = 5e-7  # [rad] the quintic may leave the path by, as far as it is looked at
_HALVINGS = 4  # of the time between knots, for that
_ROUNDED = 1.0 + 1e-9


@dataclass(frozen=True, eq=False)
class Points:
    """A progress along a path as points of a trajectory (N, n), and the ``factor`` of its time that each of the
    N - 1 segments needs to be within limits (1 and less: it is)."""

    progress: Progress
    positions: Array
    velocities: Array
    accelerations: Array
    factors: Array

    @property
    def factor(self) -> float:
        return max(1.0, float(self.factors.max()))

    @property
    def duration(self) -> float:
        """Time [s] once the whole is slowed down to be within limits."""
        return self.progress.duration * self.factor


class CurvedTiming:
    """Timing of one path that is not straight; see :meth:`points`."""

    def __init__(self, path: GeometricPath, limits: MotionLimits, config: TimingConfig) -> None:
        self._path, self._limits, self._config = path, limits, config
        self._grid = Grid.of(path, limits)
        # A joint that travels little from rest to rest can make no use of more acceleration than this.
        travel = np.where(path.travel > 0.0, path.travel, np.inf)
        self._acceleration = np.minimum(limits.acceleration, np.cbrt(0.5 * travel * limits.jerk**2))
        limited = np.isfinite(limits.jerk)
        largest = float(np.max(np.abs(path.at(path.knots)[:, : path.dof])))
        self._shortest = shortest_segment(largest, float(limits.jerk.min())) if limited.any() else 1e-3
        self._width = max(config.switch, 2.0 * self._shortest, float(np.max(self._acceleration / limits.jerk)))

    def points(self) -> Points:
        """Points within all limits, uniformly apart in time. Raises BimanualError (PLAN_LIMIT) where there are none."""
        cap = self._grid.cap
        best: tuple[Points, Profile, float] | None = None
        for _ in range(_ROUNDS):
            profile = fastest(self._grid, self._acceleration, cap)
            found, width = self._smoothest(profile)
            if best is None or found.duration < best[0].duration:
                best = found, profile, width
            if found.factor <= _ENOUGH:
                break
            cap = np.minimum(cap, self._slower(profile, found, width))
        if best is None:
            raise BimanualError("no timing was tried", ErrorCode.PLAN_LIMIT)
        return self._within(self._on_path(*best))

    def _smoothest(self, profile: Profile) -> tuple[Points, float]:
        """The shortest motion over the widths, and its width: wider is smoother, and takes longer by itself."""
        best: Points | None = None
        for multiple in _WIDTHS:
            trial = self._width * multiple
            if best is not None and profile.duration + trial >= best.duration:
                break
            found = self._smoothed(profile, trial, self._knot(profile.duration + trial, trial))
            if best is None or found.duration < best.duration:
                best, width = found, trial
        if best is None:
            raise BimanualError("no width was tried", ErrorCode.PLAN_LIMIT)
        return best, width

    def _knot(self, duration: float, width: float) -> float:
        config = self._config
        return max(min(config.knot, 0.5 * width), self._shortest, duration / config.most_points)

    def _slower(self, profile: Profile, found: Points, width: float) -> Array:
        """Speeds of s (G,) that bring those segments within limits that are not, and those that they average over."""
        times = found.progress.times
        over = np.flatnonzero(found.factors > 1.0)
        middle = 0.5 * (times[over] + times[over + 1])
        reach = 0.5 * width + float(times[1])
        near = np.abs(profile.times[:, None] + 0.5 * width - middle) <= reach
        factors = np.max(np.where(near, found.factors[over], 1.0), axis=1, initial=1.0)
        return np.where(factors > 1.0, profile.speed / factors, np.inf)

    def _smoothed(self, profile: Profile, width: float, knot: float) -> Points:
        return self._points(smoothed(profile, self._path.length, width, knot))

    def _points(self, progress: Progress) -> Points:
        path, limits, n = self._path, self._limits, self._path.dof
        s, speed, acceleration = progress.s, progress.speed[:, None], progress.acceleration[:, None]
        first = path.at(s, 1)
        positions = path.at(s)[:, :n]
        positions[0], positions[-1] = path.start, path.end
        velocities = first[:, :n] * speed
        accelerations = path.at(s, 2)[:, :n] * speed**2 + first[:, :n] * acceleration
        segments = Segments.through(np.diff(progress.times)[:, None], positions, velocities, accelerations)
        v, a, j = segments.peaks()
        factors = np.maximum(np.max(v / limits.velocity, axis=1), np.sqrt(np.max(a / limits.acceleration, axis=1)))
        factors = np.maximum(factors, np.cbrt(np.max(j / limits.jerk, axis=1)))
        if limits.tcp_speed is not None and first.shape[1] > n:
            factors = np.maximum(factors, self._tool_speed(progress) / limits.tcp_speed)
        return Points(progress, positions, velocities, accelerations, factors)

    def _tool_speed(self, progress: Progress) -> Array:
        """The highest speed (N - 1,) [m/s] of a tool point at five looks at each segment."""
        highest = np.zeros(len(progress.s) - 1)
        for u in (0.0, 0.25, 0.5, 0.75, 1.0):
            s, speed = progress.at_share(u)
            moved = np.abs(self._path.at(s, 1)[:, self._path.dof :] * speed[:, None])
            np.maximum(highest, moved.max(axis=1), out=highest)
        return highest

    def _on_path(self, points: Points, profile: Profile, width: float) -> Points:
        """The points, with knots so near to each other that the quintic keeps to the path and never goes back."""
        for _ in range(_HALVINGS):
            knot = 0.5 * float(points.progress.times[1])
            if knot < self._shortest or self._keeps_to_path(points):
                break
            points = self._smoothed(profile, width, knot)
        return points

    def _keeps_to_path(self, points: Points) -> bool:
        progress, n = points.progress, self._path.dof
        segments = Segments.through(
            np.diff(progress.times)[:, None], points.positions, points.velocities, points.accelerations
        )
        for u in (0.25, 0.5, 0.75):
            s, speed = progress.at_share(u)
            if np.any(speed < 0.0):
                return False
            off = segments.position(u) - self._path.at(s)[:, :n]
            along = self._path.at(s, 1)[:, :n]
            share = np.sum(off * along, axis=1) / np.maximum(np.sum(along * along, axis=1), 1e-12)
            if np.max(np.abs(off - share[:, None] * along)) > _OFF_PATH:
                return False
        return True

    def _within(self, points: Points) -> Points:
        """The points slowed down as a whole, as far as a limit asks for it; the path stays the same."""
        if points.factor <= 1.0:
            return points
        return self._points(slowed(points.progress, points.factor * _ROUNDED))
