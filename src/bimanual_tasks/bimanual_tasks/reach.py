"""Whether an arm can reach the first grasps of a scene at all: kinematics only, so that a scene is never dropped for
what a planner fails to find."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bimanual_assets.grasps import grasp_candidates
from bimanual_core.robot import RobotSpec
from bimanual_core.scene import SceneSpec
from bimanual_core.se3 import make_T
from bimanual_kinematics import RobotModel, ik_batch, ik_solutions
from bimanual_tasks.geometry import AssetLookup
from bimanual_tasks.language import arms
from bimanual_tasks.task import FirstGrasp, Task

Array = NDArray[np.float64]

#: How far before an object [m] its hand must get at least, to come straight at it: the shortest way in of any expert.
APPROACH = 0.03

_last: RobotModel | None = None


def out_of_reach(task: Task, scene: SceneSpec, robot: RobotSpec, assets: AssetLookup) -> str:
    """Names the first of the task's first grasps that its arm has no inverse kinematics for; empty if there is none.
    Slots of arms that the robot lacks are left to the planner."""
    sides = arms(task, scene)
    for grasp in task.first_grasps:
        side = sides[grasp.arm]
        if side in robot.sides and not _reaches(grasp, scene, robot, side, assets):
            return f"the {side} arm cannot reach {grasp.object}"
    return ""


def _reaches(grasp: FirstGrasp, scene: SceneSpec, robot: RobotSpec, side: str, assets: AssetLookup) -> bool:
    model, poses = _model_of(robot), list(_candidates(grasp, scene, robot, side, assets))
    if not poses:
        return False
    held = np.stack(poses)
    before = held @ make_T((0.0, 0.0, -APPROACH))
    ends, starts = ik_batch(model, side, held), ik_batch(model, side, before)
    if ends is not None and starts is not None:
        return bool((np.isfinite(ends[..., 0]).any(axis=1) & np.isfinite(starts[..., 0]).any(axis=1)).any())
    return any(ik_solutions(model, side, T) and ik_solutions(model, side, S) for T, S in zip(held, before, strict=True))


def _model_of(robot: RobotSpec) -> RobotModel:
    """The model of the robot that was asked for last: reading its description takes a third of a second."""
    global _last
    if _last is None or _last.robot is not robot:
        _last = RobotModel.of(robot)
    return _last


def _candidates(
    grasp: FirstGrasp, scene: SceneSpec, robot: RobotSpec, side: str, assets: AssetLookup
) -> Iterator[Array]:
    """Poses (4, 4) of the tcp in the world."""
    item = next(o for o in scene.objects if o.name == grasp.object)
    widest = robot.arm(side).gripper.max_opening
    asset = assets(item.class_name, item.asset_id, item.scale)
    for candidate in grasp_candidates(asset, group=grasp.group, R_world_object=item.T_world_object[:3, :3]):
        if candidate.width < widest:
            yield item.T_world_object @ candidate.T_object_tcp
