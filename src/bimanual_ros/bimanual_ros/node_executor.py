"""The executor of every node: what a callback raises, or taking a message off the wire, does not end the node."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from rclpy.executors import ExternalShutdownException, ShutdownException, SingleThreadedExecutor

from bimanual_ros.faults import faults_of

Work = Callable[[], Coroutine[None, None, None]]


class NodeExecutor(SingleThreadedExecutor):
    """A single-threaded executor whose takes are guarded.

    Where taking a message raises, rclpy ends the spinning, and would never again serve the callback group of that
    entity. Here the message is dropped and counted as a fault of the node, and so is what a callback raises that
    nobody guards nearer to its cause (an answer to a client that has left).
    """

    def _take_subscription(self, sub: Any) -> Work | None:
        return self._take(super()._take_subscription, sub, lambda: sub.topic_name)

    def _take_service(self, srv: Any) -> Work | None:
        return self._take(super()._take_service, srv, lambda: srv.service_name)

    def _take_client(self, client: Any) -> Work | None:
        return self._take(super()._take_client, client, lambda: client.service_name)

    def _take_timer(self, tmr: Any) -> Work | None:
        return self._take(super()._take_timer, tmr, lambda: "a timer")

    def _take_waitable(self, waitable: Any) -> Work | None:
        return self._take(super()._take_waitable, waitable, lambda: getattr(waitable, "_action_name", "a waitable"))

    def _take(self, take: Callable[[Any], Work | None], entity: Any, name: Callable[[], str]) -> Work | None:
        try:
            work = take(entity)
        except Exception as error:  # noqa: BLE001 - counted, logged and shown in /diagnostics
            self._note(f"{name()}: a message that cannot be read", error)
            return None
        if work is None:
            return None

        async def guarded() -> None:
            try:
                await work()
            except (ExternalShutdownException, ShutdownException):
                raise
            except Exception as error:  # noqa: BLE001 - as above
                self._note(name(), error)

        return guarded

    def _note(self, what: str, error: Exception) -> None:
        if not self.context.ok():
            return  # a signal that came amid the work; the node is about to end
        for node in self.get_nodes():
            faults_of(node).note(what, error)
