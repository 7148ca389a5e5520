"""What a controller refuses before anything moves: each refusal names the joint, the value and the limit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_control.goal import GoalRejectedError
from bimanual_control.sampler import HermitePath, path_of
from bimanual_core.motion import JointTrajectory

Array = NDArray[np.float64]
#: Timed paths touch the limits; interpolation between their points may pass by this share. The gate still clamps.
VELOCITY_MARGIN = 1.01
ACCELERATION_MARGIN = 1.01
POSITION_MARGIN = 1e-4
#: A start stamp lies at most this far in the future [s].
LONGEST_LEAD_S = 60.0
#: A trajectory lasts at most this long [s].
LONGEST_S = 3600.0
_REST = 1e-3  # a last velocity below this [rad/s or m/s] is rest


def reorder(trajectory: JointTrajectory, joints: tuple[str, ...]) -> JointTrajectory:
    """The trajectory with its columns in the order of ``joints``.

    Raises GoalRejectedError for unknown, doubled or missing joints.
    """
    if trajectory.joints == joints:
        return trajectory
    names = list(trajectory.joints)
    for name in names:
        if name not in joints:
            raise GoalRejectedError(f"unknown joint {name!r}; this controller moves: {', '.join(joints)}")
        if names.count(name) > 1:
            raise GoalRejectedError(f"joint {name!r} is given twice")
    missing = [j for j in joints if j not in names]
    if missing:
        raise GoalRejectedError(f"joints {', '.join(missing)} are missing; all of {', '.join(joints)} are needed")
    order = [names.index(j) for j in joints]
    accelerations = trajectory.accelerations
    return JointTrajectory(
        joints,
        trajectory.times,
        trajectory.positions[:, order],
        trajectory.velocities[:, order],
        None if accelerations is None else accelerations[:, order],
    )


def check_positions(trajectory: JointTrajectory, lower: Array, upper: Array) -> None:
    """Raises GoalRejectedError for a point outside the position limits (n,)."""
    low, high = lower - POSITION_MARGIN, upper + POSITION_MARGIN
    outside = (trajectory.positions < low) | (trajectory.positions > high)
    if np.any(outside):
        point, j = (int(v) for v in np.argwhere(outside)[0])
        value = trajectory.positions[point, j]
        raise GoalRejectedError(
            f"{trajectory.joints[j]}: position {value:.4f} of point {point} is outside [{lower[j]:.4f}, {upper[j]:.4f}]"
        )


def check_motion(
    trajectory: JointTrajectory, lower: Array, upper: Array, velocity: Array, acceleration: Array | None = None
) -> None:
    """Raises GoalRejectedError where the interpolated path passes a position, velocity or acceleration limit (n,)."""
    joints = trajectory.joints
    if trajectory.duration > LONGEST_S:
        raise GoalRejectedError(f"lasts {trajectory.duration:g} s; at most {LONGEST_S:.0f} s")
    check_positions(trajectory, lower, upper)
    fast = np.abs(trajectory.velocities) > velocity * VELOCITY_MARGIN
    if np.any(fast):
        point, j = (int(v) for v in np.argwhere(fast)[0])
        _refuse(joints[j], "speed", abs(float(trajectory.velocities[point, j])), f"point {point}", velocity[j])
    if len(trajectory.times) < 2:
        return
    extremes = path_of(trajectory).extremes()
    _check_segments(joints, "speed", extremes.speed, velocity * VELOCITY_MARGIN, velocity)
    if acceleration is not None:
        most = acceleration * ACCELERATION_MARGIN
        _check_segments(joints, "acceleration", extremes.acceleration, most, acceleration)
    outside = (extremes.lowest < lower - POSITION_MARGIN) | (extremes.highest > upper + POSITION_MARGIN)
    if np.any(outside):
        segment, j = (int(v) for v in np.argwhere(outside)[0])
        raise GoalRejectedError(
            f"{joints[j]}: the path between points {segment} and {segment + 1} reaches "
            f"[{extremes.lowest[segment, j]:.4f}, {extremes.highest[segment, j]:.4f}], "
            f"limits [{lower[j]:.4f}, {upper[j]:.4f}]"
        )


def check_rest_at_end(trajectory: JointTrajectory) -> None:
    """Raises GoalRejectedError unless the last velocity is zero."""
    last = np.abs(trajectory.velocities[-1])
    j = int(np.argmax(last))
    if last[j] > _REST:
        raise GoalRejectedError(f"{trajectory.joints[j]}: the last point moves with {last[j]:.4f}, it must be at rest")


def check_stamp(trajectory: JointTrajectory, start_ns: int, now_ns: int) -> None:
    """Raises GoalRejectedError if the last point lies in the past or the start far in the future."""
    check_lead(start_ns, now_ns)
    late = (now_ns - start_ns) * 1e-9 - trajectory.duration
    if late > 0.0:
        raise GoalRejectedError(f"stale: the last point was due {late:.3f} s ago")


def check_lead(start_ns: int, now_ns: int) -> None:
    """Raises GoalRejectedError for a start further ahead than LONGEST_LEAD_S."""
    lead = (start_ns - now_ns) * 1e-9
    if lead > LONGEST_LEAD_S:
        raise GoalRejectedError(f"starts {lead:.3f} s from now; at most {LONGEST_LEAD_S:.0f} s")


def check_start(joints: tuple[str, ...], wanted: Array, command: Array, tolerance: float) -> None:
    """Raises GoalRejectedError if a trajectory starts more than ``tolerance`` from the present command."""
    distance = np.abs(wanted - command)
    j = int(np.argmax(distance))
    if distance[j] > tolerance:
        raise GoalRejectedError(
            f"{joints[j]}: starts at {wanted[j]:.4f}, {distance[j]:.4f} from the present command "
            f"{command[j]:.4f}; at most {tolerance:.4f}"
        )


def check_approach(joints: tuple[str, ...], path: HermitePath, velocity: Array, acceleration: Array | None) -> None:
    """Raises GoalRejectedError if the first segment of ``path``, from the present command on, is too fast."""
    extremes = path.extremes()
    _check_first(joints, extremes.speed[0], velocity, VELOCITY_MARGIN, "speed")
    if acceleration is not None:
        _check_first(joints, extremes.acceleration[0], acceleration, ACCELERATION_MARGIN, "acceleration")


def _check_first(joints: tuple[str, ...], found: Array, limit: Array, margin: float, what: str) -> None:
    j = int(np.argmax(found / limit))
    if found[j] > limit[j] * margin:
        raise GoalRejectedError(
            f"{joints[j]}: the first point is too far from the present command: reaching it in time takes "
            f"{what} {found[j]:.3f}, limit {limit[j]:.3f}"
        )


def _check_segments(joints: tuple[str, ...], what: str, found: Array, most: Array, limit: Array) -> None:
    above = found > most
    if np.any(above):
        segment, j = (int(v) for v in np.argwhere(above)[0])
        _refuse(joints[j], what, found[segment, j], f"points {segment} and {segment + 1}", limit[j])


def _refuse(joint: str, what: str, value: float, where: str, limit: float) -> None:
    raise GoalRejectedError(f"{joint}: {what} {value:.3f} at {where} is above the limit {limit:.3f}")
