"""Time, duration, poses and headers."""

from __future__ import annotations

import numpy as np
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point, Pose, Quaternion, Transform, TransformStamped, Vector3
from numpy.typing import NDArray
from std_msgs.msg import Header

from bimanual_core.errors import BimanualError
from bimanual_core.rates import NS_PER_S
from bimanual_core.se3 import make_T, xyz_quat

Array = NDArray[np.float64]


def time_msg(stamp_ns: int) -> Time:
    """A stamp of whole nanoseconds as a message."""
    sec, nanosec = divmod(int(stamp_ns), NS_PER_S)
    return Time(sec=sec, nanosec=nanosec)


def stamp_ns(time: Time | Duration) -> int:
    """Whole nanoseconds of a time or duration message."""
    return int(time.sec) * NS_PER_S + int(time.nanosec)


def duration_msg(duration_ns: int) -> Duration:
    """Whole nanoseconds as a duration message."""
    sec, nanosec = divmod(int(duration_ns), NS_PER_S)
    return Duration(sec=sec, nanosec=nanosec)


def header(at_ns: int, frame: str = "") -> Header:
    return Header(stamp=time_msg(at_ns), frame_id=frame)


def vector(xyz: object) -> Vector3:
    x, y, z = (float(v) for v in xyz)  # type: ignore[attr-defined]
    return Vector3(x=x, y=y, z=z)


def point(xyz: object) -> Point:
    x, y, z = (float(v) for v in xyz)  # type: ignore[attr-defined]
    return Point(x=x, y=y, z=z)


def vector_of(message: Vector3 | Point) -> tuple[float, float, float]:
    return (message.x, message.y, message.z)


def pose_msg(T: Array) -> Pose:
    """A transform (4, 4) as a pose, quaternion xyzw."""
    xyz, q = xyz_quat(T)
    point = Point(x=float(xyz[0]), y=float(xyz[1]), z=float(xyz[2]))
    return Pose(position=point, orientation=Quaternion(x=float(q[0]), y=float(q[1]), z=float(q[2]), w=float(q[3])))


def pose_of(message: Pose) -> Array:
    """The transform (4, 4) of a pose. Raises BimanualError if it is not finite or its quaternion is no rotation."""
    p, q = message.position, message.orientation
    xyz, quat_xyzw = (p.x, p.y, p.z), (q.x, q.y, q.z, q.w)
    if not np.all(np.isfinite([*xyz, *quat_xyzw])):
        raise BimanualError(f"pose is not finite: position {xyz}, quaternion xyzw {quat_xyzw}")
    norm = float(np.linalg.norm(quat_xyzw))
    if abs(norm - 1.0) > 1e-3:
        raise BimanualError(f"quaternion xyzw {quat_xyzw} has length {norm:.4f}, it must be 1 (within 0.001)")
    return make_T(xyz, quat_xyzw)


def transform_msg(at_ns: int, parent: str, child: str, T: Array) -> TransformStamped:
    """``T_parent_child`` as a stamped transform."""
    xyz, q = xyz_quat(T)
    rotation = Quaternion(x=float(q[0]), y=float(q[1]), z=float(q[2]), w=float(q[3]))
    return TransformStamped(
        header=header(at_ns, parent),
        child_frame_id=child,
        transform=Transform(translation=vector(xyz), rotation=rotation),
    )
