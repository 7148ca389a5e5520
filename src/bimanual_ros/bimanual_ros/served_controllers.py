"""A robot's controllers on the graph: what the driver of a simulated and of a real robot serve alike."""

from __future__ import annotations

from collections.abc import Callable

from bimanual_interfaces.msg import SafetyState
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from bimanual_control.bank import ControllerBank
from bimanual_ros.action_servers import ControllerActions
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.lease_services import LeaseServices

OWNER_PERIOD_S = 0.5
FEEDBACK_PERIOD_S = 0.05


class ServedControllers:
    """Serves ``bank``: goals and streams, leases, and the stop of safety/state.

    ``held()`` says whether goals wait for time to go on (see ControllerActions); ``admit()`` raises BimanualError while
    no goal is taken at all. The driver's loop publishes the feedback of ``actions``, each FEEDBACK_PERIOD_S.
    """

    def __init__(
        self,
        node: Node,
        endpoints: Endpoints,
        bank: ControllerBank,
        held: Callable[[], bool] = lambda: False,
        admit: Callable[[], None] = lambda: None,
    ) -> None:
        self._node = node
        self._bank = bank
        self.actions = ControllerActions(node, endpoints, lambda: bank, held, admit)
        self._leases = LeaseServices(node, endpoints, bank, self._on_owner_lost)
        endpoints.subscription("safety/state", self._on_safety)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._owner_timer = node.create_timer(OWNER_PERIOD_S, self._leases.watch, clock=steady)

    def _on_safety(self, state: SafetyState) -> None:
        if state.stopped:
            self._bank.stop(state.reason)
        else:
            self._bank.release_stop()

    def _on_owner_lost(self, owner: str, arms: tuple[str, ...]) -> None:
        self._node.get_logger().error(f"{owner} left the graph while it held {', '.join(arms)}: its motion is stopped")
        self.actions.cancel_all(f"{owner} left the graph", arms)
