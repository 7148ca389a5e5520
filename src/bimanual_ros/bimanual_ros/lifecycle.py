"""Lifecycle nodes of drivers, cameras and policies: transitions that fail say why, and a node brings itself up.

A subclass of :class:`ManagedNode` overrides the hooks :meth:`~ManagedNode.configure`, :meth:`~ManagedNode.activate`,
:meth:`~ManagedNode.deactivate` and :meth:`~ManagedNode.cleanup`; its ``main`` is ``run_managed(Factory)``. The state
is changed by ``~/change_state`` as of any lifecycle node (``ros2 lifecycle set``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.node import Node

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_ros.main import Spin, run_node
from bimanual_ros.parameters import Parameter

#: To be declared by every managed node beside its own parameters.
AUTOSTART = Parameter("autostart", True, "configure and activate the node at its start")
UNCONFIGURED, INACTIVE, ACTIVE, FINALIZED = "unconfigured", "inactive", "active", "finalized"


class ManagedNode(LifecycleNode):
    """A lifecycle node whose hooks raise BimanualError, in words, where a transition is not possible.

    Such a transition fails: the state stays, and ``refusal`` keeps the words until a transition succeeds. Any other
    exception is logged and takes the node through error processing (:meth:`cleanup`) back to ``unconfigured``.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.refusal = ""
        self._holds_device = False

    # -- hooks --------------------------------------------------------------------------------------------------------
    def configure(self) -> None:
        """Open what the node needs. Raises BimanualError."""

    def activate(self) -> None:
        """Begin to work. Raises BimanualError."""

    def deactivate(self) -> None:
        """Stop working, and stay open. Raises BimanualError."""

    def cleanup(self) -> None:
        """Close what :meth:`configure` opened; may be called twice."""

    # -- state --------------------------------------------------------------------------------------------------------
    @property
    def state(self) -> str:
        """``unconfigured``, ``inactive``, ``active``, ``finalized``, or the transition under way."""
        return str(self._state_machine.current_state[1])

    def autostart(self) -> None:
        """Configure and activate. Raises BimanualError saying why that is not possible."""
        for trigger in (self.trigger_configure, self.trigger_activate):
            if trigger() != TransitionCallbackReturn.SUCCESS:
                raise BimanualError(f"{self.get_name()}: {self.refusal}", ErrorCode.HARDWARE_NOT_READY)

    def close(self) -> None:
        """Stop and close, in whatever state the node is; for the end of the process, whose context may be gone."""
        if not self._holds_device:
            return
        self._holds_device = False
        if self.state == ACTIVE:
            with suppress(BimanualError):
                self.deactivate()
        self.cleanup()

    # -- rclpy --------------------------------------------------------------------------------------------------------
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._holds_device = True
        return self._done(self.configure, "configured")

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._done(self.activate, "activated")

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._done(self.deactivate, "deactivated")

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        result = self._done(self.cleanup, "cleaned up")
        self._holds_device = result != TransitionCallbackReturn.SUCCESS
        return result

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        if state.label == ACTIVE:
            self._done(self.deactivate, "deactivated")
        return self.on_cleanup(state) if self._holds_device else TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        words = self.refusal
        result = self.on_cleanup(state)
        self.refusal = words or self.refusal
        return result

    def _done(self, hook: Callable[[], None], what: str) -> TransitionCallbackReturn:
        try:
            hook()
        except BimanualError as error:
            self.refusal = str(error)
            self.get_logger().error(f"not {what}: {error}")
            return TransitionCallbackReturn.FAILURE
        except Exception as error:  # noqa: BLE001 - rclpy would swallow it; said here, then error processing follows
            self.refusal = f"{type(error).__name__}: {error}"
            self.get_logger().error(f"not {what}: {self.refusal}")
            return TransitionCallbackReturn.ERROR
        self.refusal = ""
        self.get_logger().info(what)
        return TransitionCallbackReturn.SUCCESS


def run_managed(factory: Callable[[], ManagedNode], args: Sequence[str] | None = None, spin: Spin | None = None) -> int:
    """``run_node`` for a managed node: brings it up first, unless its parameter ``autostart`` is false.

    A node that cannot come up by itself ends with its words and exit code 1.
    """

    def started() -> Node:
        node = factory()
        try:
            if node.get_parameter(AUTOSTART.name).value:
                node.autostart()
        except BaseException:
            node.close()
            node.destroy_node()
            raise
        return node

    return run_node(started, args, spin)
