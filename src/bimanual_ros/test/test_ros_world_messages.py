"""What is recorded in process has the bytes that the nodes of the graph publish."""

import numpy as np
import pytest
from bimanual_interfaces.msg import TaskStatus
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock

from bimanual_control.bank import ControllerBank
from bimanual_core.intrinsics import pinhole
from bimanual_core.observation import JointSample, ObjectSnapshot, ObjectState, Setpoint
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import from_rotation, rotation_about
from bimanual_data import world_messages
from bimanual_data.cdr import decode, encode
from bimanual_data.image_messages import colour_message, compress, depth_message
from bimanual_description import load
from bimanual_ros.conversions.basics import header, transform_msg
from bimanual_ros.conversions.scene import object_states_msg
from bimanual_ros.images import CameraTemplates
from bimanual_ros.world_publisher import WorldPublisher
from tf2_msgs.msg import TFMessage

ROBOT = load("cobot_magic")
AT = 12_345_678_901


def tidy(type_name, data):
    """The bytes of a message with zeros where rclpy leaves between the fields what its memory held."""
    return encode(type_name, decode(type_name, data))


class Published:
    """Endpoints that keep the last bytes of each topic."""

    def __init__(self):
        self.last = {}

    def publisher(self, name):
        return Topic(self.last, name)


class Topic:
    def __init__(self, last, name):
        self.last, self.name = last, name

    def publish(self, message):
        self.last[self.name] = message if isinstance(message, bytes) else serialize_message(message)


def sample(rng):
    position, velocity, effort = rng.normal(size=(3, ROBOT.joints.size))
    return JointSample(AT, position, velocity, effort)


def test_joints_states_and_clock(monkeypatch):
    rng = np.random.default_rng(1)
    measured, commanded = sample(rng), Setpoint(*rng.normal(size=(2, ROBOT.joints.size)))
    published, bank = Published(), ControllerBank(ROBOT)
    monkeypatch.setattr(bank, "_setpoint", commanded)
    publisher = WorldPublisher(published, bank)
    publisher.joints(measured)
    publisher.states(measured)
    ours = world_messages.RobotMessages(ROBOT)
    assert tidy(world_messages.JOINT_STATE, published.last["joint_states"]) == ours.joints(measured)
    assert published.last["/clock"] == world_messages.clock_template().encode(AT)
    assert ours.parts == bank.parts
    for part in ours.parts:
        theirs = published.last[f"{part}_controller/controller_state"]
        assert tidy(world_messages.CONTROLLER_STATE, theirs) == ours.state(part, measured, commanded)


def test_objects():
    T = from_rotation(rotation_about((0.0, 0.6, 0.8), 0.7), (0.1, -0.2, 0.75))
    block = ObjectState("block", "handover_block", "red", (1.0, 1.1, 0.9), T, frozenset({"table", "pad"}))
    pad = ObjectState("pad", "pad", "blue", (1.0, 1.0, 1.0), np.eye(4), fixed=True, joints={"a": 0.25, "b": -1.0})
    table = TableSpec((1.0, 0.6, 0.04), 0.71, (0.1, -0.2))
    snapshot = ObjectSnapshot(AT, 7, {"block": block, "pad": pad}, table)
    theirs = serialize_message(object_states_msg(snapshot))
    assert world_messages.objects(snapshot) == tidy(world_messages.OBJECTS, theirs)


def test_task_status_and_transforms():
    fields = {"scene_id": 3, "task": "t", "variant": "v", "seed": 9, "instruction": "i", "success": False}
    fields |= {"reason": "block is away", "seconds": 1.5}
    theirs = serialize_message(TaskStatus(header=header(AT), **fields))
    assert world_messages.task_status(AT, **fields) == tidy(world_messages.TASK_STATUS, theirs)
    pose = np.array([0.1, 0.2, 0.3, 0.0, 0.6, 0.0, 0.8])
    T = from_rotation(rotation_about((0.0, 1.0, 0.0), 2 * np.arctan2(0.6, 0.8)), pose[:3])
    message = transform_msg(AT, "world", "base_link", T)
    turn = message.transform.rotation
    turn.x, turn.y, turn.z, turn.w = (float(v) for v in pose[3:])
    theirs = serialize_message(TFMessage(transforms=[message]))
    assert world_messages.transforms_template([("world", "base_link")]).encode(AT, base_link=pose) == tidy(
        world_messages.TF, theirs
    )
    assert serialize_message(Clock()) == world_messages.clock_template().encode(0)


@pytest.mark.parametrize("camera", ["head", "left_wrist"])
def test_pictures(camera):
    spec = ROBOT.camera(camera)
    rng = np.random.default_rng(2)
    rgb = rng.integers(0, 255, (spec.height, spec.width, 3), np.uint8)
    depth = rng.integers(0, 3000, (spec.height, spec.width), np.uint16)
    graph = CameraTemplates(spec.optical_frame, pinhole(spec))
    at = world_messages.header(AT, spec.optical_frame)
    assert compress("/c", graph.colour(AT, rgb)) == colour_message("/c", at, rgb)
    assert compress("/d", graph.depth(AT, depth)) == depth_message("/d", at, depth)
    ours = world_messages.camera_info_template(spec.optical_frame, pinhole(spec)).encode(AT)
    assert tidy(world_messages.CAMERA_INFO, graph.info(AT)) == ours
