"""A driver without its safety node: it stops, says why, and goes on only after safety/reset."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
import rclpy
from bimanual_interfaces.msg import SafetyState
from rclpy.context import Context
from rclpy.node import Node

from bimanual.graph.environment import graph_environment
from bimanual_control.bank import ControllerBank
from bimanual_control.goal import GoalRejectedError
from bimanual_core.motion import GripperGoal
from bimanual_core.observation import JointSample
from bimanual_description import load
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.safety_link import SafetyLink
from bimanual_ros.spinning import spin_some

pytestmark = pytest.mark.graph
ROBOT = load("cobot_magic")
SAFETY = [sys.executable, "-m", "bimanual_control.node", "--ros-args", "-r", "__node:=safety", "-p", "graph:=real"]


class Driver:
    """A driver's share: a bank, its link and a client of the safety node."""

    def __init__(self, node: Node) -> None:
        self.executor = rclpy.executors.SingleThreadedExecutor(context=node.context)
        self.executor.add_node(node)
        endpoints = Endpoints(node, ROBOT, "real")
        self.bank = ControllerBank(ROBOT)
        zeros = ROBOT.home * 0
        self.bank.reset(JointSample(0, ROBOT.home, zeros, zeros))
        self.link = SafetyLink(node, endpoints, self.bank)
        self.states: list[SafetyState] = []
        endpoints.subscription("safety/state", self.states.append)
        self.reset = endpoints.client("safety/reset")

    def until(self, true: Callable[[], object], limit_s: float = 20.0) -> float:
        """Run the driver's loop until ``true()``; returns how long that took."""
        begin = time.monotonic()
        while not true():
            assert time.monotonic() < begin + limit_s
            self.link.look()
            spin_some(self.executor, 0.01)
        return time.monotonic() - begin

    def ask_reset(self) -> str:
        self.until(self.reset.service_is_ready)
        answer = self.reset.call_async(self.reset.srv_type.Request())
        self.until(answer.done)
        return str(answer.result().message)

    @property
    def reason(self) -> str:
        return self.bank.stop_latch.reason


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.delenv("ROS_DOMAIN_ID", raising=False)
    environ = graph_environment(False)
    monkeypatch.setenv("FASTDDS_DEFAULT_PROFILES_FILE", environ["FASTDDS_DEFAULT_PROFILES_FILE"])
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", environ["ROS_AUTOMATIC_DISCOVERY_RANGE"])
    return environ


@pytest.fixture
def driver(environment: dict[str, str]) -> Iterator[Driver]:
    context = Context()
    rclpy.init(context=context, domain_id=int(environment["ROS_DOMAIN_ID"]))
    node = rclpy.create_node("robot_driver", context=context)
    yield Driver(node)
    node.destroy_node()
    context.try_shutdown()


def test_a_driver_stops_when_its_safety_node_is_gone_and_needs_a_reset(
    driver: Driver, environment: dict[str, str]
) -> None:
    assert not driver.link.trouble  # who never had a safety node misses none
    with subprocess.Popen(SAFETY, env=environment) as safety:
        try:
            driver.until(lambda: driver.states and driver.link.met)
            assert not driver.bank.stop_latch.engaged
            os.kill(safety.pid, signal.SIGSTOP)
            driver.until(lambda: driver.bank.stop_latch.engaged)
            assert driver.reason == "node safety is gone: killed or stopped"
            with pytest.raises(GoalRejectedError, match="node safety is gone"):
                driver.bank.send_gripper("left", GripperGoal(0.0))
            os.kill(safety.pid, signal.SIGCONT)
            driver.until(lambda: driver.states[-1].stopped)  # the node that is back tells of the driver's stop
            assert driver.bank.stop_latch.engaged
            assert driver.ask_reset() == "motion is allowed again"
            driver.until(lambda: not driver.bank.stop_latch.engaged)
        finally:
            safety.kill()
    driver.until(lambda: driver.bank.stop_latch.engaged)
    with subprocess.Popen(SAFETY, env=environment) as safety:
        try:
            driver.until(lambda: not driver.link.trouble)
            assert driver.states[-1].stopped
            assert driver.bank.stop_latch.engaged
            driver.ask_reset()
            driver.until(lambda: not driver.bank.stop_latch.engaged)
        finally:
            safety.kill()
