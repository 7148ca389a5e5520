"""Joint states, trajectories, tolerances and controller states."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory as TrajectoryMsg
from trajectory_msgs.msg import JointTrajectoryPoint

from bimanual_core.errors import BimanualError
from bimanual_core.motion import JointTrajectory
from bimanual_core.observation import JointSample
from bimanual_core.robot import JointLayout
from bimanual_ros.conversions.basics import duration_msg, header, stamp_ns
from control_msgs.msg import JointTolerance, JointTrajectoryControllerState

Array = NDArray[np.float64]
#: Size of a trajectory that is looked at: 100 s at 100 Hz.
MOST_POINTS, MOST_JOINTS = 10_000, 64


def joint_state_msg(at_ns: int, names: Sequence[str], position: Array, velocity: Array, effort: Array) -> JointState:
    """Joints (D,) in the order of ``names`` as a JointState."""
    message = JointState(header=header(at_ns), name=list(names))
    message.position.frombytes(np.ascontiguousarray(position, dtype=np.float64).tobytes())
    message.velocity.frombytes(np.ascontiguousarray(velocity, dtype=np.float64).tobytes())
    message.effort.frombytes(np.ascontiguousarray(effort, dtype=np.float64).tobytes())
    return message


def joint_sample(message: JointState, layout: JointLayout) -> JointSample:
    """The joints of a JointState in flat order, matched by name; velocity and effort may be absent (0).

    Raises BimanualError for a missing joint or arrays of another length than ``name``.
    """
    names = tuple(message.name)
    for field in ("position", "velocity", "effort"):
        count = len(getattr(message, field))
        if count != len(names) and (count or field == "position"):
            raise BimanualError(f"joint state: {count} values of {field} for {len(names)} joints")
    position = np.array(message.position)
    velocity = np.array(message.velocity) if message.velocity else np.zeros(len(names))
    effort = np.array(message.effort) if message.effort else np.zeros(len(names))
    if names != layout.names:
        missing = [n for n in layout.names if n not in names]
        if missing:
            raise BimanualError(f"joint state: joint {missing[0]!r} is missing; given: {', '.join(names)}")
        order = [names.index(n) for n in layout.names]
        position, velocity, effort = position[order], velocity[order], effort[order]
    return JointSample(stamp_ns(message.header.stamp), position, velocity, effort)


def trajectory_msg(trajectory: JointTrajectory, start_ns: int = 0) -> TrajectoryMsg:
    """A trajectory that starts at ``start_ns`` (0 = at once); times are exact nanoseconds."""
    message = TrajectoryMsg(header=header(start_ns), joint_names=list(trajectory.joints))
    for i, seconds in enumerate(trajectory.times):
        point = JointTrajectoryPoint(time_from_start=duration_msg(round(float(seconds) * 1e9)))
        point.positions.frombytes(np.ascontiguousarray(trajectory.positions[i]).tobytes())
        point.velocities.frombytes(np.ascontiguousarray(trajectory.velocities[i]).tobytes())
        if trajectory.accelerations is not None:
            point.accelerations.frombytes(np.ascontiguousarray(trajectory.accelerations[i]).tobytes())
        message.points.append(point)
    return message


def trajectory_of(message: TrajectoryMsg) -> JointTrajectory:
    """The trajectory of a message. Where points carry no velocities they are estimated from the positions.

    Raises BimanualError naming what is wrong: no points, sizes that differ from the joints, values that are not
    finite, times that do not increase.
    """
    joints = tuple(message.joint_names)
    if not message.points:
        raise BimanualError("trajectory has no points")
    if len(message.points) > MOST_POINTS or len(joints) > MOST_JOINTS:
        # Looking at them would keep the controllers' thread from its work.
        size = f"{len(message.points)} points of {len(joints)} joints"
        raise BimanualError(f"trajectory has {size}; at most {MOST_POINTS} points of {MOST_JOINTS} joints")
    times = np.array([stamp_ns(p.time_from_start) for p in message.points]) / 1e9
    positions = _rows(message.points, "positions", len(joints))
    velocities = _rows(message.points, "velocities", len(joints))
    accelerations = _rows(message.points, "accelerations", len(joints))
    if positions is None:
        raise BimanualError("trajectory points have no positions")
    if velocities is None:
        velocities, accelerations = _slopes(times, positions), None
    return JointTrajectory(joints, times, positions, velocities, accelerations)


def _rows(points: Sequence[JointTrajectoryPoint], field: str, size: int) -> Array | None:
    rows = [getattr(p, field) for p in points]
    if not any(len(row) for row in rows):
        return None
    for i, row in enumerate(rows):
        if len(row) != size:
            raise BimanualError(f"trajectory point {i} has {len(row)} {field} for {size} joints")
    return np.array(rows, dtype=float)


def _slopes(times: Array, positions: Array) -> Array:
    """Velocities (N, n) by central differences, at rest at both ends."""
    velocities = np.zeros_like(positions)
    if len(times) > 2 and bool(np.all(np.diff(times) > 0)):
        velocities[1:-1] = (positions[2:] - positions[:-2]) / (times[2:] - times[:-2])[:, None]
    return velocities


def tolerances_of(tolerances: Sequence[JointTolerance]) -> dict[str, float]:
    """Position tolerance [rad] by joint of FollowJointTrajectory's lists."""
    for tolerance in tolerances:
        if not math.isfinite(tolerance.position):
            raise BimanualError(f"tolerance of {tolerance.name!r} is not finite")
    return {tolerance.name: tolerance.position for tolerance in tolerances}


def point_msg(position: Array, velocity: Array) -> JointTrajectoryPoint:
    point = JointTrajectoryPoint()
    point.positions.frombytes(np.ascontiguousarray(position, dtype=np.float64).tobytes())
    point.velocities.frombytes(np.ascontiguousarray(velocity, dtype=np.float64).tobytes())
    return point


def controller_state_msg(
    at_ns: int,
    joints: Sequence[str],
    reference: Array,
    reference_velocity: Array,
    feedback: Array,
    feedback_velocity: Array,
    error: Array,
    error_velocity: Array,
) -> JointTrajectoryControllerState:
    """What one arm's controller commands and measures, each (n,)."""
    message = JointTrajectoryControllerState(header=header(at_ns), joint_names=list(joints))
    message.reference = point_msg(reference, reference_velocity)
    message.feedback = point_msg(feedback, feedback_velocity)
    message.error = point_msg(error, error_velocity)
    message.output = point_msg(reference, reference_velocity)
    message.speed_scaling_factor = 1.0
    return message
