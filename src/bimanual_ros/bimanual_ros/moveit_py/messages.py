"""Objects, attached objects and path constraints as MoveIt's messages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import Point
from moveit_msgs.msg import AttachedCollisionObject, CollisionObject, Constraints, PositionConstraint
from numpy.typing import NDArray
from shape_msgs.msg import Mesh, MeshTriangle, SolidPrimitive

from bimanual_core.asset import Shape
from bimanual_core.se3 import from_rotation
from bimanual_ros.conversions.basics import header, pose_msg

Array = NDArray[np.float64]


def added(name: str, shapes: Sequence[Shape], frame: str, T_frame_object: Array) -> CollisionObject:
    """An object of convex shapes at a pose in ``frame``; it replaces one of that name."""
    message = _object(name, CollisionObject.ADD)
    message.header, message.pose = header(0, frame), pose_msg(T_frame_object)
    solids, meshes = [s for s in shapes if s.kind != "mesh"], [s for s in shapes if s.kind == "mesh"]
    message.primitives = [_primitive(shape) for shape in solids]
    message.primitive_poses = [pose_msg(shape.T_object_shape) for shape in solids]
    message.meshes = [_mesh(shape) for shape in meshes]
    message.mesh_poses = [pose_msg(shape.T_object_shape) for shape in meshes]
    return message


def moved(name: str, frame: str, T_frame_object: Array) -> CollisionObject:
    """Another pose of an object that is there."""
    message = _object(name, CollisionObject.MOVE)
    message.header, message.pose = header(0, frame), pose_msg(T_frame_object)
    return message


def removed(name: str) -> CollisionObject:
    """Take an object out; without a name all of them."""
    return _object(name, CollisionObject.REMOVE)


def attached(
    name: str, shapes: Sequence[Shape], link: str, T_link_object: Array, touch_links: Sequence[str]
) -> AttachedCollisionObject:
    """Let ``link`` carry an object that ``touch_links`` may touch.

    The geometry is told again: MoveIt would take the pose of what stands in its world, not the one in the hand.
    """
    message = AttachedCollisionObject(link_name=link, touch_links=list(touch_links))
    message.object = added(name, shapes, link, T_link_object)
    return message


def detached(name: str) -> AttachedCollisionObject:
    """Leave a carried object where it is; without a name all of them."""
    message = AttachedCollisionObject()
    message.object = removed(name)
    return message


def through(link: str, frame: str, point: Array) -> Constraints:
    """What Pilz reads as the point (3,) [m] in ``frame`` that an arc leads ``link`` through.

    The region has a pose and no volume, so that nothing else takes it for a constraint of the path.
    """
    constraint = PositionConstraint(header=header(0, frame), link_name=link, weight=1.0)
    constraint.constraint_region.primitive_poses = [pose_msg(from_rotation(np.eye(3), point))]
    return Constraints(name="interim", position_constraints=[constraint])


def no_constraints() -> Constraints:
    """A path that may be any."""
    return Constraints()


def _object(name: str, operation: bytes) -> CollisionObject:
    message = CollisionObject()
    message.id, message.operation = name, operation
    return message


def _primitive(shape: Shape) -> SolidPrimitive:
    message = SolidPrimitive()
    if shape.kind == "box":
        message.type, message.dimensions = SolidPrimitive.BOX, [float(s) for s in shape.size]
    elif shape.kind == "cylinder":
        radius, length = shape.size  # in our order; MoveIt's is height, radius
        message.type, message.dimensions = SolidPrimitive.CYLINDER, [float(length), float(radius)]
    else:
        message.type, message.dimensions = SolidPrimitive.SPHERE, [float(shape.size[0])]
    return message


def _mesh(shape: Shape) -> Mesh:
    """A convex polyhedron, its points in the shape's frame."""
    vertices, faces = shape.polyhedron
    message = Mesh()
    message.vertices = [Point(x=x, y=y, z=z) for x, y, z in vertices.tolist()]
    message.triangles = [MeshTriangle(vertex_indices=face) for face in faces.astype(np.uint32)]
    return message
