"""A process's own part in the graph: a node that a thread spins, with the world, the skills and the services."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.robot import RobotSpec
from bimanual_ros.feed import call
from bimanual_ros.graph_skills import GraphSkills
from bimanual_ros.graph_world import GraphWorld, Kinematics
from bimanual_ros.handshake import shake_hands
from bimanual_ros.spinning import BackgroundSpinner

#: Time a service may take that builds a scene or closes a bag [s].
SLOW_SERVICE_S = 60.0


class GraphClient:
    """``world`` and ``skills`` over the graph, and :meth:`request` for its services. Close it when done.

    ``domain`` is the DDS domain (None: that of ROS_DOMAIN_ID). ``alarm`` is called while waiting and raises when
    waiting is in vain. Waits until driver and planner are there; raises SilentNodeError naming one that is not.
    """

    def __init__(
        self,
        name: str,
        robot: RobotSpec,
        kinematics: Kinematics,
        alarm: Callable[[], None],
        namespace: str = "",
        domain: int | None = None,
        graph: str = "sim",
    ) -> None:
        self._alarm = alarm
        with ExitStack() as stack:
            context = Context()
            # The process decides itself what a Ctrl-C means; what stands on its command line is not for the node.
            rclpy.init(args=[], context=context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
            stack.callback(context.try_shutdown)
            self._node = rclpy.create_node(
                name,
                context=context,
                namespace=namespace or None,
                parameter_overrides=[Parameter("use_sim_time", value=graph == "sim")],
            )
            stack.callback(self._node.destroy_node)
            self.world = GraphWorld(self._node, robot, kinematics, self.check, graph)
            self.skills = GraphSkills(self.world)
            self._spinner = BackgroundSpinner(self._node)
            stack.callback(self._spinner.stop)
            stack.callback(self.world.close)
            self.world.wait_ready()
            self.skills.wait_ready()
            self._closing = stack.pop_all()

    @property
    def node(self) -> Node:
        """The node of this process."""
        return self._node

    def check(self) -> None:
        """Raise what ``alarm`` raises, or what went wrong while taking in a message."""
        self._alarm()
        spinner = getattr(self, "_spinner", None)
        if spinner is not None and spinner.error is not None:
            raise BimanualError(f"a message could not be taken in: {spinner.error}") from spinner.error

    def request(self, name: str, **fields: Any) -> Any:
        """Call the service ``name`` of the contract and return its answer.

        Raises BimanualError with the answer's own words where it is no success, SilentNodeError for a silent node.
        """
        server = self.world.endpoints.entry(name).server
        client = self.world.endpoints.client(name)
        try:
            self.world.feed.until(client.service_is_ready, f"the service {name}", server, SLOW_SERVICE_S)
            shake_hands(self.world.feed, server)
            answer = call(self.world.feed, client, client.srv_type.Request(**fields), server, SLOW_SERVICE_S)
        finally:
            self._node.destroy_client(client)
        if not answer.success:
            code = getattr(answer, "error_code", 0) or ErrorCode.INVALID_REQUEST
            raise BimanualError(f"{name}: {getattr(answer, 'error_msg', '')}", ErrorCode(code))
        return answer

    def close(self) -> None:
        """Leave the graph."""
        self._closing.close()
