"""Polled subscriptions: no executor wakes for them, and nothing that waits in them is lost or comes twice."""

import os
import random
import time
from collections.abc import Iterator

import pytest
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from std_msgs.msg import String

from bimanual_core.contract import Qos
from bimanual_ros.polling import Polled, spin_polling, spin_watching
from bimanual_ros.qos import publisher_qos, subscription_qos
from bimanual_ros.sim_time import now, read_clock_on_demand
from bimanual_ros.spinning import spin_some

pytestmark = pytest.mark.graph


@pytest.fixture
def context() -> Iterator[rclpy.Context]:
    context = rclpy.Context()
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    rclpy.init(context=context, domain_id=random.SystemRandom().randrange(101, 200))
    yield context
    rclpy.try_shutdown(context=context)


def until(condition) -> None:
    end = time.monotonic() + 5.0
    while not condition():
        assert time.monotonic() < end, "not within 5 s"
        time.sleep(0.01)


def test_messages_wait_until_they_are_taken(context: rclpy.Context) -> None:
    speaker, listener = Node("speaker", context=context), Node("listener", context=context)
    heard: list[str] = []
    polled = Polled()
    subscription = listener.create_subscription(
        String, "words", lambda m: heard.append(m.data), subscription_qos(Qos.STATE)
    )
    polled.adopt(subscription)
    publisher = speaker.create_publisher(String, "words", publisher_qos(Qos.STATE))
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(listener)
    until(lambda: publisher.get_subscription_count() == 1)
    for word in "abc":
        publisher.publish(String(data=word))
    time.sleep(0.1)
    spin_some(executor, 0.2)
    assert heard == []
    until(lambda: polled.take() or len(heard) == 3)
    until(lambda: polled.take() == 0)
    assert heard == ["a", "b", "c"]
    executor.shutdown()


def test_time_is_that_of_the_clock_when_it_is_asked_for(context: rclpy.Context) -> None:
    speaker = Node("speaker", context=context)
    listener = Node("listener", context=context, parameter_overrides=[rclpy.Parameter("use_sim_time", value=True)])
    read_clock_on_demand(listener)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(listener)
    publisher = speaker.create_publisher(Clock, "/clock", publisher_qos(Qos.STATE))
    until(lambda: publisher.get_subscription_count() == 1)
    message = Clock()
    for second in (3, 4):
        message.clock.sec = second
        publisher.publish(message)
    until(lambda: now(listener).nanoseconds == 4_000_000_000)
    # Unread messages must not keep the executor awake: while it waits it costs next to nothing.
    spin_some(executor)
    for _ in range(5):
        publisher.publish(message)
    used = time.process_time()
    spin_some(executor, 1.0)
    assert time.process_time() - used < 0.1
    executor.shutdown()


def test_a_watching_node_looks_all_the_time_and_serves_at_once_but_never_both(context: rclpy.Context) -> None:
    node = Node("watching", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    inside: list[str] = []
    overlaps: list[str] = []
    served_at: list[float] = []
    looks: list[float] = []

    def busy(name: str) -> None:
        overlaps.extend(inside)
        inside.append(name)
        time.sleep(0.004)
        inside.remove(name)

    def serve() -> None:
        busy("serve")
        served_at.append(time.monotonic())

    def look() -> None:
        busy("look")
        looks.append(time.monotonic())
        if len(looks) == 25:
            raise ValueError("seen enough")

    node.create_timer(0.003, serve)
    begin = time.monotonic()
    with pytest.raises(ValueError, match="seen enough"):
        spin_watching(look, executor)
    assert not overlaps
    assert len(looks) == 25
    assert 0.4 < time.monotonic() - begin < 5.0
    assert len(served_at) > 25
    executor.shutdown()


def test_a_node_that_nobody_wants_anything_of_looks_seldom_until_somebody_does(context: rclpy.Context) -> None:
    node = Node("polling", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    looks: list[bool] = []
    begin = time.monotonic()

    def wanted() -> bool:
        return time.monotonic() > begin + 0.5

    def take() -> None:
        looks.append(wanted())
        if time.monotonic() > begin + 1.0:
            rclpy.try_shutdown(context=context)

    with pytest.raises(ExternalShutdownException):
        spin_polling(take, node, executor, wanted)
    assert 3 <= looks.count(False) <= 8
    assert looks.count(True) >= 20
    executor.shutdown()
