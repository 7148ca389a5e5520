"""Work in a thread of its own that a callback awaits, while the node's executor goes on listening."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.task import Future


class Worker:
    """One piece of work at a time for ``node``; :meth:`end` waits for it."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._thread: threading.Thread | None = None

    def start(self, work: Callable[[], Any]) -> Future:
        """A future of what ``work`` returns or raises."""
        future = Future(executor=self._node.executor)
        # Who awaits a future does not wake the executor when it is done; a callback does.
        future.add_done_callback(lambda _: None)

        def run() -> None:
            try:
                future.set_result(work())
            except ExternalShutdownException:
                return
            except Exception as error:  # noqa: BLE001 - raised again where the future is awaited
                future.set_exception(error)

        self._thread = threading.Thread(target=run, name=f"{self._node.get_name()} work", daemon=True)
        self._thread.start()
        return future

    def end(self, timeout_s: float) -> None:
        """Wait at most ``timeout_s`` for the work under way."""
        if self._thread is not None:
            self._thread.join(timeout_s)
