"""Liveliness: a process that is killed or stopped is missed within a second, one that computes is not."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node

from bimanual.graph.environment import graph_environment
from bimanual_ros.liveliness import LifeWatch
from bimanual_ros.spinning import BackgroundSpinner

pytestmark = pytest.mark.graph
#: Computes in Python for ever, so that its executor never runs.
BUSY = """
import rclpy
from bimanual_ros.liveliness import Heartbeat
rclpy.init()
heart = Heartbeat(rclpy.create_node("busy"))
while True:
    sum(range(100000))
"""


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.delenv("ROS_DOMAIN_ID", raising=False)
    environ = graph_environment(False)
    monkeypatch.setenv("FASTDDS_DEFAULT_PROFILES_FILE", environ["FASTDDS_DEFAULT_PROFILES_FILE"])
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", environ["ROS_AUTOMATIC_DISCOVERY_RANGE"])
    return environ


@pytest.fixture
def watcher(environment: dict[str, str]) -> Iterator[Node]:
    context = Context()
    rclpy.init(context=context, domain_id=int(environment["ROS_DOMAIN_ID"]))
    node = rclpy.create_node("watcher", context=context)
    spinner = BackgroundSpinner(node)
    yield node
    spinner.stop()
    node.destroy_node()
    context.try_shutdown()


def seconds_until(watch: LifeWatch, alive: bool) -> float:
    """How long it takes until ``watch.alive`` is ``alive``; fails after 20 s."""
    begin = time.monotonic()
    while watch.alive is not alive:
        assert time.monotonic() < begin + 20.0
        time.sleep(0.01)
    return time.monotonic() - begin


def test_a_stopped_or_killed_process_is_missed_and_a_busy_one_is_not(
    watcher: Node, environment: dict[str, str]
) -> None:
    changes: list[bool] = []
    watch = LifeWatch(watcher, "busy", changes.append)
    with subprocess.Popen([sys.executable, "-c", BUSY], env=environment) as process:
        try:
            seconds_until(watch, True)
            time.sleep(1.0)
            assert changes == [True]
            assert watch.missed_s == 0.0
            for number in (signal.SIGSTOP, signal.SIGKILL):
                os.kill(process.pid, number)
                assert seconds_until(watch, False) < 3.0  # 0.6 s on a machine with time to spare
                assert watch.missed_s >= 0.0
                if number is signal.SIGSTOP:
                    os.kill(process.pid, signal.SIGCONT)
                    seconds_until(watch, True)
        finally:
            process.kill()
    assert changes == [True, False, True, False]


def test_who_has_no_heartbeat_is_never_missed(watcher: Node) -> None:
    for name in ("watcher", "no node's name"):
        watch = LifeWatch(watcher, name)
        assert not watch.seen
        assert watch.missed_s == 0.0
        watch.close()
