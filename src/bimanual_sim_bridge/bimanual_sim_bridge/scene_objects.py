"""The objects of a scene as SAPIEN bodies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import sapien
from numpy.typing import NDArray

from bimanual_assets import asset_of
from bimanual_core.asset import Asset, Shape, Slide
from bimanual_core.scene import SceneObject
from bimanual_core.se3 import from_rotation, rotation_about
from bimanual_core.solid import MassProperties, combined
from bimanual_sim_bridge.object_visuals import body_of
from bimanual_sim_bridge.poses import from_sapien, to_sapien

Array = NDArray[np.float64]
#: What air and soft surfaces take from things that swing or roll [1/s]: a mug on its hook comes to rest.
ANGULAR_DAMPING = 4.0
#: SAPIEN's cylinders lie along x, ours stand along z.
_T_shape_cylinder = from_rotation(rotation_about((0, 1, 0), np.pi / 2))


@dataclass(frozen=True, eq=False)
class BuiltObject:
    """An object in a scene: its ``bodies``, the one that carries the object's frame first, and the joint, if any, by
    which the second slides."""

    bodies: tuple[sapien.physx.PhysxRigidBaseComponent, ...]
    slide: Slide | None = None

    @property
    def T_world_object(self) -> Array:
        """Pose (4, 4) of the object's frame."""
        return from_sapien(self.bodies[0].entity.pose)

    @property
    def joints(self) -> dict[str, float]:
        """Position [m] of the joint by its name; empty for a rigid object."""
        if self.slide is None:
            return {}
        position = float(self.bodies[1].articulation.get_qpos()[0])
        return {self.slide.joint: position}

    @property
    def twist(self) -> Array:
        """Velocity (6,) in the world of the centre of mass of the fastest body: linear [m/s], angular [rad/s]; zero if
        nothing can move."""
        twists = [
            np.concatenate([body.get_linear_velocity(), body.get_angular_velocity()]).astype(np.float64)
            for body in self.bodies
            if not isinstance(body, sapien.physx.PhysxRigidStaticComponent)
        ]
        return max(twists, key=lambda twist: float(np.abs(twist).max()), default=np.zeros(6))


def build_object(scene: sapien.Scene, item: SceneObject, render: bool) -> BuiltObject:
    """A scene object at its pose. Raises UnknownNameError for an asset the catalogue lacks."""
    asset = asset_of(item)
    if asset.slide is not None:
        return _build_sliding(scene, item, asset, asset.slide, render)
    static, dynamic = sapien.physx.PhysxRigidStaticComponent, sapien.physx.PhysxRigidDynamicComponent
    body = static() if item.fixed else dynamic()
    entity = _entity(body, item, asset, range(len(asset.shapes)), range(len(asset.visuals)), render)
    # PhysX weighs plain shapes as the asset does; hulls it rounds off, and it takes one density for all parts.
    if not item.fixed and any(shape.kind == "mesh" or shape.density is not None for shape in asset.shapes):
        _set_mass(body, asset.mass_properties, item.mass_scale)
        body.set_angular_damping(ANGULAR_DAMPING)
    entity.pose = to_sapien(item.T_world_object)
    scene.add_entity(entity)
    return BuiltObject((body,))


def _build_sliding(scene: sapien.Scene, item: SceneObject, asset: Asset, slide: Slide, render: bool) -> BuiltObject:
    """An articulation of two links: what stands, and what slides in it."""
    link_type = sapien.physx.PhysxArticulationLinkComponent
    base = link_type(None)
    part = link_type(base)
    base.joint.type = "fixed" if item.fixed else "undefined"
    part.joint.name, part.joint.type = f"{item.name}/{slide.joint}", "prismatic"
    along = to_sapien(from_rotation(_x_along(slide.axis)))
    part.joint.pose_in_parent = part.joint.pose_in_child = along
    part.joint.limit = np.array(slide.limits)
    part.joint.set_drive_property(0.0, slide.damping)
    entities = []
    for link, moving in ((base, False), (part, True)):
        shapes = [i for i in range(len(asset.shapes)) if (i in slide.shapes) == moving]
        visuals = [i for i in range(len(asset.visuals)) if (i in slide.visuals) == moving]
        entity = _entity(link, item, asset, shapes, visuals, render)
        _set_mass(link, combined([asset.shapes[i].mass_properties(asset.density) for i in shapes]), item.mass_scale)
        entities.append(entity)
    entities[0].pose = to_sapien(item.T_world_object)
    for entity in entities:
        scene.add_entity(entity)
    return BuiltObject((base, part), slide)


def _entity(
    body: sapien.physx.PhysxRigidBaseComponent,
    item: SceneObject,
    asset: Asset,
    shapes: Iterable[int],
    visuals: Iterable[int],
    render: bool,
) -> sapien.Entity:
    """An entity of a body with some of the asset's shapes, and what is seen of it."""
    entity = sapien.Entity()
    parts = [asset.shapes[i] for i in shapes]
    if render:
        entity.add_component(body_of([asset.visuals[i] for i in visuals], parts, asset.rgb, item.rgb))
    _add_collisions(body, asset, parts, item)
    entity.add_component(body)
    entity.name = item.name
    return entity


def _add_collisions(
    body: sapien.physx.PhysxRigidBaseComponent, asset: Asset, shapes: Iterable[Shape], item: SceneObject
) -> None:
    friction = asset.friction * item.friction_scale
    material = sapien.physx.PhysxMaterial(friction, friction, asset.restitution)
    for shape in shapes:
        collision = _collision(shape, material)
        collision.local_pose = _pose_of(shape)
        collision.set_collision_groups([1, 1, 0, 0])
        collision.set_density((asset.density if shape.density is None else shape.density) * item.mass_scale)
        body.attach(collision)


def _set_mass(body: sapien.physx.PhysxRigidBodyComponent, properties: MassProperties, mass_scale: float) -> None:
    moments, axes = properties.principal()
    body.mass = properties.mass * mass_scale
    body.cmass_local_pose = to_sapien(from_rotation(axes, properties.centre))
    body.inertia = moments * mass_scale


def _collision(shape: Shape, material: sapien.physx.PhysxMaterial) -> sapien.physx.PhysxCollisionShape:
    if shape.kind == "mesh":
        scale = np.ones(3, dtype=np.float32)
        return sapien.physx.PhysxCollisionShapeConvexMesh(shape.polyhedron[0].astype(np.float32), scale, material)
    if shape.kind == "box":
        return sapien.physx.PhysxCollisionShapeBox(half_size=[s / 2 for s in shape.size], material=material)
    if shape.kind == "cylinder":
        radius, length = shape.size
        return sapien.physx.PhysxCollisionShapeCylinder(radius=radius, half_length=length / 2, material=material)
    return sapien.physx.PhysxCollisionShapeSphere(radius=shape.size[0], material=material)


def _pose_of(shape: Shape) -> sapien.Pose:
    T = shape.T_object_shape @ _T_shape_cylinder if shape.kind == "cylinder" else shape.T_object_shape
    return to_sapien(T)


def _x_along(axis: Array) -> Array:
    """A rotation (3, 3) whose x is ``axis``: prismatic joints slide along their x."""
    other = np.array([0.0, 0.0, 1.0]) if abs(axis[2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    y = np.cross(other, axis)
    y /= np.linalg.norm(y)
    return np.column_stack([axis, y, np.cross(axis, y)])
