"""What a world shows, as serialised messages without ROS: byte for byte what the nodes of the graph publish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bimanual_core.intrinsics import Intrinsics
from bimanual_core.message_template import MessageTemplate
from bimanual_core.observation import JointSample, ObjectSnapshot, ObjectState, Setpoint
from bimanual_core.rates import NS_PER_S
from bimanual_core.robot import RobotSpec
from bimanual_core.se3 import xyz_quat
from bimanual_data.cdr import encode
from bimanual_data.typestore import default_typestore

Array = NDArray[np.float64]

CLOCK = "rosgraph_msgs/msg/Clock"
STRING = "std_msgs/msg/String"
JOINT_STATE = "sensor_msgs/msg/JointState"
CONTROLLER_STATE = "control_msgs/msg/JointTrajectoryControllerState"
TF = "tf2_msgs/msg/TFMessage"
OBJECTS = "bimanual_interfaces/msg/ObjectStates"
TASK_STATUS = "bimanual_interfaces/msg/TaskStatus"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
WORLD = "world"

_STATE = ("reference", "reference_velocity", "feedback", "feedback_velocity", "error", "error_velocity")


def make(type_name: str, **fields: Any) -> Any:
    """A message with some fields set, the others zero or empty."""
    store = default_typestore()
    kind = store.types[type_name]
    _, definition = store.fielddefs[type_name]
    values = {name: fields.get(name, _ZERO) for name, _ in definition}
    for name, detail in definition:
        if values[name] is _ZERO:
            values[name] = _zero(detail)
    return kind(**values)


def header(stamp_ns: int, frame: str = "") -> Any:
    """A header message."""
    return make("std_msgs/msg/Header", stamp=_time(stamp_ns), frame_id=frame)


class RobotMessages:
    """joint_states and the controllers' states of one robot."""

    def __init__(self, robot: RobotSpec) -> None:
        self._layout = robot.joints
        sizes = {name: (robot.joints.size, np.float64) for name in ("position", "velocity", "effort")}
        self._joints = MessageTemplate(lambda at, **v: _joint_state(at, robot.joints.names, v), sizes)
        self._states = {
            part: _state_template(joints)
            for arm in robot.arms
            for part, joints in ((f"{arm.side}_arm", arm.joints), (f"{arm.side}_gripper", (arm.gripper.joint,)))
        }

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the controllers, without ``_controller``."""
        return tuple(self._states)

    def joints(self, sample: JointSample) -> bytes:
        """JointState of a sample."""
        return self._joints.encode(
            sample.stamp_ns, position=sample.position, velocity=sample.velocity, effort=sample.effort
        )

    def state(self, part: str, sample: JointSample, commanded: Setpoint) -> bytes:
        """JointTrajectoryControllerState of one controller."""
        here = self._layout.group(part)
        reference, rate = commanded.position[here], commanded.velocity[here]
        feedback, speed = sample.position[here], sample.velocity[here]
        return self._states[part].encode(
            sample.stamp_ns,
            reference=reference,
            reference_velocity=rate,
            feedback=feedback,
            feedback_velocity=speed,
            error=reference - feedback,
            error_velocity=rate - speed,
        )


def clock_template() -> MessageTemplate:
    """/clock of any stamp."""
    return MessageTemplate(lambda at: encode(CLOCK, make(CLOCK, clock=_time(at))))


def transforms_template(frames: Sequence[tuple[str, str]]) -> MessageTemplate:
    """TFMessage of ``(parent, child)`` frames; values: by child, translation [m] and quaternion xyzw (7,)."""
    return MessageTemplate(
        lambda at, **poses: transforms(at, [(parent, child, poses[child]) for parent, child in frames]),
        {child: (7, np.float64) for _, child in frames},
    )


def transforms(stamp_ns: int, frames: Sequence[tuple[str, str, Array]]) -> bytes:
    """TFMessage of ``(parent, child, translation [m] and quaternion xyzw (7,))``."""
    found = [
        make(
            "geometry_msgs/msg/TransformStamped",
            header=header(stamp_ns, parent),
            child_frame_id=child,
            transform=make(
                "geometry_msgs/msg/Transform", translation=_vector(pose[:3]), rotation=_quaternion(pose[3:])
            ),
        )
        for parent, child, pose in frames
    ]
    return encode(TF, make(TF, transforms=found))


def text(data: str) -> bytes:
    """A String message."""
    return encode(STRING, make(STRING, data=data))


def objects(snapshot: ObjectSnapshot, source: str = "truth") -> bytes:
    """ObjectStates of a snapshot, objects in their own order, contacts sorted."""
    table = snapshot.table
    message = make(
        OBJECTS,
        header=header(snapshot.stamp_ns, WORLD),
        scene_id=snapshot.scene_id,
        source=source,
        objects=[_object(name, state) for name, state in snapshot.objects.items()],
        table_size=_vector(table.size),
        table_top=_vector((*table.centre_xy, table.top_z), "geometry_msgs/msg/Point"),
    )
    return encode(OBJECTS, message)


def task_status(stamp_ns: int, **fields: Any) -> bytes:
    """TaskStatus with the fields of that message."""
    return encode(TASK_STATUS, make(TASK_STATUS, header=header(stamp_ns), **fields))


def camera_info_template(frame: str, intrinsics: Intrinsics) -> MessageTemplate:
    """CameraInfo of pictures that are not rectified: R is the identity and P repeats K."""
    K = intrinsics.K
    fields = {
        "height": intrinsics.height,
        "width": intrinsics.width,
        "distortion_model": intrinsics.model,
        "d": np.asarray(intrinsics.D, np.float64),
        "k": K.ravel(),
        "r": np.eye(3).ravel(),
        "p": np.hstack([K, np.zeros((3, 1))]).ravel(),
    }
    return MessageTemplate(lambda at: encode(CAMERA_INFO, make(CAMERA_INFO, header=header(at, frame), **fields)))


# -- parts ------------------------------------------------------------------------------------------------------------
_ZERO = object()
_NUMPY = {"bool": np.bool_, "byte": np.uint8, "char": np.uint8}


def _zero(field: tuple[Any, Any]) -> Any:
    """The empty value of a field, by rosbags' description of it."""
    kind, detail = field
    if kind.name == "NAME":
        return make(detail)
    if kind.name == "BASE":
        return {"string": "", "bool": False}.get(detail[0], 0.0 if detail[0].startswith("float") else 0)
    (inner_kind, inner), count = detail
    if inner_kind.name == "BASE" and inner[0] != "string":
        return np.zeros(count if kind.name == "ARRAY" else 0, _NUMPY.get(inner[0], inner[0]))
    return [_zero((inner_kind, inner)) for _ in range(count if kind.name == "ARRAY" else 0)]


