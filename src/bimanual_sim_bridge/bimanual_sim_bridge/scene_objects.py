"""The objects of a scene as SAPIEN bodies."""

from __future__ import annotations

import numpy as np
import sapien
from numpy.typing import NDArray

from bimanual_assets import asset_of
from bimanual_core.asset import Shape
from bimanual_core.scene import SceneObject
from bimanual_core.se3 import from_rotation, rotation_about
from bimanual_sim_bridge.poses import to_sapien
from bimanual_sim_bridge.surroundings import surface_material

#: SAPIEN's cylinders lie along x, ours stand along z.
_T_shape_cylinder = from_rotation(rotation_about((0, 1, 0), np.pi / 2))


def build_object(scene: sapien.Scene, item: SceneObject, render: bool) -> sapien.Entity:
    """The body of a scene object at its pose. Raises UnknownNameError for an asset the catalogue lacks."""
    asset = asset_of(item)
    builder = scene.create_actor_builder()
    friction = asset.friction * item.friction_scale
    material = sapien.physx.PhysxMaterial(friction, friction, asset.restitution)
    for shape in asset.shapes:
        _add_collision(builder, shape, material, asset.density * item.mass_scale)
        if render:
            _add_visual(builder, shape, item.rgb or shape.rgb or asset.rgb)
    builder.set_initial_pose(to_sapien(item.T_world_object))
    return builder.build_static(name=item.name) if item.fixed else builder.build(name=item.name)


def twist_of(body: sapien.Entity) -> NDArray[np.float64]:
    """Velocity (6,) of a body's centre of mass in the world: linear [m/s], angular [rad/s]; zero if it is fixed."""
    dynamic = body.find_component_by_type(sapien.physx.PhysxRigidDynamicComponent)
    if dynamic is None:
        return np.zeros(6)
    return np.concatenate([dynamic.get_linear_velocity(), dynamic.get_angular_velocity()]).astype(np.float64)


def _add_collision(
    builder: sapien.ActorBuilder, shape: Shape, material: sapien.physx.PhysxMaterial, density: float
) -> None:
    pose = _pose_of(shape)
    if shape.kind == "box":
        half = [s / 2 for s in shape.size]
        builder.add_box_collision(pose=pose, half_size=half, material=material, density=density)
    elif shape.kind == "cylinder":
        radius, length = shape.size
        builder.add_cylinder_collision(
            pose=pose, radius=radius, half_length=length / 2, material=material, density=density
        )
    else:
        builder.add_sphere_collision(pose=pose, radius=shape.size[0], material=material, density=density)


def _add_visual(builder: sapien.ActorBuilder, shape: Shape, rgb: tuple[float, float, float]) -> None:
    pose, material = _pose_of(shape), surface_material(rgb)
    if shape.kind == "box":
        builder.add_box_visual(pose=pose, half_size=[s / 2 for s in shape.size], material=material)
    elif shape.kind == "cylinder":
        radius, length = shape.size
        builder.add_cylinder_visual(pose=pose, radius=radius, half_length=length / 2, material=material)
    else:
        builder.add_sphere_visual(pose=pose, radius=shape.size[0], material=material)


def _pose_of(shape: Shape) -> sapien.Pose:
    T = shape.T_object_shape @ _T_shape_cylinder if shape.kind == "cylinder" else shape.T_object_shape
    return to_sapien(T)
