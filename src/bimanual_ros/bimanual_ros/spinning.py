"""Running callbacks between other work, and in a thread of their own."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rclpy.exceptions import InvalidHandle
from rclpy.executors import (
    ConditionReachedException,
    ExternalShutdownException,
    ShutdownException,
    SingleThreadedExecutor,
    TimeoutException,
)
from rclpy.node import Node

#: Most callbacks run in one go, so that a flood of messages cannot hold up the caller's own work.
MOST_CALLBACKS = 64


def spin_some(
    executor: SingleThreadedExecutor, timeout_s: float = 0.0, lock: AbstractContextManager[Any] | None = None
) -> int:
    """Wait up to ``timeout_s`` for something to do, then run all that is ready; returns how many callbacks ran.
    ``lock`` is held by each of them.

    Raises ExternalShutdownException when the context was shut down.
    """
    for count in range(MOST_CALLBACKS):
        try:
            handler: Any = executor.wait_for_ready_callbacks(timeout_sec=0.0 if count else timeout_s)[0]
        except (TimeoutException, ConditionReachedException):
            return count
        except ShutdownException:
            raise ExternalShutdownException from None
        with lock or nullcontext():
            handler()
        if handler.done():
            handler.result()  # raises what the callback raised
    return MOST_CALLBACKS


class BackgroundSpinner:
    """Spins a node in a thread until :meth:`stop`; what a callback raises is kept in ``error``."""

    def __init__(self, node: Node) -> None:
        self.error: BaseException | None = None
        self._executor = SingleThreadedExecutor(context=node.context)
        self._executor.add_node(node)
        self._ending = False
        self._thread = threading.Thread(target=self._spin, name=f"spin {node.get_name()}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; the node stays."""
        self._ending = True
        self._executor.wake()
        self._thread.join()
        self._executor.shutdown(timeout_sec=1.0)

    def _spin(self) -> None:
        try:
            while not self._ending:
                self._executor.spin_once(timeout_sec=1.0)
        except (ExternalShutdownException, ShutdownException, InvalidHandle):
            return
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for this node's messages
            self.error = error
