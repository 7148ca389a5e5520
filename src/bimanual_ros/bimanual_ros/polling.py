"""Subscriptions that are looked into instead of being waited for.

Each time an executor wakes it gathers every entity of its node anew, which costs several times what a small message
does. What comes a hundred times a second is cheaper to look into at a time that suits the node.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.callback_groups import CallbackGroup
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.subscription import Subscription

from bimanual_ros.spinning import spin_some

#: How often a node of this kind looks into its subscriptions, and after its services and timers [s].
LOOK_PERIOD_S, SERVICE_PERIOD_S = 0.01, 0.1
#: How often one looks that must answer its services at once [s].
WATCH_PERIOD_S = 0.02


class PolledGroup(CallbackGroup):
    """A callback group that no executor serves."""

    def can_execute(self, entity: object) -> bool:
        return False

    def beginning_execution(self, entity: object) -> bool:
        return False

    def ending_execution(self, entity: object) -> None:
        return None


class Polled:
    """Subscriptions whose callbacks run when :meth:`take` is called, in its thread. Create them with ``group``."""

    def __init__(self) -> None:
        self.group = PolledGroup()
        self._subscriptions: list[Subscription] = []

    def adopt(self, subscription: Subscription) -> None:
        """Look into ``subscription`` from now on; no executor waits for it any more."""
        subscription.callback_group = self.group
        # A reader's events wake whoever waits for them also while messages lie unread.
        for handler in subscription.event_handlers:
            handler.callback_group = self.group
        self._subscriptions.append(subscription)

    def take(self) -> int:
        """Call back with every message that waits; returns how many there were."""
        count = 0
        for subscription in self._subscriptions:
            count += take_waiting(subscription)
        return count


def take_waiting(subscription: Subscription) -> int:
    """Call back with every message that waits in ``subscription``; returns how many there were."""
    with subscription.handle:
        # A queue holds at most its depth, so that a flood cannot keep this loop for ever.
        for count in range(subscription.qos_profile.depth or 1):
            found = subscription.handle.take_message(subscription.msg_type, subscription.raw)
            if found is None:
                return count
            subscription.callback(found[0])
    return subscription.qos_profile.depth or 1


def spin_polling(take: Callable[[], object], node: Node, executor: SingleThreadedExecutor) -> None:
    """Call ``take`` each LOOK_PERIOD_S and serve the rest of ``node`` each SERVICE_PERIOD_S, until the context ends."""
    rounds = round(SERVICE_PERIOD_S / LOOK_PERIOD_S)
    pace = _Pace(LOOK_PERIOD_S)
    while True:
        for _ in range(rounds):
            take()
            time.sleep(pace.left())
        if not node.context.ok():
            raise ExternalShutdownException
        spin_some(executor)


def spin_watching(take: Callable[[], object], executor: SingleThreadedExecutor) -> None:
    """Call ``take`` each WATCH_PERIOD_S and serve the rest at once when it comes, until the context ends."""
    pace = _Pace(WATCH_PERIOD_S)
    while True:
        take()
        left = pace.left()
        # What is served meanwhile does not end the wait, so that a flood of requests cannot hold ``take`` up.
        while spin_some(executor, left) and (left := pace.left_now()) > 0.0:
            continue


class _Pace:
    """When the next period begins; periods that were missed are not made up for."""

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._due = time.monotonic()

    def left(self) -> float:
        """Begin the next period; the time [s] that is left of this one."""
        self._due = max(self._due + self._period_s, time.monotonic() - self._period_s)
        return self.left_now()

    def left_now(self) -> float:
        """The time [s] that is left of the present period."""
        return max(0.0, self._due - time.monotonic())
