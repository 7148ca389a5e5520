"""Where the simulated time of a running graph stands, for a simulator that is started anew amid it.

Nothing but the simulator publishes /clock, and nobody keeps what it said. But the nodes that outlived it put the time
they know on their /diagnostics, once a second.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from bimanual_core.contract import Qos
from bimanual_ros.conversions.basics import stamp_ns
from bimanual_ros.diagnostics import PERIOD_S
from bimanual_ros.endpoints import NO_SUBSCRIPTION_EVENTS
from bimanual_ros.polling import Polled
from bimanual_ros.qos import subscription_qos

#: Every node that was there is heard within this long [s].
LISTEN_S = PERIOD_S + 0.5
LOOK_S = 0.05
#: No simulation gets this old [ns]; a later time is that of a node on the wall clock.
OLDEST_NS = 10**16


class GraphTime:
    """Listens from its creation on to the nodes ``names``; ask :meth:`newest_ns` once, when nothing else is to do."""

    def __init__(self, node: Node, names: Collection[str]) -> None:
        self._node = node
        self._names = frozenset(names)
        self._begin = time.monotonic()
        self._newest_ns = 0
        self._polled = Polled()
        self._subscription = node.create_subscription(
            DiagnosticArray,
            "/diagnostics",
            self._on_diagnostics,
            subscription_qos(Qos.STATE),
            event_callbacks=NO_SUBSCRIPTION_EVENTS,
        )
        self._polled.adopt(self._subscription)

    def newest_ns(self) -> int:
        """The newest time [ns] that a node of the graph knows, 0 if there is none; then listens no more."""
        while True:
            self._polled.take()
            alone = self._names.isdisjoint(self._node.get_node_names())
            if alone or time.monotonic() - self._begin >= LISTEN_S:
                break
            time.sleep(LOOK_S)
        self._node.destroy_subscription(self._subscription)
        return self._newest_ns

    def _on_diagnostics(self, message: Any) -> None:
        at_ns = stamp_ns(message.header.stamp)
        ours = any(status.name.rpartition("/")[2] in self._names for status in message.status)
        if ours and self._newest_ns < at_ns < OLDEST_NS:
            self._newest_ns = at_ns
