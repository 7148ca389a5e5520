"""Constant screws of a tcp through joints that MoveIt finds, pose by pose: moveit_py offers no Cartesian paths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_core import se3
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_kinematics.model import RobotModel
from bimanual_planner.backends.moveit.client import MoveItClient
from bimanual_planner.config import PlannerConfig

Array = NDArray[np.float64]


def screw_path(
    client: MoveItClient, model: RobotModel, side: str, q: Array, T_world_goal: Array, config: PlannerConfig
) -> tuple[Array, Array]:
    """Joints (N, n) of one arm and the tcp's travelled lengths (N,) [m] along the screw from flat joints ``q`` (D,).

    Raises BimanualError saying how far along MoveIt finds no joints (PLAN_UNREACHABLE), or only ones that are a jump
    away (PLAN_SINGULAR), and where.
    """
    group = model.robot.joints.group(f"{side}_arm")
    poses = screw_poses(model.fk(side, q[group]), T_world_goal, config)
    path, q = [q[group]], q.copy()
    for k, pose in enumerate(poses[1:], start=1):
        found = client.ik(side, q, pose)
        where = f"{side} screw ends {100 * (k - 1) / (len(poses) - 1):.0f}% of the way, before {_at(pose)} m"
        if found is None:
            raise BimanualError(f"{where}: MoveIt finds no joints that reach on", ErrorCode.PLAN_UNREACHABLE)
        jump = np.abs(found - q[group])
        if jump.max() > config.max_joint_step:
            joint = model.robot.arm(side).joints[int(jump.argmax())]
            text = (
                f"{where}: {joint} would jump by {jump.max():.2f} rad, at most {config.max_joint_step} rad are smooth"
            )
            raise BimanualError(text, ErrorCode.PLAN_SINGULAR)
        path.append(found)
        q[group] = found
    moved = np.linalg.norm(np.diff(poses[:, :3, 3], axis=0), axis=1)
    return np.array(path), np.concatenate([[0.0], np.cumsum(moved)])


def screw_poses(T_start: Array, T_goal: Array, config: PlannerConfig) -> Array:
    """Poses (N, 4, 4), both ends included, evenly spaced on the constant screw, close enough for joints to follow."""
    twist = se3.screw_between(T_start, T_goal)
    distance, angle = se3.pose_error(T_start, T_goal)
    count = max(2, int(np.ceil(max(distance / config.line_step, angle / config.turn_step))) + 1)
    return se3.screw_poses(T_start, twist, np.linspace(0.0, 1.0, count))


def _at(T: Array) -> list[float]:
    rounded: list[float] = np.round(T[:3, 3], 3).tolist()
    return rounded
