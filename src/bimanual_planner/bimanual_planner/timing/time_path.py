"""A trajectory for a path, within limits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import JointTrajectory
from bimanual_planner.timing.curved import CurvedTiming
from bimanual_planner.timing.geometry import GeometricPath
from bimanual_planner.timing.limits import MotionLimits, TimingConfig
from bimanual_planner.timing.progress import SHORTEST, shortest_segment
from bimanual_planner.timing.straight import straight_progress

Array = NDArray[np.float64]


def time_path(
    path: Array,
    joints: tuple[str, ...],
    velocity: Array,
    acceleration: Array,
    tcp_lengths: Array | None = None,
    tcp_speed: float | None = None,
    config: TimingConfig | None = None,
    jerk: Array | None = None,
) -> JointTrajectory:
    """Trajectory through a path (N, n) [rad] dense enough to be splined, from rest to rest, as fast as limits allow.

    ``velocity``, ``acceleration`` and ``jerk`` (n,) hold for the quintic between the points, at all times. Without
    ``jerk`` the motion is time-optimal but for ``config.switch``. With ``tcp_lengths`` (N, k), the distance [m] that
    k tool points have travelled at each waypoint, none of them is faster than ``tcp_speed`` [m/s].

    Raises BimanualError for bad shapes or limits, naming the value; PLAN_LIMIT for a path that has no timing or that
    takes longer than ``config.max_duration``.
    """
    config = config or TimingConfig()
    unlimited = np.full(len(joints), np.inf)
    limits = MotionLimits(joints, velocity, acceleration, unlimited if jerk is None else jerk, tcp_speed)
    geometry = GeometricPath(path, len(joints), None if tcp_speed is None else tcp_lengths)
    if geometry.length <= 0.0:
        return _at_rest(geometry.start, joints, config.knot)
    trajectory = _straight(geometry, limits, config) if geometry.straight else _curved(geometry, limits, config)
    if trajectory.duration > config.max_duration:
        text = f"motion lasts {trajectory.duration:.1f} s, more than {config.max_duration:.0f} s"
        raise BimanualError(text, ErrorCode.PLAN_LIMIT)
    return trajectory


def _at_rest(q: Array, joints: tuple[str, ...], knot: float) -> JointTrajectory:
    zeros = np.zeros((2, len(joints)))
    return JointTrajectory(joints, np.array([0.0, knot]), np.stack([q, q]), zeros, zeros)


def _straight(path: GeometricPath, limits: MotionLimits, config: TimingConfig) -> JointTrajectory:
    """s is the share of the way, so that s' = 1 / second is the whole change in a second."""
    n = len(limits.joints)
    change = path.change[:n]
    with np.errstate(divide="ignore"):
        velocity, acceleration, jerk = (
            float(np.min(limit / np.abs(change))) for limit in (limits.velocity, limits.acceleration, limits.jerk)
        )
        if limits.tcp_speed is not None:
            velocity = min(velocity, float(np.min(limits.tcp_speed / np.abs(path.change[n:]), initial=np.inf)))
    largest = float(max(np.abs(path.start).max(), np.abs(path.end).max()))
    least = shortest_segment(largest, float(limits.jerk.min())) if np.isfinite(jerk) else SHORTEST
    jerk = min(jerk, acceleration / config.switch)
    progress = straight_progress(velocity, acceleration, jerk, least, config.knot, config.most_points)
    s, speed, a = (values[:, None] for values in (progress.s, progress.speed, progress.acceleration))
    positions = path.start + s * change
    positions[-1] = path.end
    return JointTrajectory(limits.joints, progress.times, positions, speed * change, a * change)


def _curved(path: GeometricPath, limits: MotionLimits, config: TimingConfig) -> JointTrajectory:
    points = CurvedTiming(path, limits, config).points()
    return JointTrajectory(
        limits.joints, points.progress.times, points.positions, points.velocities, points.accelerations
    )
