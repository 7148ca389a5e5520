"""Polled subscriptions: no executor wakes for them, and nothing that waits in them is lost or comes twice."""

import os
import random
import time
from collections.abc import Iterator

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from std_msgs.msg import String

from bimanual_core.contract import Qos
from bimanual_ros.polling import Polled
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
