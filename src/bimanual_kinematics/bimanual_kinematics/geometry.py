"""Collision geometry: what the robot's links, the table and objects are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import coal
import numpy as np
import pinocchio as pin
from numpy.typing import NDArray

from bimanual_core.asset import Asset, Shape
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import from_rotation
from bimanual_kinematics.model import RobotModel

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Part:
    """One convex shape at a pose in its body."""

    shape: coal.CollisionGeometry
    T_body_part: Array


@dataclass(frozen=True, eq=False)
class Body:
    """A rigid body: parts at a pose in the joint (Pinocchio's index, 0 = world) that carries it."""

    joint: int
    parts: tuple[Part, ...]
    T_joint_body: Array


def robot_bodies(model: RobotModel) -> dict[str, Body]:
    """The links that have collision shapes, by name."""
    geometry = pin.buildGeomFromUrdfString(model.pin_model, model.urdf, pin.GeometryType.COLLISION)
    parts: dict[str, list[Part]] = {}
    joints: dict[str, int] = {}
    for item in geometry.geometryObjects:
        link = model.pin_model.frames[item.parentFrame].name
        parts.setdefault(link, []).append(Part(item.geometry, item.placement.homogeneous))
        joints[link] = item.parentJoint
    return {link: Body(joints[link], tuple(p), np.eye(4)) for link, p in parts.items()}


def table_body(table: TableSpec) -> Body:
    """The table's slab in the world."""
    x, y = table.centre_xy
    T = from_rotation(np.eye(3), (x, y, table.top_z - table.size[2] / 2))
    return Body(0, (Part(coal.Box(*table.size), np.eye(4)),), T)


def asset_parts(asset: Asset) -> tuple[Part, ...]:
    """The shapes of an asset in its object frame."""
    return tuple(Part(_geometry(shape), shape.T_object_shape) for shape in asset.shapes)


def _geometry(shape: Shape) -> coal.CollisionGeometry:
    if shape.kind == "mesh":
        return _polyhedron(shape)
    if shape.kind == "box":
        return coal.Box(*shape.size)
    if shape.kind == "cylinder":
        return coal.Cylinder(*shape.size)
    return coal.Sphere(*shape.size)


@lru_cache(maxsize=1024)
def _polyhedron(shape: Shape) -> coal.CollisionGeometry:
    """A closed convex mesh: its own faces say which points are neighbours, so that no hull is computed. Shapes never
    change, so what was made once is kept."""
    vertices, faces = shape.polyhedron
    points, triangles = coal.StdVec_Vec3s(), coal.StdVec_Triangle()
    points.extend(list(vertices))
    triangles.extend([coal.Triangle(*face) for face in faces.tolist()])
    return coal.Convex(points, triangles)
