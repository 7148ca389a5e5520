"""/diagnostics at 1 Hz of wall time, from every node."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from bimanual_core.contract import Qos
from bimanual_ros.faults import faults_of
from bimanual_ros.qos import publisher_qos
from bimanual_ros.sim_time import now

PERIOD_S = 1.0
#: Level, sentence and values of a node.
Health = tuple[int, str, Mapping[str, object]]
OK, WARN, ERROR = 0, 1, 2


class Diagnostics:
    """Publishes what ``health()`` says. Without it the node says it is running."""

    def __init__(self, node: Node, health: Callable[[], Health] | None = None) -> None:
        self._node = node
        self._health = health or (lambda: (OK, "running", {}))
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", publisher_qos(Qos.STATE))
        # Wall time: a node must be seen to live also while simulated time stands still.
        self._timer = node.create_timer(PERIOD_S, self.publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def publish(self) -> None:
        level, text, values = self._judge()
        status = DiagnosticStatus(
            level=bytes([level]),
            name=self._node.get_fully_qualified_name().lstrip("/"),
            message=text,
            hardware_id="",
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = now(self._node).to_msg()
        self._publisher.publish(message)

    def _judge(self) -> Health:
        """The node's own health, and the faults of its callbacks on top."""
        faults = faults_of(self._node)
        try:
            level, text, values = self._health()
        except Exception as error:  # noqa: BLE001 - counted and shown below
            level, text, values = ERROR, faults.note("health", error), {}
        if not faults.count:
            return level, text, values
        text = f"{text}; {faults.count} callbacks failed, newest: {faults.newest}"
        return max(level, ERROR if faults.fresh else WARN), text, {**values, "faults": faults.count}
