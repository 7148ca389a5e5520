"""Joint paths of one or both arms into trajectories that start together, and where all joints are meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from bimanual_core.motion import JointTrajectory
from bimanual_core.robot import RobotSpec
from bimanual_kinematics.continuous import Motion
from bimanual_planner.config import PlannerConfig
from bimanual_planner.state import PlanState
from bimanual_planner.steps import along, travel
from bimanual_planner.timing import sample_quintic, split_trajectory, time_path

Array = NDArray[np.float64]
_WAYPOINT_STEP = 0.03  # [rad] between waypoints
_FEWEST = 5  # waypoints
_SCREW_STEPS = 4  # a path of more points is smooth: it is splined, not cut at corners


@dataclass(frozen=True, eq=False)
class Paths:
    """Paths (N, n) [rad] by side. Screws carry the tcp's ``lengths`` (N,) [m] and are evenly spaced in the screw's
    parameter; others are corners joined by lines. ``coupled`` paths have one N: the arms pass corners together, each
    corner rounded over ``rounding`` [rad] of travel. ``bound`` arms are where they are together: neither may wait."""

    arms: dict[str, Array]
    lengths: dict[str, Array] = field(default_factory=dict)
    coupled: bool = False
    bound: bool = False
    rounding: float = 0.2

    @property
    def sides(self) -> tuple[str, ...]:
        return tuple(self.arms)

    @property
    def straight(self) -> bool:
        """Whether each arm goes along one line in joint space."""
        return not self.lengths and all(len(path) == 2 for path in self.arms.values())

    def line(self, state: PlanState) -> Motion:
        """All joints (N, D) at shares (N,) of a straight way."""

        def joints(shares: Array) -> Array:
            qs = np.repeat(state.q[None], len(shares), axis=0)
            for side, (begin, end) in self.arms.items():
                group = state.robot.joints.group(f"{side}_arm")
                qs[:, group] = begin + np.asarray(shares)[:, None] * (end - begin)
            return qs

        return joints


def time_paths(robot: RobotSpec, paths: Paths, sync: str, config: PlannerConfig) -> dict[str, JointTrajectory]:
    """Trajectories by side: at equal shares of their paths at each instant, or each as fast as it can.

    Raises BimanualError where a path has no timing.
    """
    if sync == "independent" and not paths.coupled:
        return alone(robot, paths, config)
    return _timed(robot, paths, config)


def alone(robot: RobotSpec, paths: Paths, config: PlannerConfig) -> dict[str, JointTrajectory]:
    """Trajectories by side, each as if the other arm were not to move."""
    return {side: _timed(robot, _only(paths, side), config)[side] for side in paths.sides}


def course(state: PlanState, trajectories: Mapping[str, JointTrajectory]) -> tuple[float, Motion]:
    """How long [s] trajectories by side take that start together, and all joints (N, D) at shares (N,) of that time;
    what does not move stays."""
    duration = max(trajectory.duration for trajectory in trajectories.values())

    def joints(shares: Array) -> Array:
        qs = np.repeat(state.q[None], len(shares), axis=0)
        for side, trajectory in trajectories.items():
            at = np.asarray(shares) * duration
            qs[:, state.robot.joints.group(f"{side}_arm")] = sample_quintic(trajectory, at)[0]
        return qs

    return duration, joints


def positions_at(state: PlanState, trajectories: Mapping[str, JointTrajectory], interval: float) -> tuple[Array, Array]:
    """Times (M,) [s] at most ``interval`` apart, and flat joints (M, D) then."""
    duration, joints = course(state, trajectories)
    shares = np.linspace(0.0, 1.0, max(2, int(np.ceil(duration / interval)) + 1))
    return duration * shares, joints(shares)


def _timed(robot: RobotSpec, paths: Paths, config: PlannerConfig) -> dict[str, JointTrajectory]:
    arms = [robot.arm(side) for side in paths.sides]
    points, lengths = _waypoints(paths)
    trajectory = time_path(
        np.hstack(points),
        tuple(joint for arm in arms for joint in arm.joints),
        np.concatenate([config.speeds(arm.velocity) for arm in arms]),
        np.concatenate([config.accelerations(arm.acceleration) for arm in arms]),
        tcp_lengths=np.column_stack(lengths) if lengths else None,
        tcp_speed=config.tcp_speed if lengths else None,
        jerk=np.concatenate([config.jerks(arm.jerk) for arm in arms]),
    )
    return split_trajectory(trajectory, {arm.side: arm.joints for arm in arms})


def _waypoints(paths: Paths) -> tuple[list[Array], list[Array]]:
    """Dense paths (N, n) by arm with one N, and the tcp's lengths (N,) of screws."""
    if paths.coupled:
        sizes = np.cumsum([path.shape[1] for path in paths.arms.values()])[:-1]
        corners = np.hstack(list(paths.arms.values()))
        dense = along(corners, _count(corners))
        return np.split(_rounded(dense, paths.rounding), sizes, axis=1), []
    count = max(_count(path) for path in paths.arms.values())
    points = []
    for side, path in paths.arms.items():
        smooth = side in paths.lengths and len(path) > _SCREW_STEPS
        points.append(_splined(path, count) if smooth else along(path, count))
    share = np.linspace(0.0, 1.0, count)
    lengths = [np.interp(share, np.linspace(0.0, 1.0, len(v)), v) for v in paths.lengths.values()]
    return points, lengths


def _count(path: Array) -> int:
    return max(_FEWEST, len(path), int(np.ceil(travel(path) / _WAYPOINT_STEP)) + 1)


def _splined(path: Array, count: int) -> Array:
    if count == len(path):
        return path
    share = np.linspace(0.0, 1.0, len(path))
    resampled: Array = CubicSpline(share, path, bc_type="natural")(np.linspace(0.0, 1.0, count))
    return resampled


def _rounded(path: Array, width: float) -> Array:
    """The path with its corners rounded by a moving average over ``width`` [rad]; both ends stay where they are."""
    half = round(0.5 * width / _WAYPOINT_STEP)
    if half == 0:
        return path
    padded = np.vstack([np.repeat(path[:1], half, axis=0), path, np.repeat(path[-1:], half, axis=0)])
    sums = np.cumsum(np.vstack([np.zeros(path.shape[1]), padded]), axis=0)
    smooth = (sums[2 * half + 1 :] - sums[: -2 * half - 1]) / (2 * half + 1)
    return np.vstack([path[:1], smooth[1:-1], path[-1:]])


def _only(paths: Paths, side: str) -> Paths:
    lengths = {side: paths.lengths[side]} if side in paths.lengths else {}
    return Paths({side: paths.arms[side]}, lengths)
