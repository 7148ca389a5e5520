"""The objects of a scene as SAPIEN bodies."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import sapien
from numpy.typing import NDArray

from bimanual_assets import asset_of
from bimanual_core.asset import Asset, Shape
from bimanual_core.scene import SceneObject
from bimanual_core.se3 import from_rotation, rotation_about
from bimanual_core.solid import MassProperties
from bimanual_sim_bridge.object_visuals import visual_body
from bimanual_sim_bridge.poses import to_sapien

#: SAPIEN's cylinders lie along x, ours stand along z.
_T_shape_cylinder = from_rotation(rotation_about((0, 1, 0), np.pi / 2))


def build_object(scene: sapien.Scene, item: SceneObject, render: bool) -> sapien.Entity:
    """The body of a scene object at its pose. Raises UnknownNameError for an asset the catalogue lacks."""
    asset = asset_of(item)
    entity = sapien.Entity()
    if render:
        entity.add_component(visual_body(asset, item.rgb))
    static, dynamic = sapien.physx.PhysxRigidStaticComponent, sapien.physx.PhysxRigidDynamicComponent
    body = static() if item.fixed else dynamic()
    add_collisions(body, asset, asset.shapes, item)
    if not item.fixed and any(shape.kind == "mesh" or shape.density is not None for shape in asset.shapes):
        set_mass(body, asset.mass_properties, item.mass_scale)
    entity.add_component(body)
    entity.name = item.name
    entity.pose = to_sapien(item.T_world_object)
    scene.add_entity(entity)
    return entity


def twist_of(body: sapien.Entity) -> NDArray[np.float64]:
    """Velocity (6,) of a body's centre of mass in the world: linear [m/s], angular [rad/s]; zero if it is fixed."""
    dynamic = body.find_component_by_type(sapien.physx.PhysxRigidDynamicComponent)
    if dynamic is None:
        return np.zeros(6)
    return np.concatenate([dynamic.get_linear_velocity(), dynamic.get_angular_velocity()]).astype(np.float64)


def add_collisions(
    body: sapien.physx.PhysxRigidBaseComponent, asset: Asset, shapes: Iterable[Shape], item: SceneObject
) -> None:
    """Attach convex ``shapes`` of an asset with the friction and density of the scene's object."""
    friction = asset.friction * item.friction_scale
    material = sapien.physx.PhysxMaterial(friction, friction, asset.restitution)
    for shape in shapes:
        collision = _collision(shape, material)
        collision.local_pose = _pose_of(shape)
        collision.set_collision_groups([1, 1, 0, 0])
        collision.set_density((asset.density if shape.density is None else shape.density) * item.mass_scale)
        body.attach(collision)


def set_mass(body: sapien.physx.PhysxRigidBodyComponent, properties: MassProperties, mass_scale: float) -> None:
    """Mass, centre and inertia as the asset has them: PhysX rounds hulls off, and takes one density for all parts."""
    moments, axes = properties.principal()
    body.mass = properties.mass * mass_scale
    body.cmass_local_pose = to_sapien(from_rotation(axes, properties.centre))
    body.inertia = moments * mass_scale


def _collision(shape: Shape, material: sapien.physx.PhysxMaterial) -> sapien.physx.PhysxCollisionShape:
    if shape.vertices is not None:
        scale = np.ones(3, dtype=np.float32)
        return sapien.physx.PhysxCollisionShapeConvexMesh(shape.vertices.astype(np.float32), scale, material)
    if shape.kind == "box":
        return sapien.physx.PhysxCollisionShapeBox(half_size=[s / 2 for s in shape.size], material=material)
    if shape.kind == "cylinder":
        radius, length = shape.size
        return sapien.physx.PhysxCollisionShapeCylinder(radius=radius, half_length=length / 2, material=material)
    return sapien.physx.PhysxCollisionShapeSphere(radius=shape.size[0], material=material)


def _pose_of(shape: Shape) -> sapien.Pose:
    T = shape.T_object_shape @ _T_shape_cylinder if shape.kind == "cylinder" else shape.T_object_shape
    return to_sapien(T)
