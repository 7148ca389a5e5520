"""What the agent sees before it asks: arms, objects with their points, and pictures; all of one instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from bimanual_core.asset import Asset
from bimanual_core.observation import ObjectState
from bimanual_core.protocols import World
from bimanual_core.se3 import xyz_quat
from bimanual_tasks.assets import find_asset

Array = NDArray[np.float64]
#: Cameras that are shown, with what a model must know to read their pictures.
CAMERA_NOTES = {
    "head": "head camera, from above and behind the robot: the robot's left is on the left of the picture",
    "third_view": "third view, from the far side of the table towards the robot: left and right are mirrored, the "
    "robot's left arm is on the right of the picture",
}
JPEG_QUALITY = 90


@dataclass(frozen=True)
class Picture:
    """A JPEG of one camera, and what to say about it."""

    camera: str
    jpeg: bytes

    @property
    def note(self) -> str:
        return CAMERA_NOTES.get(self.camera, f"{self.camera} camera")


@dataclass(frozen=True, eq=False)
class View:
    """One look at the world; ``openings`` are fractions of the largest opening."""

    poses: dict[str, Array]
    openings: dict[str, float]
    objects: dict[str, ObjectState]
    pictures: tuple[Picture, ...]

    @property
    def sides(self) -> tuple[str, ...]:
        return tuple(self.poses)


def look(world: World, cameras: Sequence[str]) -> View:
    """Look at ``world``, through ``cameras`` too. Raises UnknownNameError for a camera the robot lacks."""
    observation = world.observe(cameras)
    robot = world.robot
    openings = {}
    for side in robot.sides:
        opening = float(observation.joints.position[robot.joints.group(f"{side}_gripper")][0])
        openings[side] = opening / robot.arm(side).gripper.max_opening
    pictures = tuple(Picture(name, jpeg(observation.cameras[name].rgb)) for name in cameras)
    return View(dict(observation.T_world_tcp), openings, dict(world.objects().objects), pictures)


def jpeg(rgb: NDArray[np.uint8]) -> bytes:
    """A picture (H, W, 3) as JPEG."""
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(rgb), quality=JPEG_QUALITY, colorspace="RGB"))


def pose_words(T: Array) -> str:
    """A transform in ``actions.POSE_FORMAT``."""
    xyz, quat_xyzw = xyz_quat(T)
    return "[" + ", ".join(f"{round(float(value), 4) + 0.0:.4f}" for value in (*xyz, *quat_xyzw)) + "]"


def _size_words(asset: Asset) -> str:
    """Kind and size of one plain shape, of anything else its extent along its own axes."""
    shape = asset.shapes[0]
    kind, size = shape.kind, shape.size
    if len(asset.shapes) > 1 or kind == "mesh":
        kind, size = "extent", tuple(asset.reach(axis) + asset.reach(-axis) for axis in np.eye(3))
    return f"{kind} " + " x ".join(f"{1000 * length:.0f}" for length in size) + " mm"


def object_words(state: ObjectState) -> list[str]:
    """An object in lines: name, what it is, size, pose, points to hold it by and to place it by."""
    asset = find_asset(state.class_name, state.asset_id, state.scale).at(state.joints)
    sizes = _size_words(asset)
    fixed = ", cannot be moved" if state.fixed else ""
    lines = [f"- {state.name}: {asset.description} ({sizes}{fixed}), pose {pose_words(state.T_world_object)}"]
    lines += [f"  joint {name} at {position:.3f} m" for name, position in state.joints.items()]
    contacts = "; ".join(
        f"{contact.id}: {contact.description or contact.group}" for contact in asset.annotation.contacts
    )
    lines.append(f"  contact points: {contacts or 'none, it cannot be grasped'}")
    points = [
        f"{number} ({asset.annotation.functional_names.get(number, 'point')}) at "
        + pose_words(state.T_world_object @ T_object_point)
        for number, T_object_point in asset.annotation.functional.items()
    ]
    lines.append(f"  functional points: {'; '.join(points) or 'none'}")
    return lines
