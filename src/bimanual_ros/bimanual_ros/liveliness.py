"""Who is alive: a topic ``<node>/alive`` that carries nothing; DDS tells within a second when the process of its
publisher was killed or stopped.

The middleware's own threads assert it, ten times a second, so a node that computes or renders for long is not missed.
One whose own thread hangs is not missed either: its /diagnostics fall silent.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from rclpy.callback_groups import CallbackGroup
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from std_msgs.msg import Empty

from bimanual_core.contract import Qos, alive_topic
from bimanual_ros.endpoints import NO_PUBLISHER_EVENTS
from bimanual_ros.qos import publisher_qos, subscription_qos

_NODE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Heartbeat:
    """Lets others know that ``node`` lives, for as long as the node exists."""

    def __init__(self, node: Node) -> None:
        self._publisher = node.create_publisher(
            Empty, alive_topic(node.get_name()), publisher_qos(Qos.ALIVE), event_callbacks=NO_PUBLISHER_EVENTS
        )

    @property
    def watched(self) -> bool:
        """Whether somebody watches."""
        return bool(self._publisher.get_subscription_count())


class LifeWatch:
    """Watches the node ``name`` of the same namespace; ``on_change(alive)`` is called by the executor of ``node``.

    A node without a heartbeat, or a name that no node can have, is never seen and so never missed.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        on_change: Callable[[bool], None] | None = None,
        callback_group: CallbackGroup | None = None,
    ) -> None:
        self.name = name
        self.alive = False
        self.seen = False
        self._changed_at = time.monotonic()
        self._on_change = on_change or (lambda _: None)
        self._node = node
        self._subscription = None
        if _NODE_NAME.fullmatch(name):
            self._subscription = node.create_subscription(
                Empty,
                alive_topic(name),
                lambda _: None,
                subscription_qos(Qos.ALIVE),
                callback_group=callback_group,
                event_callbacks=SubscriptionEventCallbacks(liveliness=self._on_event, use_default_callbacks=False),
            )

    @property
    def missed_s(self) -> float:
        """For how long [s] a node that was there has been missed; 0 while it lives or was never seen."""
        return time.monotonic() - self._changed_at if self.seen and not self.alive else 0.0

    def close(self) -> None:
        """Watch no more."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def _on_event(self, event: object) -> None:
        alive = event.alive_count > 0  # type: ignore[attr-defined]
        self.seen = self.seen or alive
        if alive != self.alive:
            self.alive = alive
            self._changed_at = time.monotonic()
            self._on_change(alive)
