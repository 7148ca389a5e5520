"""A participant that misbehaves: floods, garbage, goals on arms of others, a second driver.

For trying what a graph does about it.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import rclpy
from builtin_interfaces.msg import Duration
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from bimanual_core.contract import driver_of
from bimanual_core.robot import RobotSpec
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.feed import Feed, call
from bimanual_ros.qos import publisher_qos
from bimanual_ros.spinning import BackgroundSpinner
from control_msgs.action import FollowJointTrajectory

NAME = "stranger"
GARBAGE = ("nan", "infinite", "size", "names", "limits", "empty")


class Intruder:
    """A node of its own in the DDS domain ``domain``. Close it."""

    def __init__(self, robot: RobotSpec, graph: str, domain: int) -> None:
        self._robot, self._graph = robot, graph
        self._context = Context()
        rclpy.init(args=[], context=self._context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node(NAME, context=self._context)
        self._feed = Feed(self._node)
        self._driver = driver_of(graph)
        self._endpoints = Endpoints(self._node, robot, graph)
        self._spinner = BackgroundSpinner(self._node)
        self._pretender: Node | None = None

    def close(self) -> None:
        """Leave the graph."""
        self.give_up_driving()
        self._spinner.stop()
        self._node.destroy_node()
        self._context.try_shutdown()

    # -- commands -----------------------------------------------------------------------------------------------------
    def flood_streams(self, garbage: str, seconds: float) -> int:
        """Stream points to every arm as fast as it goes; returns how many messages were sent."""
        publishers = {s: self._endpoints.publisher(f"{s}_arm_controller/joint_trajectory") for s in self._robot.sides}
        for publisher in publishers.values():
            self._feed.until(publisher.get_subscription_count, "the controllers", self._driver)
        messages = {side: self.trajectory(side, garbage) for side in publishers}
        sent, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            for side, publisher in publishers.items():
                publisher.publish(messages[side])
                sent += 1
        for publisher in publishers.values():
            self._node.destroy_publisher(publisher)
        return sent

    def flood_service(self, count: int, seconds: float) -> list[str]:
        """Ask for the arms ``count`` times without waiting in between; returns the refusals, in words, that came within
        ``seconds``. A service keeps ten requests that wait, so most of a flood is lost on its own sender."""
        client = self._endpoints.client("control/acquire")
        self._feed.until(client.service_is_ready, "control/acquire", self._driver)
        request = client.srv_type.Request(owner=NAME, arms=list(self._robot.sides), ttl=1.0)
        futures = [client.call_async(request) for _ in range(count)]
        end = time.monotonic() + seconds
        self._feed.until(lambda: all(f.done() for f in futures) or time.monotonic() > end, "control/acquire")
        answers = [future.result() for future in futures if future.done()]
        self._node.destroy_client(client)
        return [answer.error_msg for answer in answers if not answer.success]

    def send_goal(self, side: str, garbage: str) -> str:
        """Send a goal to one arm and return how it ended, in words; empty if it succeeded."""
        client = self._endpoints.action_client(f"{side}_arm_controller/follow_joint_trajectory")
        try:
            self._feed.until(client.server_is_ready, "the action", self._driver)
            goal = FollowJointTrajectory.Goal(trajectory=self.trajectory(side, garbage))
            handle = self._feed.result(client.send_goal_async(goal), "the goal's answer", self._driver)
            if not handle.accepted:
                return "rejected"
            result = self._feed.result(handle.get_result_async(), "the goal's end", self._driver).result
        finally:
            client.destroy()
        return result.error_string if result.error_code else ""

    def trajectory(self, side: str, garbage: str) -> JointTrajectory:
        """A trajectory to home that is wrong in the way ``garbage`` says; in no way if that is empty."""
        arm = self._robot.arm(side)
        positions = np.array(arm.home, dtype=float)
        message = JointTrajectory(joint_names=list(arm.joints))
        message.header.frame_id = NAME
        if garbage in ("nan", "infinite"):
            positions[2] = math.nan if garbage == "nan" else math.inf
        if garbage == "limits":
            positions[0] = 99.0
        if garbage == "size":
            positions = positions[:-1]
        if garbage == "names":
            message.joint_names = [f"elbow{i}" for i in range(arm.dof)]
        if garbage != "empty":
            point = JointTrajectoryPoint(positions=positions.tolist(), time_from_start=Duration(sec=2))
            message.points.append(point)
        return message

    # -- a second driver ----------------------------------------------------------------------------------------------
    def drive_too(self, speaks: bool) -> None:
        """Be there under the driver's name with a publisher of joint_states; ``speaks``: send one that is nonsense."""
        node = rclpy.create_node(self._driver, context=self._context)
        entry = self._endpoints.entry("joint_states")
        publisher = node.create_publisher(JointState, "joint_states", publisher_qos(entry.qos))
        if speaks:
            names = self._robot.joints.names
            publisher.publish(JointState(name=list(names), position=[math.nan] * len(names)))
        self._pretender = node

    def give_up_driving(self) -> None:
        """Leave the driver's name to the driver."""
        if self._pretender is not None:
            self._pretender.destroy_node()
            self._pretender = None

    # -- the loopback robot -------------------------------------------------------------------------------------------
    def show_fault(self, kind: str, joint: str = "") -> None:
        """Let the loopback robot show a fault; kind ``none``: be well again."""
        values = {"fault": kind, "fault_joint": joint}
        parameters = [Parameter(name, value=value).to_parameter_msg() for name, value in values.items()]
        self._ask(SetParameters, f"{self._driver}/set_parameters", SetParameters.Request(parameters=parameters))

    def driver_is_active(self) -> bool:
        """Whether the robot driver is in its state ``active``."""
        answer = self._ask(GetState, f"{self._driver}/get_state", GetState.Request())
        return bool(answer.current_state.id == State.PRIMARY_STATE_ACTIVE)

    def activate_driver(self) -> bool:
        """Activate the robot driver again; returns whether it did."""
        transition = Transition(id=Transition.TRANSITION_ACTIVATE)
        request = ChangeState.Request(transition=transition)
        return bool(self._ask(ChangeState, f"{self._driver}/change_state", request).success)

    def ask(self, name: str, **fields: Any) -> Any:
        """The answer of a service of the contract, a refusal too."""
        client = self._endpoints.client(name)
        try:
            server = self._endpoints.entry(name).server
            return call(self._feed, client, client.srv_type.Request(**fields), server)
        finally:
            self._node.destroy_client(client)

    def _ask(self, type_: Any, name: str, request: Any) -> Any:
        client = self._node.create_client(type_, name)
        try:
            return call(self._feed, client, request, self._driver)
        finally:
            self._node.destroy_client(client)
