"""How every node starts and ends: one line on a user's error, exit code 0 on Ctrl-C, nothing left behind."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node

from bimanual_core.errors import BimanualError
from bimanual_ros.faults import guard_rest
from bimanual_ros.node_executor import NodeExecutor
from bimanual_ros.sim_time import read_clock_on_demand

RCLError = rclpy_implementation.RCLError
Spin = Callable[[Node, SingleThreadedExecutor], None]


def run_node(factory: Callable[[], Node], args: Sequence[str] | None = None, spin: Spin | None = None) -> int:
    """Make a node, spin it until it is asked to end, and return the exit code: 0, or 1 after a BimanualError.

    ``spin(node, executor)`` replaces plain spinning where a node has a loop of its own. A node's ``close()``, if it
    has one, is called before the node is destroyed.
    """
    rclpy.init(args=list(args) if args is not None else None)
    node: Node | None = None
    try:
        node = factory()
        read_clock_on_demand(node)
        guard_rest(node)
        executor = NodeExecutor()
        executor.add_node(node)
        if spin is None:
            executor.spin()
        else:
            spin(node, executor)
    except (KeyboardInterrupt, ExternalShutdownException, RCLError) as end:
        # What a loop does between the end of the context and its next look at it, rcl refuses.
        if isinstance(end, RCLError) and rclpy.ok():
            raise
        # Said, so that the log of a node that was asked to end differs from that of one that ended by itself.
        print("ended on request (SIGINT, SIGTERM or a shutdown of its context)", file=sys.stderr, flush=True)
    except BimanualError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        _end(node)
    return 0


def _end(node: Node | None) -> None:
    try:
        if node is not None:
            close = getattr(node, "close", None)
            if close is not None:
                close()
            node.destroy_node()
    except KeyboardInterrupt:
        pass  # a second Ctrl-C: the context below still ends
    finally:
        rclpy.try_shutdown()
