"""Waiting for what other nodes say, with a watchdog on wall time that names who went quiet. Nothing here sleeps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from rclpy.node import Node
from rclpy.task import Future

from bimanual_core.errors import BimanualError, SilentNodeError
from bimanual_ros.liveliness import LifeWatch

T = TypeVar("T")
#: A node that says nothing for this long is taken for dead [s of wall time].
SILENCE_S = 5.0
#: A node whose heartbeat has been missed for this long [s] is not waited for any longer.
MISSED_S = 1.0
#: How often a waiting client looks after alarms and silence [s].
LOOK_S = 0.2
#: How often it takes in messages itself where no executor does [s].
POLL_S = 0.005


class Feed:
    """One condition that every message and every finished future notifies.

    ``alarm`` is called while waiting and raises when waiting is in vain (a process of the graph died).
    """

    def __init__(
        self, node: Node, alarm: Callable[[], None] | None = None, look: Callable[[], object] | None = None
    ) -> None:
        """``look`` takes in messages that no executor delivers; it is called while somebody waits, and often."""
        self.node = node
        self._look = look
        self._look_s = LOOK_S if look is None else POLL_S
        self.alarm = alarm or (lambda: None)
        self._changed = threading.Condition()
        self._heard: dict[str, float] = {}
        self._topics: dict[str, str] = {}
        self._lives: dict[str, LifeWatch] = {}

    def expect(self, server: str, topics: str) -> None:
        """Begin to watch the node ``server``, which speaks on ``topics``."""
        self._topics[server] = topics
        self._heard[server] = time.monotonic()
        if server not in self._lives:
            self._lives[server] = LifeWatch(self.node, server, self.poke)

    def hears(self, server: str, callback: Callable[[Any], None]) -> Callable[[Any], None]:
        """``callback`` for a subscription to ``server``: takes note, wakes who waits, and drops bad messages."""

        def on_message(message: Any) -> None:
            try:
                with self._changed:
                    callback(message)
                    self._heard[server] = time.monotonic()
                    self._changed.notify_all()
            except BimanualError as error:
                text = f"a message of {server} was dropped: {error}"
                self.node.get_logger().warning(text, throttle_duration_sec=1.0)

        return on_message

    def hears_node(self, server: str) -> Callable[[Any], None]:
        """A callback for /diagnostics that takes note of the node ``server``."""

        def on_diagnostics(message: Any) -> None:
            if any(status.name.rpartition("/")[2] == server for status in message.status):
                self._heard[server] = time.monotonic()

        return on_diagnostics

    def held(self) -> threading.Condition:
        """The lock under which messages are taken in: use as ``with feed.held():``."""
        return self._changed

    def poke(self, *_: object) -> None:
        """Wake who waits."""
        with self._changed:
            self._changed.notify_all()

    def until(self, predicate: Callable[[], T | None], what: str, server: str = "", silence_s: float = SILENCE_S) -> T:
        """Wait until ``predicate()`` is true and return it.

        Raises SilentNodeError naming ``server`` if nothing was heard of it for ``silence_s``, and what ``alarm``
        raises.
        """
        begin = time.monotonic()
        with self._changed:
            while True:
                if self._look is not None:
                    self._look()
                value = predicate()
                if value:
                    return value
                self._changed.wait(self._look_s)
                self.alarm()
                if server:
                    self._check(server, what, max(begin, self._heard.get(server, begin)), silence_s)

    def result(self, future: Future, what: str, server: str, silence_s: float = SILENCE_S) -> Any:
        """The result of ``future`` once it is done. Raises as :meth:`until`, and what the future raised."""
        future.add_done_callback(self.poke)
        self.until(future.done, what, server, silence_s)
        return future.result()

    def _check(self, server: str, what: str, heard: float, silence_s: float) -> None:
        life = self._lives.get(server)
        if life is not None and life.missed_s > MISSED_S:
            for_s = f"{life.missed_s:.1f} s"
            raise SilentNodeError(f"node {server} was killed or stopped: missed for {for_s} while waiting for {what}")
        quiet = time.monotonic() - heard
        if quiet > silence_s:
            topics = self._topics.get(server)
            where = f" on {topics}" if topics else ""
            raise SilentNodeError(f"node {server} has been silent{where} for {quiet:.1f} s while waiting for {what}")


def call(feed: Feed, client: Any, request: Any, server: str, silence_s: float = SILENCE_S) -> Any:
    """Call a service and wait for its answer. Raises SilentNodeError naming ``server``."""
    name = client.srv_name
    feed.until(client.service_is_ready, f"the service {name}", server, silence_s)
    return feed.result(client.call_async(request), f"the answer of {name}", server, silence_s)
