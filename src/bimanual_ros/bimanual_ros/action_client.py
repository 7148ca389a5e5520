"""rclpy's action client, made safe to be used by one thread while another one spins its node."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.task import Future


class ThreadedActionClient(ActionClient):
    """Clients can be made, and goals sent, while another thread spins the node.

    rclpy 9.1 shows a client to the executor before it has the lock that the executor takes, and makes two futures of
    each goal: what the server answers before the second one is known is set to the first, for which nobody waits
    (https://github.com/ros2/rclpy/issues/1123). So the lock is there from the beginning, and answers wait until the
    goal's future is known.
    """

    def __init__(self, node: Node, action_type: Any, name: str) -> None:
        self._lock = threading.Lock()
        self._sending = threading.RLock()
        super().__init__(node, action_type, name)

    def send_goal_async(
        self, goal: Any, feedback_callback: Callable[[Any], None] | None = None, goal_uuid: Any = None
    ) -> Future:
        """As rclpy's, without the first future."""
        with self._sending:
            before = list(self._futures)
            future = super().send_goal_async(goal, feedback_callback, goal_uuid)
            for made in [f for f in self._futures if f not in before and f is not future]:
                self.remove_future(made)
        return future

    async def execute(self, taken_data: Any) -> None:
        """As rclpy's, once no goal is half way out."""
        with self._sending:
            pass
        await super().execute(taken_data)
