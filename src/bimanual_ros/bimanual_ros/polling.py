"""Subscriptions that are looked into instead of being waited for.

Each time an executor wakes it gathers every entity of its node anew, which costs several times what a small message
does. What comes a hundred times a second is cheaper to look into at a time that suits the node.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from rclpy.callback_groups import CallbackGroup
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.subscription import Subscription

from bimanual_ros.spinning import spin_some

#: How often a node of this kind looks into its subscriptions, and after its services and timers [s].
LOOK_PERIOD_S, SERVICE_PERIOD_S = 0.01, 0.1
#: Whether anybody wants what a node makes of its messages.
Wanted = Callable[[], object]
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


def spin_polling(take: Callable[[], object], node: Node, executor: SingleThreadedExecutor, wanted: Wanted) -> None:
    """Call ``take`` each LOOK_PERIOD_S while ``wanted()``, else as rarely as the rest of ``node`` is served: each
    SERVICE_PERIOD_S; until the context ends."""
    rounds = round(SERVICE_PERIOD_S / LOOK_PERIOD_S)
    often, seldom = _Pace(LOOK_PERIOD_S), _Pace(SERVICE_PERIOD_S)
    while True:
        if wanted():
            for _ in range(rounds):
                take()
                time.sleep(often.left())
        else:
            take()
            time.sleep(seldom.left())
        if not node.context.ok():
            raise ExternalShutdownException
        spin_some(executor)


def spin_watching(take: Callable[[], object], executor: SingleThreadedExecutor) -> None:
    """Call ``take`` each WATCH_PERIOD_S and serve the rest at once when it comes, until the context ends.

    Neither runs while the other does. Raises what ``take`` raises.
    """
    watcher = _Watcher(take)
    try:
        while not watcher.raised:
            spin_some(executor, SERVICE_PERIOD_S, watcher.lock)
    finally:
        watcher.stop()
    raise watcher.raised[0]


class _Watcher:
    """Calls ``take`` in a thread of its own: an executor that is left to wait gathers its entities far less often."""

    def __init__(self, take: Callable[[], object]) -> None:
        self.lock = threading.Lock()
        self.raised: list[Exception] = []
        self._take = take
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        pace = _Pace(WATCH_PERIOD_S)
        while not self._ending.is_set():
            try:
                with self.lock:
                    self._take()
            except Exception as error:  # noqa: BLE001 - raised again where the node is spun
                self.raised.append(error)
                return
            time.sleep(pace.left())


class _Pace:
    """When the next period begins; periods that were missed are not made up for."""

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._due = time.monotonic()

    def left(self) -> float:
        """Begin the next period; the time [s] that is left of this one."""
        now = time.monotonic()
        self._due = max(self._due + self._period_s, now - self._period_s)
        return max(0.0, self._due - now)
