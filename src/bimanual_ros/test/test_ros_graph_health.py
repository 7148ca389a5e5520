"""The watcher names who is silent, in error or there twice; time is found where a graph outlived its simulator."""

import time
from collections.abc import Callable, Iterator

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.context import Context
from rclpy.node import Node
from sensor_msgs.msg import JointState

from bimanual.graph.environment import graph_environment
from bimanual_core.contract import Qos
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_ros import graph_health
from bimanual_ros.conversions.basics import time_msg
from bimanual_ros.diagnostics import ERROR, OK
from bimanual_ros.graph_health import GraphHealth
from bimanual_ros.graph_time import GraphTime
from bimanual_ros.qos import publisher_qos
from bimanual_ros.rivals import RivalWatch
from bimanual_ros.spinning import BackgroundSpinner

pytestmark = pytest.mark.graph
LIMIT_S = 10.0


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    monkeypatch.delenv("ROS_DOMAIN_ID", raising=False)
    environ = graph_environment(False)
    for name in ("FASTDDS_DEFAULT_PROFILES_FILE", "ROS_AUTOMATIC_DISCOVERY_RANGE"):
        monkeypatch.setenv(name, environ[name])
    context = Context()
    rclpy.init(args=[], context=context, domain_id=int(environ["ROS_DOMAIN_ID"]))
    yield context
    context.try_shutdown()


@pytest.fixture
def watcher(context: Context) -> Iterator[Node]:
    node = rclpy.create_node("watcher", context=context)
    spinner = BackgroundSpinner(node)
    yield node
    spinner.stop()
    node.destroy_node()


def until(look: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT_S
    while not look():
        assert time.monotonic() < end
        time.sleep(0.02)


def status(level: int, text: str, at_ns: int = 0) -> DiagnosticArray:
    message = DiagnosticArray(status=[DiagnosticStatus(level=bytes([level]), name="planner", message=text)])
    message.header.stamp = time_msg(at_ns)
    return message


def test_silence_errors_and_twins_are_named(context: Context, watcher: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_health, "SILENT_AFTER_S", 0.5)
    health = GraphHealth(watcher, ["planner", "recorder"])
    assert health.problems() == {}
    planner = rclpy.create_node("planner", context=context)
    publisher = planner.create_publisher(DiagnosticArray, "/diagnostics", publisher_qos(Qos.STATE))
    until(publisher.get_subscription_count)
    until(health.strangers)
    assert health.strangers() == ["planner"]
    begin = time.monotonic()
    publisher.publish(status(OK, "running"))
    until(lambda: health.heard_since("planner", begin))
    until(health.silent)
    assert "node planner is silent on /diagnostics for 0." in health.silent()["planner silent"]
    assert "recorder silent" not in health.silent()  # it may still come up
    publisher.publish(status(ERROR, "no arm answers"))
    until(health.errors)
    assert health.problems() == {"planner error": "node planner reports: no arm answers"}
    twin = rclpy.create_node("planner", context=context)
    until(health.twice)
    told = health.twice()["planner twice"]
    assert "node planner is there 2 times: another graph runs in domain" in told
    health.restarted("planner")
    assert health.twice() == {}
    twin.destroy_node()
    planner.destroy_node()


def test_a_driver_that_is_not_alone_refuses_in_words(context: Context, watcher: Node) -> None:
    told: list[str] = []
    watch = RivalWatch(watcher, told.append)
    mine = watcher.create_publisher(JointState, "joint_states", 1)
    watch.look()
    watch.check()
    rival = rclpy.create_node("robot_driver", context=context)
    rival.create_publisher(JointState, "joint_states", 1)
    until(lambda: watch.look() or watch.words)
    watch.look()
    assert len(told) == 1
    assert "/joint_states has several publishers (robot_driver, watcher): another graph runs in DDS domain" in told[0]
    with pytest.raises(BimanualError, match="give it a ROS_DOMAIN_ID of its own") as refusal:
        watch.check()
    assert refusal.value.code == ErrorCode.CONTROL_REJECTED
    rival.destroy_node()
    until(lambda: watch.look() or not watch.words)
    watch.check()
    watcher.destroy_publisher(mine)


def test_the_time_of_a_graph_is_that_of_its_nodes(context: Context) -> None:
    bridge = rclpy.create_node("sim_bridge", context=context)
    assert GraphTime(bridge, ["planner"]).newest_ns() == 0
    planner = rclpy.create_node("planner", context=context)
    publisher = planner.create_publisher(DiagnosticArray, "/diagnostics", publisher_qos(Qos.STATE))
    found = GraphTime(bridge, ["planner"])
    until(publisher.get_subscription_count)
    wall_ns = time.time_ns()
    for at_ns in (0, 7_000_000_000, 6_990_000_000, wall_ns):
        publisher.publish(status(OK, "running", at_ns))
    assert found.newest_ns() == 7_000_000_000
    for node in (planner, bridge):
        node.destroy_node()
