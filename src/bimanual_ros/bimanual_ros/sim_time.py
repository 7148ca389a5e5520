"""The node's time, with /clock read when time is asked for.

rclpy wakes a node for every message on /clock. At 100 Hz that is the larger part of what a resting node costs, while
most nodes ask for the time once a second.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from rclpy.node import Node
from rclpy.time import Time

from bimanual_ros.polling import Polled

_CLOCK = "/clock"
_clocks: WeakKeyDictionary[Node, Polled] = WeakKeyDictionary()


def read_clock_on_demand(node: Node) -> None:
    """Let no executor wait for /clock of ``node``; from now on ask :func:`now` for the time.

    Timers of this node must not run on ROS time: it moves only when it is asked for.
    """
    polled = Polled()
    for subscription in node.subscriptions:
        if subscription.topic_name == _CLOCK:
            polled.adopt(subscription)
    _clocks[node] = polled


def now(node: Node) -> Time:
    """The newest ROS time of ``node``."""
    polled = _clocks.get(node)
    if polled is not None:
        polled.take()
    return node.get_clock().now()