def _time(stamp_ns: int) -> Any:
    sec, nanosec = divmod(int(stamp_ns), NS_PER_S)
    return default_typestore().types["builtin_interfaces/msg/Time"](sec=sec, nanosec=nanosec)


def _vector(xyz: Any, kind: str = "geometry_msgs/msg/Vector3") -> Any:
    x, y, z = (float(v) for v in xyz)
    return default_typestore().types[kind](x=x, y=y, z=z)


def _quaternion(quat_xyzw: Any) -> Any:
    x, y, z, w = (float(v) for v in quat_xyzw)
    return default_typestore().types["geometry_msgs/msg/Quaternion"](x=x, y=y, z=z, w=w)


def _object(name: str, state: ObjectState) -> Any:
    xyz, quat_xyzw = xyz_quat(state.T_world_object)
    pose = make(
        "geometry_msgs/msg/Pose",
        position=_vector(xyz, "geometry_msgs/msg/Point"),
        orientation=_quaternion(quat_xyzw),
    )
    return make(
        "bimanual_interfaces/msg/ObjectState",
        name=name,
        class_name=state.class_name,
        asset_id=state.asset_id,
        scale=_vector(state.scale),
        fixed=state.fixed,
        pose=pose,
        joint_names=list(state.joints),
        joint_positions=np.array(list(state.joints.values()), dtype=np.float64),
        contacts=sorted(state.contacts),
    )


def _joint_state(stamp_ns: int, names: Sequence[str], values: Mapping[str, Array]) -> bytes:
    return encode(JOINT_STATE, make(JOINT_STATE, header=header(stamp_ns), name=list(names), **values))


def _state_template(joints: Sequence[str]) -> MessageTemplate:
    def serialise(stamp_ns: int, **v: Array) -> bytes:
        points = {
            name: make("trajectory_msgs/msg/JointTrajectoryPoint", positions=v[name], velocities=v[f"{name}_velocity"])
            for name in ("reference", "feedback", "error")
        }
        message = make(
            CONTROLLER_STATE,
            header=header(stamp_ns),
            joint_names=list(joints),
            **points,
            output=points["reference"],
            speed_scaling_factor=1.0,
        )
        return encode(CONTROLLER_STATE, message)

    return MessageTemplate(serialise, {name: (len(joints), np.float64) for name in _STATE})
