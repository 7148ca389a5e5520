"""Whether a camera would see the same again, so that a picture need not be drawn twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import sapien
from numpy.typing import NDArray

from bimanual_core.se3 import inverse

Array = NDArray[np.float64]

#: What is within this of where it was [m, and parts of a rotation matrix] is there still: a hundredth of the last digit
#: of depth, and of a pixel.
STILL = 1e-5


@dataclass(frozen=True, eq=False)
class _Taken:
    """How things were when a picture was taken: the camera's pose (4, 4), those of all bodies (N, 4, 4), and which of
    them (N,) may be in it."""

    T_world_camera: Array
    T_world_bodies: Array
    seen: NDArray[np.bool_]


class Sight:
    """The bodies of a scene as spheres, and what was where in each camera's newest picture.

    Call :meth:`look` at an instant, then :meth:`unchanged` and, for what is drawn anew, :meth:`taken` for its cameras.
    """

    def __init__(self, scene: sapien.Scene) -> None:
        bodies = [(entity, body) for entity in scene.entities for body in _render_bodies(entity)]
        self._entities = [entity for entity, _ in bodies]
        boxes = np.array([body.compute_global_aabb_tight() for _, body in bodies], dtype=np.float64).reshape(-1, 2, 3)
        self._radii = np.linalg.norm(boxes[:, 1] - boxes[:, 0], axis=1) / 2
        self._T_world_bodies = self._poses()
        centres = np.column_stack([boxes.mean(axis=1), np.ones(len(boxes))])
        to_body = [inverse(T) for T in self._T_world_bodies]
        self._centres_in_body = np.array([T @ centre for T, centre in zip(to_body, centres, strict=True)])
        self._newest: dict[str, _Taken] = {}

    def look(self) -> None:
        """Take in where everything is now."""
        self._T_world_bodies = self._poses()

    def unchanged(self, name: str, camera: sapien.render.RenderCameraComponent) -> bool:
        """Whether the newest picture of camera ``name`` shows what there is now: the camera is where it was, and
        nothing that has moved was in the picture or would be now."""
        newest = self._newest.get(name)
        T_world_camera = _pose_of(camera)
        if newest is None or np.abs(T_world_camera - newest.T_world_camera).max() > STILL:
            return False
        moved = np.abs(self._T_world_bodies - newest.T_world_bodies).max(axis=(1, 2)) > STILL
        if not moved.any():
            return True
        return not (moved & (newest.seen | self._seen(T_world_camera, camera))).any()

    def taken(self, name: str, camera: sapien.render.RenderCameraComponent) -> None:
        """The camera ``name`` takes a picture of this instant."""
        T_world_camera = _pose_of(camera)
        self._newest[name] = _Taken(T_world_camera, self._T_world_bodies, self._seen(T_world_camera, camera))

    def _poses(self) -> Array:
        poses = [entity.pose.to_transformation_matrix() for entity in self._entities]
        return np.array(poses, dtype=np.float64).reshape(-1, 4, 4)

    def _seen(self, T_world_camera: Array, camera: sapien.render.RenderCameraComponent) -> NDArray[np.bool_]:
        """Which spheres (N,) reach into the camera's pyramid; its x looks ahead, y to the left, z up."""
        centres = np.einsum("nij,nj->ni", self._T_world_bodies, self._centres_in_body)[:, :3]
        ahead, left, up = ((centres - T_world_camera[:3, 3]) @ T_world_camera[:3, :3]).T
        within = ahead > -self._radii
        for across, angle in ((left, camera.fovx / 2), (up, camera.fovy / 2)):
            within &= np.cos(angle) * np.abs(across) - np.sin(angle) * ahead < self._radii
        return within


def _render_bodies(entity: sapien.Entity) -> Iterable[sapien.render.RenderBodyComponent]:
    return (part for part in entity.components if isinstance(part, sapien.render.RenderBodyComponent))


def _pose_of(camera: sapien.render.RenderCameraComponent) -> Array:
    pose: Array = camera.get_global_pose().to_transformation_matrix().astype(np.float64)
    return pose
