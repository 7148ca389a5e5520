"""Whether an arm can reach the first grasps of a scene at all: kinematics only, so that a scene is never dropped for
what a planner fails to find."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bimanual_core.robot import RobotSpec
from bimanual_core.scene import SceneSpec
from bimanual_core.se3 import from_rotation, rotation_about
from bimanual_kinematics import RobotModel, ik_batch, ik_solutions
from bimanual_tasks.geometry import AssetLookup
from bimanual_tasks.language import arms
from bimanual_tasks.task import FirstGrasp, Task

Array = NDArray[np.float64]

#: Tilts of the approach about the opening [deg], preferred first, and the two orders of the fingers.
TILTS_DEG = (0, 15, -15, 30, -30, 45, -45, 60, -60)
TURNS = (from_rotation(np.eye(3)), from_rotation(rotation_about((0, 0, 1), np.pi)))

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
    branches = ik_batch(model, side, np.stack(poses))
    if branches is not None:
        return bool(np.isfinite(branches[..., 0]).any())
    return any(ik_solutions(model, side, T) for T in poses)


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
    contacts = [
        c.T_object_contact
        for c in assets(item.class_name, item.asset_id, item.scale).annotation.contacts
        if c.width < widest and grasp.group in ("", c.group)
    ]
    for tilt in TILTS_DEG:
        T_contact_tcp = from_rotation(rotation_about((0, 1, 0), np.radians(tilt)))
        for T_object_contact in contacts:
            for turn in TURNS:
                yield item.T_world_object @ T_object_contact @ T_contact_tcp @ turn
