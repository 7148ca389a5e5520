"""Ways of a tcp, above all the constant screw from one pose to another, followed by joints without a jump."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_kinematics.ik import follow
from bimanual_kinematics.model import RobotModel
from bimanual_planner.config import PlannerConfig
from bimanual_planner.steps import Step
from bimanual_planner.tool_ways import ToolWay, screw_way

Array = NDArray[np.float64]
#: An arm whose Jacobian's least singular value [m/rad, rad/rad] is below this cannot move some way.
SINGULAR = 0.02


def screw_step(model: RobotModel, side: str, q: Array, T_world_goal: Array, config: PlannerConfig) -> Step:
    """The constant screw of ``side``'s tcp from joints ``q`` (n,) to a pose; raises as :func:`follow_way`."""
    return follow_way(model, side, q, screw_way(model.fk(side, q), T_world_goal), config)


def follow_way(model: RobotModel, side: str, q: Array, way: ToolWay, config: PlannerConfig, finer: float = 1.0) -> Step:
    """Joints from ``q`` (n,) that take ``side``'s tcp along ``way``, at poses ``finer`` times as near to each other as
    the configuration says.

    Raises BimanualError saying how far along the joints end, and why.
    """
    count = max(2, int(np.ceil(finer * max(way.distance / config.line_step, way.angle / config.turn_step))) + 1)
    poses = way.poses(np.linspace(0.0, 1.0, count))
    path, done = follow(model, side, poses[1:], q, max_step=config.max_joint_step)
    if done and np.abs(path[0] - q).max() > config.max_joint_step:
        done = 0
    if done < count - 1:
        raise _ends(model, side, path[done - 1] if done else q, done / (count - 1), poses[done + 1])
    moved = np.linalg.norm(np.diff(poses[:, :3, 3], axis=0), axis=1)
    return Step(path=np.vstack([q, path]), lengths=np.concatenate([[0.0], np.cumsum(moved)]))


def _ends(model: RobotModel, side: str, q: Array, share: float, T_world_next: Array) -> BimanualError:
    """Why the joints end at ``q``, ``share`` of the way: a limit, a singularity, or no joints that reach on."""
    lower, upper = model.limits(side)
    room = np.minimum(q - lower, upper - q)
    joint = int(np.argmin(room))
    where = f"{side} screw ends {100 * share:.0f}% of the way, before {np.round(T_world_next[:3, 3], 3).tolist()} m"
    if room[joint] < 0.1:
        name = model.robot.arm(side).joints[joint]
        limits = f"[{lower[joint]:.3f}, {upper[joint]:.3f}]"
        return BimanualError(f"{where}: {name} = {q[joint]:.3f} rad is at its limit {limits}", ErrorCode.PLAN_LIMIT)
    weakest = float(np.linalg.svd(model.jacobian_world(side, q), compute_uv=False)[-1])
    if weakest < SINGULAR:
        text = f"{where}: the arm is singular there (least singular value {weakest:.3f}, below {SINGULAR:g})"
        return BimanualError(text, ErrorCode.PLAN_SINGULAR)
    return BimanualError(f"{where}: no continuous joints reach on from there", ErrorCode.PLAN_UNREACHABLE)
