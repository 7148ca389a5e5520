"""Who of a graph is silent, who says that something is wrong, and who is there twice.

``/diagnostics`` come once a second from every node, also while simulated time stands still: a node that is killed,
stopped or hung falls silent there. Names that appear twice, and a second publisher of what one driver publishes, tell
of another graph in the same DDS domain.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.context import Context
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from bimanual_core.contract import Qos
from bimanual_ros.diagnostics import ERROR
from bimanual_ros.endpoints import NO_SUBSCRIPTION_EVENTS
from bimanual_ros.qos import subscription_qos
from bimanual_ros.rivals import SINGLE_TOPICS
from bimanual_ros.spinning import BackgroundSpinner

#: A node that was heard of and says nothing on /diagnostics for this long [s] is silent.
SILENT_AFTER_S = 3.5
#: A node that was never heard of gets this long [s] to come up.
START_S = 90.0
#: DDS takes this long [s] to miss a killed process: until then a restarted node is there twice.
FORGET_S = 6.5


class GraphHealth:
    """Watches the nodes ``names`` of a graph through ``node``, which somebody else spins."""

    def __init__(self, node: Node, names: Iterable[str]) -> None:
        self._node = node
        self._begin = time.monotonic()
        self._heard: dict[str, float] = {}
        self._errors: dict[str, str] = {}
        self._expected = {self._full(name): name for name in names}
        self._forgiven_until: dict[str, float] = {}
        self._subscription = node.create_subscription(
            DiagnosticArray,
            "/diagnostics",
            self._on_diagnostics,
            subscription_qos(Qos.STATE),
            event_callbacks=NO_SUBSCRIPTION_EVENTS,
        )

    def restarted(self, name: str) -> None:
        """Take note that ``name`` starts anew: it may take its time, and be there twice for a while."""
        self._heard.pop(self._full(name), None)
        self._errors.pop(self._full(name), None)
        now = time.monotonic()
        self._begin, self._forgiven_until[name] = now, now + FORGET_S

    def heard_since(self, name: str, at: float) -> bool:
        """Whether ``name`` spoke after ``at`` (of ``time.monotonic``)."""
        return self._heard.get(self._full(name), 0.0) > at

    def problems(self) -> dict[str, str]:
        """What is wrong now, a sentence each, by what it is about; empty if nothing is."""
        return {**self.silent(), **self.twice(), **self.errors()}

    def errors(self) -> dict[str, str]:
        """What nodes themselves report as an error."""
        told = {name: self._errors.get(full, "") for full, name in self._expected.items()}
        return {f"{name} error": f"node {name} reports: {text}" for name, text in told.items() if text}

    def silent(self) -> dict[str, str]:
        """Nodes that fell silent or never spoke."""
        told, now = {}, time.monotonic()
        for full, name in self._expected.items():
            heard = self._heard.get(full)
            if heard is None and now - self._begin > START_S:
                told[f"{name} silent"] = f"node {name} has not been heard of on /diagnostics within {START_S:.0f} s"
            elif heard is not None and now - heard > SILENT_AFTER_S:
                quiet = f"silent on /diagnostics for {now - heard:.1f} s"
                told[f"{name} silent"] = f"node {name} is {quiet}: killed, stopped or hung"
        return told

    def twice(self) -> dict[str, str]:
        """Nodes and topics of this graph that somebody else in the domain has too."""
        now = time.monotonic()
        fresh = {name for name, until in self._forgiven_until.items() if until > now}
        there = Counter(_full_names(self._node))
        told = {
            f"{name} twice": f"node {name} is there {there[full]} times"
            for full, name in self._expected.items()
            if there[full] > 1 and name not in fresh
        }
        if not fresh:
            told |= self.driver_twice()
        domain = self._node.context.get_domain_id()
        why = f"another graph runs in domain {domain}; give each a ROS_DOMAIN_ID or a namespace of its own"
        return {about: f"{text}: {why}" for about, text in told.items()}

    def driver_twice(self) -> dict[str, str]:
        """Topics of the driver that have several publishers."""
        counts = {topic: self._node.count_publishers(self._node.resolve_topic_name(topic)) for topic in SINGLE_TOPICS}
        return {f"{topic} twice": f"{topic} has {count} publishers" for topic, count in counts.items() if count > 1}

    def strangers(self) -> list[str]:
        """Nodes of this graph's names that are there already: to be asked before the graph is started."""
        there = set(_full_names(self._node))
        return [name for full, name in self._expected.items() if full in there]

    def _on_diagnostics(self, message: Any) -> None:
        now = time.monotonic()
        for status in message.status:
            self._heard[f"/{status.name}"] = now
            self._errors[f"/{status.name}"] = status.message if ord(status.level) >= ERROR else ""

    def _full(self, name: str) -> str:
        return f"{self._node.get_namespace().rstrip('/')}/{name}"


class HealthMonitor:
    """A :class:`GraphHealth` with a node and a thread of its own, for a process that only supervises. Close it."""

    def __init__(self, name: str, names: Sequence[str], namespace: str = "", domain: int | None = None) -> None:
        self._context = Context()
        # What stands on the command line is for this process, not for its node: no arguments.
        rclpy.init(args=[], context=self._context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node(name, context=self._context, namespace=namespace or None)
        self.health = GraphHealth(self._node, names)
        self._spinner = BackgroundSpinner(self._node)

    @property
    def domain(self) -> int:
        """The DDS domain that is watched."""
        return int(self._context.get_domain_id())

    def close(self) -> None:
        """End the thread and the node."""
        self._spinner.stop()
        self._node.destroy_node()
        self._context.try_shutdown()


def _full_names(node: Node) -> list[str]:
    return [f"{space.rstrip('/')}/{name}" for name, space in node.get_node_names_and_namespaces()]
