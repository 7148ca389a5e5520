"""Goals of a motion as joints: wrist branches of poses, joints within limits, and all arms' goals together."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_kinematics.ik import ik_solutions
from bimanual_kinematics.model import RobotModel
from bimanual_planner.state import PlanState
from bimanual_planner.steps import travel

Array = NDArray[np.float64]


def pose_goals(model: RobotModel, side: str, q: Array, T_world_tcp: Array) -> list[Array]:
    """Joints (n,) within limits that reach a pose, nearest to ``q`` first. Raises BimanualError (PLAN_UNREACHABLE)."""
    found = ik_solutions(model, side, T_world_tcp, q)
    if not found:
        at = np.round(T_world_tcp[:3, 3], 3).tolist()
        text = f"{side} arm: no joints within limits reach the pose at {at} m"
        raise BimanualError(text, ErrorCode.PLAN_UNREACHABLE)
    return found


def joint_goal(model: RobotModel, side: str, q: Array) -> Array:
    """Joints (n,) as they are. Raises BimanualError: PLAN_LIMIT for the first that is outside its limits."""
    lower, upper = model.limits(side)
    q = np.asarray(q, dtype=float)
    if q.shape != lower.shape or not np.all(np.isfinite(q)):
        raise BimanualError(f"{side} goal must be {len(lower)} finite joints [rad], got {q}")
    outside = np.flatnonzero((q < lower) | (q > upper))
    if len(outside):
        i = int(outside[0])
        name = model.robot.arm(side).joints[i]
        limits = f"[{lower[i]:.3f}, {upper[i]:.3f}]"
        raise BimanualError(f"goal {name} = {q[i]:.3f} rad is outside {limits}", ErrorCode.PLAN_LIMIT)
    return q


def combinations(state: PlanState, goals: Mapping[str, list[Array]]) -> list[dict[str, Array]]:
    """One goal for each arm, those with the least joint travel first."""
    combined = [dict(zip(goals, qs, strict=True)) for qs in product(*goals.values())]
    combined.sort(key=lambda goal: max(travel(np.array([state.arm_q(s), q])) for s, q in goal.items()))
    return combined


def at_goal(state: PlanState, goal: Mapping[str, Array]) -> PlanState:
    """The state with the arms at their goals."""
    for side, q in goal.items():
        state = state.with_arm(side, q)
    return state
