"""What planner/plan is asked and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from bimanual_interfaces.srv import PlanMotion
from geometry_msgs.msg import Pose
from numpy.typing import NDArray
from sensor_msgs.msg import JointState

from bimanual_core.errors import BimanualError
from bimanual_core.motion import JointTrajectory
from bimanual_ros.conversions.basics import pose_of
from bimanual_ros.conversions.joints import trajectory_msg

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AskedPlan:
    """A request in plain values: poses (4, 4) and their frames by side, joints [rad] by joint name, poses of objects
    (4, 4) by name; ``budget`` [s] is 0 and texts are empty where nothing was said."""

    poses: Mapping[str, Array]
    frames: Mapping[str, str]
    joints: Mapping[str, float]
    objects: Mapping[str, Array]
    sync: str
    method: str
    budget: float
    make_room: bool


def asked_plan(request: PlanMotion.Request) -> AskedPlan:
    """Raises BimanualError for lists whose lengths differ, names given twice and numbers that are not finite."""
    sides, frames = list(request.sides), list(request.frames)
    if frames and len(frames) != len(sides):
        raise BimanualError(f"{len(frames)} frames and {len(sides)} sides; give one a side, or none")
    return AskedPlan(
        poses=_poses("sides", "targets", "an arm", sides, request.targets),
        frames=dict(zip(sides, frames, strict=True)) if frames else {},
        joints=_joints(request.joints),
        objects=_poses("objects", "object_targets", "an object", list(request.objects), request.object_targets),
        sync=request.sync,
        method=request.method,
        budget=float(request.budget),
        make_room=bool(request.make_room),
    )


def fill_plan(
    response: PlanMotion.Response,
    trajectories: Mapping[str, JointTrajectory],
    method: str,
    sequence: Sequence[str],
    notes: Sequence[str],
) -> None:
    """Answer with trajectories by side, in their order."""
    response.trajectories = [trajectory_msg(trajectory) for trajectory in trajectories.values()]
    response.method, response.sequence, response.notes = method, list(sequence), list(notes)
    response.success = True


def _poses(names_field: str, poses_field: str, what: str, names: list[str], poses: Sequence[Pose]) -> dict[str, Array]:
    """Poses by name. The other arguments are for the words of a refusal."""
    if len(names) != len(poses):
        raise BimanualError(f"{len(names)} {names_field} and {len(poses)} {poses_field}; give one for each")
    _require_once(names_field, what, names)
    found = {}
    for name, pose in zip(names, poses, strict=True):
        try:
            found[name] = pose_of(pose)
        except BimanualError as error:
            raise BimanualError(f"{name}: {error}") from None
    return found


def _joints(message: JointState) -> dict[str, float]:
    names = list(message.name)
    if len(message.velocity) or len(message.effort):
        raise BimanualError("joints: give names and positions only; a plan ends at rest")
    if len(names) != len(message.position):
        raise BimanualError(f"joints: {len(message.position)} positions for {len(names)} names")
    _require_once("joints", "a joint", names)
    joints = dict(zip(names, message.position, strict=True))
    for name, value in joints.items():
        if not np.isfinite(value):
            raise BimanualError(f"joints: position {value} of {name!r} is not finite")
    return joints


def _require_once(field: str, what: str, names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise BimanualError(f"{field} {', '.join(names)}: {what} is given twice")
