"""Joining a trajectory to what a controller commands at this moment.

Before the first point that is still to come the motion runs from the present command, as in
joint_trajectory_controller. If the trajectory has begun already, it is followed from now on and the difference to the
present command fades out, so that a dense trajectory is joined without a jump.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_control.checks import ACCELERATION_MARGIN, VELOCITY_MARGIN, check_approach, check_start
from bimanual_control.follower import PathFollower
from bimanual_control.goal import GoalRejectedError
from bimanual_control.sampler import HermitePath, path_between, path_of
from bimanual_core.motion import JointTrajectory

Array = NDArray[np.float64]
_SAME = 1e-12
_STILL = 1e-9  # a slower first point stands [rad/s]
_BLEND_S, _LONGEST_BLEND_S = 0.1, 2.0
_BLEND_GROWTH, _BLEND_SAMPLES = 1.4, 40
_PRESENT_S = 1e-6  # a first point this early says where the joints are, a later one where to go


def attach(
    trajectory: JointTrajectory,
    origin_ns: int,
    now_ns: int,
    command: Array,
    velocity: Array,
    tolerance: float,
    acceleration: Array | None = None,
) -> PathFollower:
    """A follower of ``trajectory``, whose time 0 is at ``origin_ns``, from ``command`` (2, n) at ``now_ns`` on.

    Raises GoalRejectedError if it starts further than ``tolerance`` from the command, or could be joined only
    faster than ``velocity`` (n,) or with more than ``acceleration`` (n,; None: whatever it takes).
    """
    tau = (now_ns - origin_ns) * 1e-9
    first = float(trajectory.times[0])
    if tau >= first:
        return _blended(trajectory, origin_ns, tau, command, velocity, tolerance, acceleration)
    present = first <= _PRESENT_S
    if present:
        check_start(trajectory.joints, trajectory.positions[0], command[0], tolerance)
    path = _led_in(trajectory, tau, command)
    try:
        check_approach(trajectory.joints, path, velocity, acceleration)
    except GoalRejectedError:
        # A small difference at the start need not be gone at its first moment.
        if not present or acceleration is None or float(np.max(np.abs(trajectory.velocities[0]))) > _STILL:
            raise
        return _blended(trajectory, origin_ns, tau, command, velocity, tolerance, acceleration)
    return PathFollower(path, origin_ns)


def _led_in(trajectory: JointTrajectory, tau: float, command: Array) -> HermitePath:
    """The path with the present command as its first point, at time ``tau`` (which may be below 0)."""
    accelerations = trajectory.accelerations
    if accelerations is not None:
        accelerations = np.vstack([np.zeros(accelerations.shape[1]), accelerations])
    return HermitePath(
        np.concatenate([[tau], trajectory.times]),
        np.vstack([command[0], trajectory.positions]),
        np.vstack([command[1], trajectory.velocities]),
        accelerations,
    )


def _blended(
    trajectory: JointTrajectory,
    origin_ns: int,
    tau: float,
    command: Array,
    velocity: Array,
    tolerance: float,
    acceleration: Array | None,
) -> PathFollower:
    path = path_of(trajectory)
    there = path.sample(tau)
    check_start(trajectory.joints, there[0], command[0], tolerance)
    difference = command - there
    if np.max(np.abs(difference)) < _SAME:
        return PathFollower(path, origin_ns)
    duration = max(_BLEND_S, float(np.max(np.abs(difference[0]) * 4.0 / velocity)))
    fade = _fade(difference, tau, duration)
    if acceleration is None:
        return PathFollower(path, origin_ns, fade)
    while not _within(path, fade, velocity * VELOCITY_MARGIN, acceleration * ACCELERATION_MARGIN):
        duration *= _BLEND_GROWTH
        if duration > _LONGEST_BLEND_S:
            j = int(np.argmax(np.abs(difference[0]) / velocity + np.abs(difference[1]) / acceleration))
            raise GoalRejectedError(
                f"{trajectory.joints[j]}: {difference[0, j]:.4f} from the path and {difference[1, j]:.3f} /s faster; "
                f"it cannot be joined within speed {velocity[j]:.3f} and acceleration {acceleration[j]:.3f}"
            )
        fade = _fade(difference, tau, duration)
    return PathFollower(path, origin_ns, fade)


def _fade(difference: Array, tau: float, duration: float) -> HermitePath:
    return path_between(duration, difference[0], np.zeros_like(difference[0]), difference[1], begin=tau)


def _within(path: HermitePath, fade: HermitePath, velocity: Array, acceleration: Array) -> bool:
    """Whether path and fade together keep the limits while the fade lasts."""
    times = np.linspace(fade.begin, fade.end, _BLEND_SAMPLES, endpoint=False)
    (v, a), (fade_v, fade_a) = path.samples(times), fade.samples(times)
    return bool((np.abs(v + fade_v) <= velocity).all() and (np.abs(a + fade_a) <= acceleration).all())
