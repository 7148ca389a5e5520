"""Messages for tests of the recording, made without ROS."""

import numpy as np

from bimanual_data.cdr import encode
from bimanual_data.typestore import default_typestore

T = default_typestore().types
STEP_NS = 33_333_333


def header(stamp_ns, frame="world"):
    stamp = T["builtin_interfaces/msg/Time"](sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
    return T["std_msgs/msg/Header"](stamp=stamp, frame_id=frame)


def joint_state(stamp_ns, names=("left_joint1", "left_gripper"), position=(0.1, 0.05)):
    values = np.array(position, float)
    message = T["sensor_msgs/msg/JointState"](
        header=header(stamp_ns), name=list(names), position=values, velocity=values * 0, effort=values * 0
    )
    return encode("sensor_msgs/msg/JointState", message)


def image(stamp_ns, array, encoding, padding=0):
    height, width = array.shape[:2]
    row = array.reshape(height, -1).view(np.uint8)
    lines = np.concatenate([row, np.zeros((height, padding), np.uint8)], axis=1)
    message = T["sensor_msgs/msg/Image"](
        header=header(stamp_ns, "head_camera_color_optical_frame"),
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=lines.shape[1],
        data=lines.ravel(),
    )
    return encode("sensor_msgs/msg/Image", message)


def task_status(stamp_ns, success):
    message = T["bimanual_interfaces/msg/TaskStatus"](
        header=header(stamp_ns),
        scene_id=1,
        task="handover_block",
        variant="robotwin2",
        seed=3,
        randomisation="easy",
        instruction="",
        success=success,
        reason="",
        seconds=1.0,
    )
    return encode("bimanual_interfaces/msg/TaskStatus", message)


def picture(i, height=48, width=256):
    y, x = np.mgrid[:height, :width]
    return np.stack([(x + 3 * i) % 256, y, x], axis=-1).astype(np.uint8)


def feed(recorder, frames=30, cameras=("head", "third_view")):
    """A second of joint states, colour and depth, and a status that turns to success."""
    for i in range(frames):
        stamp = 10**9 + i * STEP_NS
        recorder.on_message(
            "/joint_states", "sensor_msgs/msg/JointState", stamp, joint_state(stamp, position=(i, 0.05))
        )
        for camera in cameras:
            colour = image(stamp, picture(i), "rgb8")
            recorder.on_message(f"/{camera}_camera/color/image_raw", "sensor_msgs/msg/Image", stamp, colour)
        depth = image(stamp, np.full((48, 64), 700 + i, np.uint16), "16UC1")
        topic = "/head_camera/aligned_depth_to_color/image_raw"
        recorder.on_message(topic, "sensor_msgs/msg/Image", stamp, depth)
    last = 10**9 + (frames - 1) * STEP_NS
    recorder.on_message("/task/status", "bimanual_interfaces/msg/TaskStatus", last, task_status(last, True))
