"""Unexpected exceptions at a node's boundary: one bad request costs itself an answer in words, never the node.

Every callback passes here. What is raised on purpose (BimanualError) becomes a refusal; anything else is a bug: its
traceback is logged once, the node counts it, /diagnostics shows the count, and the caller reads what happened.
"""

from __future__ import annotations

import functools
import inspect
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from action_msgs.msg import GoalStatus
from rclpy.action import CancelResponse, GoalResponse
from rclpy.executors import ExternalShutdownException, ShutdownException
from rclpy.node import Node

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_ros.answers import refuse

#: For so long [s of wall time] after its newest fault a node is in error; from then on the count is a warning.
FRESH_S = 10.0
_ENDING = (ExternalShutdownException, ShutdownException)
_MARK = "_bimanual_guarded"


class Faults:
    """The faults of one node since it started."""

    def __init__(self, node: Node) -> None:
        self._logger = node.get_logger()
        self._name = node.get_name()
        self._seen: Counter[str] = Counter()
        self._newest_at = 0.0
        self.newest = ""

    @property
    def count(self) -> int:
        return self._seen.total()

    @property
    def fresh(self) -> bool:
        """Whether the newest fault is younger than FRESH_S."""
        return bool(self.newest) and time.monotonic() - self._newest_at < FRESH_S

    def note(self, what: str, error: BaseException) -> str:
        """Count a fault in ``what``, log its traceback if it is the first of its kind, and return it in words."""
        text = f"{what} failed inside {self._name}: {type(error).__name__}: {error}"
        frames = traceback.extract_tb(error.__traceback__)
        kind = f"{what}:{type(error).__name__}:{frames[-1].filename}:{frames[-1].lineno}" if frames else what
        self._seen[kind] += 1
        self.newest, self._newest_at = text, time.monotonic()
        if self._seen[kind] == 1:
            self._logger.error(text + "\n" + "".join(traceback.format_exception(error)))
        else:
            self._logger.error(f"{text} ({self._seen[kind]} times)", throttle_duration_sec=5.0)
        return f"{text}; its log has the traceback"


_FAULTS: WeakKeyDictionary[Node, Faults] = WeakKeyDictionary()


def faults_of(node: Node) -> Faults:
    """The faults of ``node``."""
    if node not in _FAULTS:
        _FAULTS[node] = Faults(node)
    return _FAULTS[node]


def guarded(
    node: Node, what: str, callback: Callable[..., Any], instead: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """``callback``, plain or a coroutine function, that never raises; ``what`` names it in words.

    Where it raises, ``instead(code, text, *args)`` is its value; ``text`` is a refusal's own or tells of the fault.
    """

    def failed(error: Exception, *args: Any) -> Any:
        if isinstance(error, BimanualError):
            code, text = error.code, str(error)
            if instead is None:
                node.get_logger().warning(f"{what}: {text}", throttle_duration_sec=1.0)
        else:
            code, text = ErrorCode.INTERNAL, faults_of(node).note(what, error)
        return instead(code, text, *args) if instead is not None else None

    # rclpy awaits what is declared as a coroutine function, and nothing else.
    if inspect.iscoroutinefunction(callback):

        async def guard(*args: Any) -> Any:
            try:
                return await callback(*args)
            except _ENDING:
                raise
            except Exception as error:  # noqa: BLE001 - counted, logged, shown and answered
                return failed(error, *args)
    else:

        def guard(*args: Any) -> Any:
            try:
                return callback(*args)
            except _ENDING:
                raise
            except Exception as error:  # noqa: BLE001 - as above
                return failed(error, *args)

    # rclpy asks a subscription's callback for its signature, to know whether it wants the message's info too.
    functools.update_wrapper(guard, callback)
    setattr(guard, _MARK, True)
    return guard


def guarded_service(node: Node, name: str, callback: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A service's callback that answers in words where ``callback`` raises."""

    def refused(code: ErrorCode, text: str, request: Any, response: Any) -> Any:
        # A fresh response: what raised may have filled half of the other one.
        return refuse(type(response)(), code, text, request)

    return guarded(node, name, callback, refused)


def guarded_goals(
    node: Node, name: str, action: Any, execute: Callable[[Any], Any], callbacks: Mapping[str, Callable[..., Any]]
) -> dict[str, Callable[..., Any]]:
    """The callbacks of an action server of type ``action``, guarded: a goal that a callback fails on ends as aborted,
    with words where the result has room for them; a request to begin or cancel one is turned down."""

    def aborted(code: ErrorCode, text: str, goal: Any) -> Any:
        if goal.is_active:
            goal.abort()
        return refuse(action.Result(), code, text)

    def never_began(code: ErrorCode, text: str, goal: Any) -> None:
        if goal.status == GoalStatus.STATUS_ACCEPTED:
            goal.execute(lambda handle: aborted(code, text, handle))

    on_failure: dict[str, Callable[[ErrorCode, str, Any], Any]] = {
        "execute_callback": aborted,
        "handle_accepted_callback": never_began,
        "goal_callback": lambda *_: GoalResponse.REJECT,
        "cancel_callback": lambda *_: CancelResponse.REJECT,
    }
    return {
        kind: guarded(node, name, callback, on_failure[kind])
        for kind, callback in {"execute_callback": execute, **callbacks}.items()
    }


def guard_rest(node: Node) -> None:
    """Guard the callbacks of ``node`` that were not made by Endpoints: parameter services, timers, subscriptions."""
    for service in node.services:
        if not _is_guarded(service.callback):
            service.callback = guarded_service(node, service.service_name, service.callback)
    for timer in node.timers:
        if timer.callback is not None and not _is_guarded(timer.callback):
            timer.callback = guarded(node, f"timer {_name_of(timer.callback)}", timer.callback)
    for subscription in node.subscriptions:
        if not _is_guarded(subscription.callback) and not _wants_info(subscription):
            subscription.callback = guarded(node, subscription.topic_name, subscription.callback)


def _wants_info(subscription: Any) -> bool:
    return subscription._callback_type is not type(subscription).CallbackType.MessageOnly


def _is_guarded(callback: Any) -> bool:
    return getattr(callback, _MARK, False)


def _name_of(callback: Any) -> str:
    return getattr(callback, "__qualname__", type(callback).__name__)
