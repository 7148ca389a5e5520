"""What MoveIt answers is held against the robot and the planner's own scene before anybody moves by it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_core import se3
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import JointTrajectory
from bimanual_core.robot import ArmSpec
from bimanual_planner.backends.request import PlanRequest
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.search import GOAL_ANGLE_TOLERANCE, GOAL_POSITION_TOLERANCE
from bimanual_planner.steps import Step
from bimanual_planner.timed_paths import positions_at
from bimanual_planner.timing import sample_quintic

Array = NDArray[np.float64]
_START_TOLERANCE = 1e-3  # [rad]
_CHECK = 0.01  # [s] between samples that are held against the limits
_SLACK = 1.0 + 1e-6


def by_side(trajectory: JointTrajectory, request: PlanRequest) -> dict[str, JointTrajectory]:
    """A group's trajectory as one for each arm that moves, its joints in the robot's order.

    Raises BimanualError where a joint is missing.
    """
    parts = {}
    for side in request.sides:
        names = request.state.robot.arm(side).joints
        missing = [name for name in names if name not in trajectory.joints]
        if missing:
            text = f"MoveIt's trajectory lacks {missing[0]}; it has {', '.join(trajectory.joints)}"
            raise BimanualError(text, ErrorCode.INTERNAL)
        columns = [trajectory.joints.index(name) for name in names]
        accelerations = trajectory.accelerations
        parts[side] = JointTrajectory(
            names,
            trajectory.times,
            trajectory.positions[:, columns],
            trajectory.velocities[:, columns],
            None if accelerations is None else accelerations[:, columns],
        )
    return parts


def require_sound(
    scene: PlanningScene, request: PlanRequest, trajectories: dict[str, JointTrajectory], straight: bool
) -> None:
    """Raises BimanualError for a motion that does not begin at the start or end at the goal, passes a limit of the
    robot between its points, or touches what it may not in the planner's own scene (at no margin)."""
    for side, trajectory in trajectories.items():
        _require_start(side, request.state.arm_q(side), trajectory)
        _require_arrival(scene, request, side, trajectory)
        _require_limits(request.state.robot.arm(side), trajectory)
    _require_clear(scene, request, trajectories, straight)


def _require_start(side: str, q: Array, trajectory: JointTrajectory) -> None:
    off = float(np.abs(trajectory.positions[0] - q).max())
    if off > _START_TOLERANCE or trajectory.times[0] != 0.0:
        text = f"MoveIt's {side} motion begins {off:.4f} rad from the start, {trajectory.times[0]:g} s late"
        raise BimanualError(text, ErrorCode.PLAN_START_INVALID)


def _require_arrival(scene: PlanningScene, request: PlanRequest, side: str, trajectory: JointTrajectory) -> None:
    last = trajectory.positions[-1]
    target = request.poses.get(side)
    if target is None:
        target = scene.model.fk(side, request.joints[side])
    position, angle = se3.pose_error(scene.model.fk(side, last), target)
    if position > GOAL_POSITION_TOLERANCE or angle > GOAL_ANGLE_TOLERANCE:
        text = f"MoveIt's {side} motion ends {1000 * position:.3f} mm, {np.degrees(angle):.3f} deg from its goal"
        raise BimanualError(text, ErrorCode.PLAN_UNREACHABLE)


def _require_limits(arm: ArmSpec, trajectory: JointTrajectory) -> None:
    count = max(2, int(np.ceil(trajectory.duration / _CHECK)) + 1)
    times = np.union1d(np.linspace(0.0, trajectory.duration, count), trajectory.times)
    q, v, a = sample_quintic(trajectory, times)
    middle, half = (np.array(arm.upper) + arm.lower) / 2, (np.array(arm.upper) - arm.lower) / 2
    checks = (
        ("position", "rad from the middle", np.abs(q - middle), half),
        ("velocity", "rad/s", np.abs(v), np.array(arm.velocity)),
        ("acceleration", "rad/s^2", np.abs(a), np.array(arm.acceleration)),
    )
    for what, unit, values, limits in checks:
        over = values / limits
        row, column = np.unravel_index(int(over.argmax()), over.shape)
        if over[row, column] > _SLACK:
            found = f"{values[row, column]:.3f} {unit}, limit {limits[column]:.3f}"
            text = f"MoveIt's motion passes the {what} limit of {arm.joints[column]} at {times[row]:.2f} s: {found}"
            raise BimanualError(text, ErrorCode.PLAN_LIMIT)


def _require_clear(
    scene: PlanningScene, request: PlanRequest, trajectories: dict[str, JointTrajectory], straight: bool
) -> None:
    times, qs = positions_at(request.state, trajectories, scene.config.check_interval)
    steps = {
        side: Step(path=t.positions, lengths=np.zeros(len(t.times)) if straight else None)
        for side, t in trajectories.items()
    }
    hit = scene.first_collision_of(request.state, steps, qs, margin=0.0)
    if hit is not None:
        text = f"MoveIt's motion: {hit[1]} at {times[hit[0]]:.2f} of {times[-1]:.2f} s"
        raise BimanualError(text, ErrorCode.PLAN_COLLISION)
