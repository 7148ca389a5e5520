"""Publishers, subscriptions, services, actions and clients built from the contract, so that no node spells a name's
type or QoS a second time. What calls back is guarded (see ``faults``): no exception in it ends the node."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

from rclpy.action import ActionClient, ActionServer
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.client import Client
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.service import Service
from rclpy.subscription import Subscription

from bimanual_core.contract import Endpoint, Kind, endpoints
from bimanual_core.errors import BimanualError, UnknownNameError
from bimanual_core.robot import RobotSpec
from bimanual_ros.action_client import ThreadedActionClient
from bimanual_ros.faults import guarded, guarded_goals, guarded_service
from bimanual_ros.polling import Polled
from bimanual_ros.qos import publisher_qos, subscription_qos

#: rclpy adds two event handlers to every topic, and every one costs each time an executor waits; with the QoS of one
#: table they have nothing to tell.
NO_PUBLISHER_EVENTS = PublisherEventCallbacks(use_default_callbacks=False)
NO_SUBSCRIPTION_EVENTS = SubscriptionEventCallbacks(use_default_callbacks=False)


@cache
def message_class(type_name: str) -> Any:
    """The Python class of an interface such as ``sensor_msgs/msg/JointState``. Raises UnknownNameError."""
    package, kind, name = type_name.split("/")
    try:
        return getattr(importlib.import_module(f"{package}.{kind}"), name)
    except (ImportError, AttributeError):
        raise UnknownNameError("interface", type_name, ["those of the sourced workspace"]) from None


class Endpoints:
    """Makes the endpoints of one node from the contract's table for ``robot``."""

    def __init__(self, node: Node, robot: RobotSpec, graph: str = "sim") -> None:
        self.node = node
        self._table = {e.name: e for e in endpoints(robot, graph)}

    def entry(self, name: str) -> Endpoint:
        """The contract's line; raises UnknownNameError listing the names."""
        try:
            return self._table[name]
        except KeyError:
            raise UnknownNameError("endpoint", name, self._table) from None

    def publisher(self, name: str) -> Publisher:
        e = self._of_kind(name, Kind.TOPIC)
        return self.node.create_publisher(
            message_class(e.type), name, publisher_qos(e.qos), event_callbacks=NO_PUBLISHER_EVENTS
        )

    def subscription(
        self,
        name: str,
        callback: Callable[[Any], None],
        raw: bool = False,
        depth: int | None = None,
        polled: Polled | None = None,
    ) -> Subscription:
        """Calls back with messages, or with their serialised bytes if ``raw``; ``depth`` replaces the preset's.
        ``polled`` takes the subscription over from the executor."""
        e = self._of_kind(name, Kind.TOPIC)
        qos = subscription_qos(e.qos)
        qos.depth = depth or qos.depth
        subscription = self.node.create_subscription(
            message_class(e.type),
            name,
            guarded(self.node, name, callback),
            qos,
            raw=raw,
            event_callbacks=NO_SUBSCRIPTION_EVENTS,
        )
        if polled is not None:
            polled.adopt(subscription)
        return subscription

    def service(self, name: str, callback: Callable[[Any, Any], Any], apart: bool = False) -> Service:
        """``apart`` gives it a callback group of its own: for a callback that awaits what the node has yet to hear, and
        the node's common group would hear nothing until that callback has ended."""
        type_ = message_class(self._of_kind(name, Kind.SERVICE).type)
        group = MutuallyExclusiveCallbackGroup() if apart else None
        return self.node.create_service(type_, name, guarded_service(self.node, name, callback), callback_group=group)

    def client(self, name: str) -> Client:
        """A client in a callback group of its own: a callback may await its answer, which the node's common group would
        hold back until that callback has ended."""
        type_ = message_class(self._of_kind(name, Kind.SERVICE).type)
        return self.node.create_client(type_, name, callback_group=MutuallyExclusiveCallbackGroup())

    def action_server(self, name: str, execute: Callable[[Any], Any], **callbacks: Any) -> ActionServer:
        """A server of goals; ``callbacks`` are rclpy's ``goal_callback``, ``handle_accepted_callback`` and
        ``cancel_callback``."""
        type_ = message_class(self._of_kind(name, Kind.ACTION).type)
        return ActionServer(self.node, type_, name, **guarded_goals(self.node, name, type_, execute, callbacks))

    def action_client(self, name: str) -> ActionClient:
        return ThreadedActionClient(self.node, message_class(self._of_kind(name, Kind.ACTION).type), name)

    def _of_kind(self, name: str, kind: Kind) -> Endpoint:
        entry = self.entry(name)
        if entry.kind is not kind:
            raise BimanualError(f"{name} is a {entry.kind.value}, not a {kind.value}")
        return entry
