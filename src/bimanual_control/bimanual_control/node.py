"""``safety``: the stop that every controller obeys, by request or because measured joints are out of bounds."""

from __future__ import annotations

import sys

from bimanual_interfaces.msg import SafetyState
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from bimanual_control.safety import SafetySettings, SafetySupervisor
from bimanual_core.contract import SAFETY
from bimanual_core.errors import BimanualError
from bimanual_ros.conversions.joints import joint_sample
from bimanual_ros.diagnostics import ERROR, OK, Diagnostics, Health
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.liveliness import Heartbeat
from bimanual_ros.main import run_node
from bimanual_ros.parameters import Parameter, declare
from bimanual_ros.polling import Polled, spin_watching
from bimanual_ros.robots import GRAPH, ROBOT, robot_of
from bimanual_ros.sim_time import now

PARAMETERS = (
    ROBOT,
    GRAPH,
    Parameter("position_margin", 0.05, "how far measured joints may pass a limit [rad]", low=0.0, high=1.0),
    Parameter("velocity_factor", 2.0, "how many times its limit a measured speed may be", low=1.0, high=100.0),
)


class Safety(Node):
    """Serves safety/stop and safety/reset, watches joint_states, publishes the latched safety/state."""

    def __init__(self) -> None:
        super().__init__(SAFETY)
        values = declare(self, PARAMETERS)
        self._robot = robot_of(values)
        settings = SafetySettings(values["position_margin"], values["velocity_factor"])
        self._supervisor = SafetySupervisor(self._robot, settings)
        endpoints = Endpoints(self, self._robot, values["graph"])
        self._state = endpoints.publisher("safety/state")
        endpoints.service("safety/stop", self._on_stop)
        endpoints.service("safety/reset", self._on_reset)
        self.polled = Polled()
        endpoints.subscription("joint_states", self._on_joints, polled=self.polled)
        self._heartbeat = Heartbeat(self)
        self._diagnostics = Diagnostics(self, self._health)
        self._publish()

    def _on_joints(self, message: JointState) -> None:
        try:
            sample = joint_sample(message, self._robot.joints)
        except BimanualError as error:
            newly = self._supervisor.stop(f"joint_states cannot be read: {error}")
        else:
            newly = self._supervisor.watch(sample)
        if newly:
            self._publish()

    def _on_stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self._supervisor.stop("safety/stop was called"):
            self._publish()
        response.success, response.message = True, f"stopped: {self._supervisor.latch.reason}"
        return response

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        refusal = self._supervisor.reset()
        response.success, response.message = not refusal, refusal or "motion is allowed again"
        self._publish()
        return response

    def _publish(self) -> None:
        latch = self._supervisor.latch
        message = SafetyState(stopped=latch.engaged, reason=latch.reason)
        message.header.stamp = now(self).to_msg()
        self._state.publish(message)
        if latch.engaged:
            self.get_logger().error(f"stopped: {latch.reason}")

    def _health(self) -> Health:
        latch = self._supervisor.latch
        return (ERROR, f"stopped: {latch.reason}", {}) if latch.engaged else (OK, "running", {})


def main() -> int:
    """Entry point of the executable ``safety``."""
    return run_node(Safety, spin=lambda node, executor: spin_watching(node.polled.take, executor))


if __name__ == "__main__":
    sys.exit(main())
