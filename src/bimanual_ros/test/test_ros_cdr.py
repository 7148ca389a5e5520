"""Patched templates are what rclpy serialises, but for padding bytes, which rclpy leaves unset."""

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from bimanual_core.intrinsics import pinhole
from bimanual_core.robot import CameraSpec
from bimanual_ros.cdr import CdrTemplate
from bimanual_ros.conversions.basics import time_msg
from bimanual_ros.conversions.joints import controller_state_msg, joint_state_msg
from bimanual_ros.images import CameraTemplates, camera_info_msg, depth_of, image_msg, rgb_of

rng = np.random.default_rng(3)


def same(encoded, message):
    return len(encoded) == len(serialize_message(message)) and deserialize_message(encoded, type(message)) == message


STAMPS = (0, 3_333_333, 7_000_000_001)


def test_joint_state():
    names = [f"left_joint{i}" for i in range(1, 8)]
    template = CdrTemplate(
        lambda at, **v: joint_state_msg(at, names, **v),
        {k: (7, np.float64) for k in ("position", "velocity", "effort")},
    )
    for stamp in STAMPS:
        values = {k: rng.normal(size=7) for k in ("position", "velocity", "effort")}
        assert same(template.encode(stamp, **values), joint_state_msg(stamp, names, **values))


def test_controller_state():
    names = ["a", "b", "c"]
    keys = ("reference", "reference_velocity", "feedback", "feedback_velocity", "error", "error_velocity")
    template = CdrTemplate(lambda at, **v: controller_state_msg(at, names, **v), {k: (3, np.float64) for k in keys})
    for stamp in STAMPS:
        values = {k: rng.normal(size=3) for k in keys}
        assert same(template.encode(stamp, **values), controller_state_msg(stamp, names, **values))


def test_clock():
    template = CdrTemplate(lambda at: Clock(clock=time_msg(at)))
    for stamp in STAMPS:
        assert same(template.encode(stamp), Clock(clock=time_msg(stamp)))


def test_camera():
    camera = CameraSpec("head", "base_link", (0, 0, 1), (0, 0, 0), width=32, height=24)
    templates = CameraTemplates(camera.optical_frame, pinhole(camera))
    rgb = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
    depth = rng.integers(0, 2**16, (24, 32), dtype=np.uint16)
    for stamp in STAMPS:
        assert same(templates.info(stamp), camera_info_msg(stamp, camera.optical_frame, pinhole(camera)))
        wanted = image_msg(stamp, camera.optical_frame, "rgb8", 24, 32, rgb.reshape(-1))
        assert same(templates.colour(stamp, rgb), wanted)
        wanted = image_msg(stamp, camera.optical_frame, "16UC1", 24, 32, depth.reshape(-1).view(np.uint8))
        assert same(templates.depth(stamp, depth), wanted)
    assert np.array_equal(rgb_of(deserialize_message(templates.colour(0, rgb), Image)), rgb)
    assert np.array_equal(depth_of(deserialize_message(templates.depth(0, depth), Image)), depth)


def test_a_message_without_a_stamp_is_refused():
    with pytest.raises(ValueError, match="no stamp"):
        CdrTemplate(lambda at: Clock())
