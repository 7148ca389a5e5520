"""A robot's controllers on the graph: what the driver of a simulated and of a real robot serve alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from bimanual_control.bank import ControllerBank
from bimanual_core.errors import ErrorCode
from bimanual_ros.action_servers import ControllerActions
from bimanual_ros.control_notices import ControlNotices
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.lease_services import LeaseServices
from bimanual_ros.rivals import RivalWatch
from bimanual_ros.safety_link import SafetyLink

OWNER_PERIOD_S = 0.5
FEEDBACK_PERIOD_S = 0.05


class ServedControllers:
    """Serves ``bank``: goals and streams, leases, and the stop of safety/state. A lost owner and another driver in the
    domain stop the motion.

    ``held()`` says whether goals wait for time to go on (see ControllerActions); ``admit()`` raises BimanualError while
    no goal is taken at all. The driver's loop calls :meth:`look` each control period, so that a stop waits for no
    executor, publishes the feedback of ``actions`` each FEEDBACK_PERIOD_S, and calls :meth:`beat` each round: a process
    that was stopped for longer than ``stall_s`` moves on only when asked.
    """

    def __init__(
        self,
        node: Node,
        endpoints: Endpoints,
        bank: ControllerBank,
        held: Callable[[], bool] = lambda: False,
        admit: Callable[[], None] = lambda: None,
        stall_s: float = math.inf,
    ) -> None:
        self._node = node
        self._bank = bank
        self._stall_s, self._beat_at = stall_s, math.inf
        self._rivals = RivalWatch(node, self._on_rival)
        self._admit = admit
        self.actions = ControllerActions(node, endpoints, lambda: bank, held, self._check)
        self._leases = LeaseServices(node, endpoints, bank, self._on_owner_lost)
        self._safety = SafetyLink(node, endpoints, bank)
        self._notices = ControlNotices(node, bank)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._owner_timer = node.create_timer(OWNER_PERIOD_S, self._look, clock=steady)

    @property
    def trouble(self) -> str:
        """Why no goal is taken although the driver would, in words; empty if there is no reason."""
        return self._rivals.words or self._safety.trouble

    @property
    def notice(self) -> str:
        """What the controllers did by themselves lately, in words; empty if nothing."""
        return self._notices.words

    def beat(self, now_s: float) -> None:
        """The loop begins another round at ``now_s`` of wall time."""
        stood_s, self._beat_at = now_s - self._beat_at, now_s
        if stood_s > self._stall_s and self._bank.active:
            self._halt(self._bank.robot.sides, f"the driver stood still for {stood_s:.2f} s, limit {self._stall_s:g} s")

    def _check(self) -> None:
        self._admit()
        self._rivals.check()

    def _look(self) -> None:
        self._leases.watch()
        self._rivals.look()
        self._notices.look()

    def look(self) -> None:
        """Obey what safety/state says by now, and notice when nothing says it."""
        self._safety.look()

    def _on_owner_lost(self, owner: str, arms: tuple[str, ...]) -> None:
        self._halt(arms, f"{owner}, who held {', '.join(arms)}, left the graph or does not answer")

    def _on_rival(self, words: str) -> None:
        self._halt(self._bank.robot.sides, words)

    def _halt(self, sides: Sequence[str], reason: str) -> None:
        """End every motion of ``sides`` as fast as a stop may."""
        self._node.get_logger().error(f"motion is stopped: {reason}")
        for side in sides:
            for part in (self._bank.arms[side], self._bank.grippers[side]):
                part.stop(self._bank.now_ns, ErrorCode.CANCELLED, reason)
        self.actions.cancel_all(reason, tuple(sides))
