"""How a driver obeys the safety node, and what it does without it.

A stop of ``safety/state`` is the bank's. When a safety node that was there is gone or says nothing any more, the driver
stops by itself. Once the node is back the driver has it latch that stop, so that ``safety/state`` tells the truth and
``safety/reset`` lets go, as after any other.
"""

from __future__ import annotations

import time
from typing import Any

from bimanual_interfaces.msg import SafetyState
from rclpy.node import Node
from rclpy.task import Future

from bimanual_control.bank import ControllerBank
from bimanual_control.watchdog import Watchdog
from bimanual_core.contract import SAFETY
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.liveliness import LifeWatch
from bimanual_ros.polling import Polled

#: A safety node whose process does not assert its liveliness is missed after this long [s] on top of what DDS waits.
GONE_S = 0.1
#: One that lives but does not repeat its state hangs after this long [s]; it repeats it twice a second.
HUNG_S = 2.5
#: The safety node is asked to latch again when this long [s] after it was asked it still says that nothing is stopped.
#: Until it speaks the request waits in its queue: a second one beside it could undo a reset that came in between.
ASK_AGAIN_S = 1.0


class SafetyLink:
    """Makes ``bank`` obey. The driver's loop calls :meth:`look` each control period, also while it rests."""

    def __init__(self, node: Node, endpoints: Endpoints, bank: ControllerBank) -> None:
        self._node = node
        self._bank = bank
        self._heard = Polled()
        endpoints.subscription("safety/state", self._on_state, polled=self._heard)
        self._life = LifeWatch(node, SAFETY)
        self._silence = Watchdog(HUNG_S)
        self._ask_stop = endpoints.client("safety/stop")
        self._asked: Future | None = None
        self._ask_from_s = 0.0
        self._unlatched_at_s = 0.0
        self._words = ""

    @property
    def trouble(self) -> str:
        """Why the driver stopped by itself, until the safety node has latched that; empty if it did not."""
        return self._words

    @property
    def met(self) -> bool:
        """Whether the safety node is there and would be missed at once; before that, its silence tells, later."""
        return self._life.alive

    def look(self) -> None:
        """Obey what was said by now, and notice silence."""
        self._heard.take()
        now_s = time.monotonic()
        hung = self._silence.look(now_s)
        if not self._words:
            if self._life.missed_s > GONE_S:
                self._stop(f"node {SAFETY} is gone: killed or stopped")
            elif hung:
                self._stop(f"node {SAFETY} has been silent on safety/state for {self._silence.silent_s:.1f} s")
        elif self._life.alive and not hung and self._unlatched_at_s >= self._ask_from_s:
            self._have_it_latched(now_s)

    def _stop(self, words: str) -> None:
        self._words = words
        self._ask_from_s = self._unlatched_at_s = 0.0
        self._node.get_logger().error(f"motion is stopped: {words}")
        self._bank.stop(words)

    def _have_it_latched(self, now_s: float) -> None:
        if not self._ask_stop.service_is_ready():
            return
        if self._asked is not None and not self._asked.done():
            self._ask_stop.remove_pending_request(self._asked)
        self._asked = self._ask_stop.call_async(self._ask_stop.srv_type.Request())
        self._ask_from_s = now_s + ASK_AGAIN_S

    def _on_state(self, state: SafetyState) -> Any:
        self._silence.beat()
        latch = self._bank.stop_latch
        if state.stopped:
            self._words = ""
            if not latch.engaged:
                self._bank.stop(state.reason)
        elif self._words:
            self._unlatched_at_s = time.monotonic()
        elif latch.engaged:
            self._bank.release_stop()
