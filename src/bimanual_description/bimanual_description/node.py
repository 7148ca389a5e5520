"""``robot_state_publisher``: robot_description, /tf and /tf_static, with the real one's name and parameters."""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from bimanual_core.contract import STATE_PUBLISHER
from bimanual_core.rates import NS_PER_S
from bimanual_description import load, urdf
from bimanual_description.joint_frames import JointFrame, MovingFrames, joint_frames
from bimanual_description.schedule import Schedule
from bimanual_ros.cdr import CdrTemplate
from bimanual_ros.conversions.basics import stamp_ns, transform_msg
from bimanual_ros.diagnostics import Diagnostics
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.main import run_node
from bimanual_ros.parameters import Parameter, declare
from bimanual_ros.polling import Polled, spin_polling
from tf2_msgs.msg import TFMessage

PARAMETERS = (
    Parameter("robot", "cobot_magic", "robot YAML of bimanual_description, for its URDF where none is given"),
    Parameter("robot_description", "", "URDF; empty: that of the robot"),
    Parameter("publish_frequency", 100.0, "most transforms a second [Hz]", low=1.0, high=1000.0),
    Parameter("frame_prefix", "", "prefix of every frame"),
)


class RobotStatePublisher(Node):
    """Publishes the moving transforms of each joint_states, the fixed ones once."""

    def __init__(self) -> None:
        super().__init__(STATE_PUBLISHER)
        values = declare(self, PARAMETERS)
        robot = load(values["robot"])
        text = values["robot_description"] or urdf(robot)
        prefix = values["frame_prefix"]
        frames = joint_frames(text)
        self._moving = MovingFrames(frames)
        self._schedule = Schedule(int(NS_PER_S / values["publish_frequency"]))
        endpoints = Endpoints(self, robot)
        self._tf = endpoints.publisher("/tf")
        self._template = CdrTemplate(
            lambda at, **poses: _tf_message(at, self._moving.frames, poses, prefix),
            {f.child: (7, np.float64) for f in self._moving.frames},
        )
        fixed = [f for f in frames if f.fixed]
        self._tf_static = endpoints.publisher("/tf_static")
        self._tf_static.publish(_tf_message(0, fixed, {f.child: f.rest for f in fixed}, prefix))
        self._description = endpoints.publisher("robot_description")
        self._description.publish(String(data=text))
        self.polled = Polled()
        endpoints.subscription("joint_states", self._on_joints, polled=self.polled)
        self._diagnostics = Diagnostics(self)

    def wanted(self) -> bool:
        """Whether anybody listens to /tf."""
        return bool(self._tf.get_subscription_count())

    def _on_joints(self, message: JointState) -> None:
        if not self.wanted():
            return
        at = stamp_ns(message.header.stamp)
        positions = dict(zip(message.name, message.position, strict=False))
        frames = self._moving.frames
        if not all(f.source in positions for f in frames) or not self._schedule.takes(at):
            return
        poses = self._moving.poses(positions)
        self._tf.publish(self._template.encode(at, **{f.child: pose for f, pose in zip(frames, poses, strict=True)}))


def _tf_message(at_ns: int, frames: list[JointFrame], poses: dict[str, NDArray[np.float64]], prefix: str) -> TFMessage:
    """Transforms of ``frames`` with poses (7,) [translation, quaternion xyzw] by child."""
    message = TFMessage()
    for frame in frames:
        pose = poses[frame.child]
        transform = transform_msg(at_ns, prefix + frame.parent, prefix + frame.child, np.eye(4))
        place, turn = transform.transform.translation, transform.transform.rotation
        place.x, place.y, place.z, turn.x, turn.y, turn.z, turn.w = (float(v) for v in pose)
        message.transforms.append(transform)
    return message


def main() -> int:
    """Entry point of the executable ``robot_state_publisher``."""
    return run_node(RobotStatePublisher, spin=_spin)  # type: ignore[arg-type]


def _spin(node: RobotStatePublisher, executor: SingleThreadedExecutor) -> None:
    spin_polling(node.polled.take, node, executor, wanted=node.wanted)


if __name__ == "__main__":
    sys.exit(main())
