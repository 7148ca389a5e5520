"""The reference that says whether straight screws reach poses: steps ten times as dense as the planner's, each joint
solution tracked from the one before by damped least squares alone, and collisions checked at each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bimanual_core import se3
from bimanual_kinematics.ik import solve_ik
from bimanual_kinematics.model import RobotModel
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState

Array = NDArray[np.float64]
#: Between two poses of a reference screw [m], [rad]; joints may move by MOST [rad] meanwhile.
STEP, TURN, MOST = 0.001, 0.005, 0.05


def screws_go(scene: PlanningScene, state: PlanState, targets: Mapping[str, Array]) -> bool:
    """Whether the constant screws of all tcps, at equal shares of their ways, keep within limits and stay clear."""
    starts = {side: scene.model.fk(side, state.arm_q(side)) for side in targets}
    count = max(_count(starts[side], T) for side, T in targets.items())
    paths = {}
    for side, T in targets.items():
        path = tracked_screw(scene.model, side, state.arm_q(side), T, count)
        if path is None:
            return False
        paths[side] = path
    qs = np.repeat(state.q[None], count, axis=0)
    for side, path in paths.items():
        qs[:, state.robot.joints.group(f"{side}_arm")] = path
    return scene.first_collision_of(state, {}, qs) is None


def tracked_screw(model: RobotModel, side: str, q: Array, T_world_goal: Array, count: int) -> Array | None:
    """Joints (count, n) along the constant screw of a tcp from joints ``q`` (n,), or None where they end."""
    T_start = model.fk(side, q)
    twist = se3.screw_between(T_start, T_world_goal)
    path = [np.asarray(q, dtype=float)]
    for share in np.linspace(0.0, 1.0, count)[1:]:
        result = solve_ik(model, side, se3.screw_pose(T_start, twist, float(share)), path[-1])
        if not result.success or np.abs(result.q - path[-1]).max() > MOST:
            return None
        path.append(result.q)
    return np.array(path)


def _count(T_start: Array, T_goal: Array) -> int:
    distance, angle = se3.pose_error(T_start, T_goal)
    return max(2, int(np.ceil(max(distance / STEP, angle / TURN))) + 1)
