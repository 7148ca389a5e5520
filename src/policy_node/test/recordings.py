"""Small episodes on disk, as the recorder and `./bimanual collect` write them, made without ROS."""

from dataclasses import dataclass

import numpy as np

from bimanual_data.bag_writer import BagWriter
from bimanual_data.cdr import encode
from bimanual_data.episode import EpisodeMeta
from bimanual_data.image_codec import DEPTH_FORMAT, encode_depth
from bimanual_data.typestore import default_typestore

T = default_typestore().types
NS = 10**9
FRAME = "head_camera_color_optical_frame"
DEPTH = "/head_camera/aligned_depth_to_color"
SIZE = (12, 16)
K = np.array([[20.0, 0, 7.5], [0, 20.0, 5.5], [0, 0, 1]])


@dataclass(frozen=True)
class Plan:
    """What a recording holds. Times are in seconds; from ``rest`` on all joint angles grow by 1 a second."""

    robot: object
    seconds: float = 2.0
    rest: float = 0.5
    camera_hz: int = 15
    camera_ends: float = 99.0
    fixed_camera: bool = True
    camera: bool = True
    success: bool = True
    robot_name: str = ""
    task: str = "reach"
    nan_at: float = 99.0
    old_scene: float = 0.0


def stamp(ns):
    return T["builtin_interfaces/msg/Time"](sec=ns // NS, nanosec=ns % NS)


def header(ns, frame=""):
    return T["std_msgs/msg/Header"](stamp=stamp(ns), frame_id=frame)


def position(plan, ns, lead=0.0):
    """Joint positions at ``ns``; the command leads by ``lead`` [rad]."""
    moved = max(0.0, ns / NS - plan.rest)
    values = np.full(plan.robot.joints.size, moved + (lead if moved else 0.0))
    if ns / NS >= plan.nan_at:
        values[0] = np.nan
    return values


def point(values):
    none = np.zeros(0)
    duration = T["builtin_interfaces/msg/Duration"](sec=0, nanosec=0)
    return T["trajectory_msgs/msg/JointTrajectoryPoint"](values, none, none, none, duration)


def multi():
    duration = T["builtin_interfaces/msg/Duration"](sec=0, nanosec=0)
    return T["trajectory_msgs/msg/MultiDOFJointTrajectoryPoint"]([], [], [], duration)


def transform(parent, child, xyz):
    vector = T["geometry_msgs/msg/Vector3"](*map(float, xyz))
    turn = T["geometry_msgs/msg/Quaternion"](1.0, 0.0, 0.0, 0.0)  # half a turn about x: looking down
    pose = T["geometry_msgs/msg/Transform"](vector, turn)
    return T["geometry_msgs/msg/TransformStamped"](header(0, parent), child, pose)


def depth_at(ns):
    """A picture that tells its own time: the first pixel is the number of milliseconds, 0 where there is none."""
    picture = np.full(SIZE, 900, np.uint16) + np.arange(SIZE[1], dtype=np.uint16)
    picture[0, 0] = round(ns / 1e6) % 60000
    return picture


class Recording:
    """Writes one episode into ``folder``."""

    def __init__(self, folder, plan):
        self.plan, self.bag = plan, BagWriter(folder)
        for ns in range(0, round(plan.seconds * NS) + 1, NS // 100):
            self.joints(ns)
            if ns == 0:
                self.frames()
            self.objects(ns)
        if plan.camera:
            for index in range(round(plan.seconds * plan.camera_hz) + 1):
                self.picture(index * NS // plan.camera_hz)
        self.bag.close()
        name = plan.robot_name or plan.robot.name
        meta = EpisodeMeta(task=plan.task, variant="own", robot=name, success=plan.success, complete=True)
        meta.save(folder)

    def write(self, topic, kind, ns, **fields):
        self.bag.write(topic, kind, ns, encode(kind, T[kind](**fields)))

    def joints(self, ns):
        names, groups = self.plan.robot.joints.names, self.plan.robot.joints.groups
        measured, commanded = position(self.plan, ns), position(self.plan, ns, 0.01)
        order = np.argsort(names)[::-1]  # any order: joints are matched by name
        self.write(
            "/joint_states",
            "sensor_msgs/msg/JointState",
            ns,
            header=header(ns),
            name=[names[i] for i in order],
            position=measured[order],
            velocity=measured * 0,
            effort=measured * 0,
        )
        kind = "control_msgs/msg/JointTrajectoryControllerState"
        for group, part in groups.items():
            points = {n: point(commanded[part] * 0) for n in ("feedback", "error", "output")}
            multis = {f"multi_dof_{n}": multi() for n in ("reference", "feedback", "error", "output")}
            self.write(
                f"/{group}_controller/controller_state",
                kind,
                ns,
                header=header(ns),
                joint_names=list(names[part]),
                reference=point(commanded[part]),
                multi_dof_joint_names=[],
                speed_scaling_factor=1.0,
                **points,
                **multis,
            )

    def frames(self):
        parent = "base_link" if self.plan.fixed_camera else "moving_link"
        found = [transform("world", "base_link", (0, 0, 1)), transform(parent, FRAME, (0.1, 0, 0))]
        self.write("/tf_static", "tf2_msgs/msg/TFMessage", 0, transforms=found)

    def objects(self, ns):
        if ns % (NS // 20):
            return
        scene_id = 1 if ns / NS < self.plan.old_scene else 2
        fields = {"header": header(ns, "world"), "scene_id": scene_id, "objects": [], "source": "truth"}
        fields["table_size"] = T["geometry_msgs/msg/Vector3"](1.2, 0.7, 0.05)
        fields["table_top"] = T["geometry_msgs/msg/Point"](0.0, 0.0, 0.74)
        kind = "bimanual_interfaces/msg/ObjectStates"
        self.write("/scene/objects", kind, ns, **fields)

    def picture(self, ns):
        if ns / NS >= self.plan.camera_ends:
            return
        roi = T["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
        self.write(
            f"{DEPTH}/camera_info",
            "sensor_msgs/msg/CameraInfo",
            ns,
            header=header(ns, FRAME),
            height=SIZE[0],
            width=SIZE[1],
            distortion_model="plumb_bob",
            d=np.zeros(5),
            k=K.ravel(),
            r=np.eye(3).ravel(),
            p=np.zeros(12),
            binning_x=0,
            binning_y=0,
            roi=roi,
        )
        data = np.frombuffer(encode_depth(depth_at(ns)), np.uint8)
        kind = "sensor_msgs/msg/CompressedImage"
        topic = f"{DEPTH}/image_raw/compressedDepth"
        self.write(topic, kind, ns, header=header(ns, FRAME), format=DEPTH_FORMAT, data=data)


def record(folder, plan):
    """Write the episode of ``plan``; gives its folder."""
    Recording(folder, plan)
    return folder
