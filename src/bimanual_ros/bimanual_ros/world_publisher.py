"""What a simulated or real robot publishes of itself at its rates, as serialised bytes where that is hot."""

from __future__ import annotations

from typing import Any

import numpy as np
from rosgraph_msgs.msg import Clock

from bimanual_control.bank import ControllerBank
from bimanual_core.observation import JointSample, ObjectSnapshot
from bimanual_ros.cdr import CdrTemplate
from bimanual_ros.conversions.basics import time_msg
from bimanual_ros.conversions.joints import controller_state_msg, joint_state_msg
from bimanual_ros.conversions.scene import object_states_msg
from bimanual_ros.endpoints import Endpoints

_STATE = ("reference", "reference_velocity", "feedback", "feedback_velocity", "error", "error_velocity")


class WorldPublisher:
    """Publishes joint_states and each controller's state; of a ``simulated`` world also /clock and scene/objects."""

    def __init__(self, endpoints: Endpoints, bank: ControllerBank, simulated: bool = True) -> None:
        robot = bank.robot
        self._bank = bank
        self._clock = endpoints.publisher("/clock") if simulated else None
        self._clock_bytes = CdrTemplate(lambda at: Clock(clock=time_msg(at)))
        self._joints = endpoints.publisher("joint_states")
        size = robot.joints.size
        self._joint_bytes = CdrTemplate(
            lambda at, **v: joint_state_msg(at, robot.joints.names, **v),
            {name: (size, np.float64) for name in ("position", "velocity", "effort")},
        )
        self._objects = endpoints.publisher("scene/objects") if simulated else None
        self._states: dict[str, Any] = {}
        self._state_bytes: dict[str, CdrTemplate] = {}
        for arm in robot.arms:
            for part, joints in ((f"{arm.side}_arm", arm.joints), (f"{arm.side}_gripper", (arm.gripper.joint,))):
                self._states[part] = endpoints.publisher(f"{part}_controller/controller_state")
                self._state_bytes[part] = _state_template(joints)

    @property
    def listeners(self) -> int:
        """Matched subscriptions of all topics."""
        topics = [self._joints, self._objects, *self._states.values()]
        return sum(topic.get_subscription_count() for topic in topics if topic is not None)

    def joints(self, sample: JointSample) -> None:
        """Clock and joint_states of one instant."""
        at = sample.stamp_ns
        if self._clock is not None:
            self._clock.publish(self._clock_bytes.encode(at))
        self._joints.publish(
            self._joint_bytes.encode(at, position=sample.position, velocity=sample.velocity, effort=sample.effort)
        )

    def states(self, sample: JointSample) -> None:
        """Controller states of one instant."""
        at, commanded = sample.stamp_ns, self._bank.setpoint
        layout = self._bank.robot.joints
        for part, publisher in self._states.items():
            here = layout.group(part)
            reference, rate = commanded.position[here], commanded.velocity[here]
            feedback, speed = sample.position[here], sample.velocity[here]
            data = self._state_bytes[part].encode(
                at,
                reference=reference,
                reference_velocity=rate,
                feedback=feedback,
                feedback_velocity=speed,
                error=reference - feedback,
                error_velocity=rate - speed,
            )
            publisher.publish(data)

    def objects(self, snapshot: ObjectSnapshot) -> None:
        """The objects of a simulated world."""
        if self._objects is not None:
            self._objects.publish(object_states_msg(snapshot))


def _state_template(joints: tuple[str, ...]) -> CdrTemplate:
    sizes = {name: (len(joints), np.float64) for name in _STATE}
    return CdrTemplate(lambda at, **v: controller_state_msg(at, joints, **v), sizes)
