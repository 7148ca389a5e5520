"""``safety``: the stop that every controller obeys, by request, because measured joints are out of bounds, or because
the graph misses what must keep coming."""

from __future__ import annotations

import sys
import time

from bimanual_interfaces.msg import SafetyState, SimStatus
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from bimanual_control.graph_watch import GraphWatch, WatchLimits
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
    Parameter("joint_states_timeout", 0.5, "longest silence of a real robot's joint_states [s]", low=0.05, high=60.0),
    Parameter(
        "sim_timeout",
        2.0,
        "longest silence of joint_states and /clock while simulated time moves [s]",
        low=0.1,
        high=60.0,
    ),
)
#: safety/state is repeated, so that a driver notices when this node hangs; the clock is looked at as often [s].
REPEAT_S = 0.5


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
        limits = WatchLimits(
            joints_real_s=values["joint_states_timeout"],
            joints_sim_s=values["sim_timeout"],
            clock_s=values["sim_timeout"],
        )
        self._watch = GraphWatch(values["graph"], limits)
        self._simulated = values["graph"] == "sim"
        if self._simulated:
            endpoints.subscription("sim/status", self._on_status, polled=self.polled)
        self._heartbeat = Heartbeat(self)
        self._repeat = self.create_timer(REPEAT_S, self._on_repeat, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._diagnostics = Diagnostics(self, self._health)
        self._publish()

    def look(self) -> None:
        """Take what was heard, and notice what was not."""
        self.polled.take()
        if self._supervisor.miss(self._watch.look(time.monotonic())):
            self._announce()

    def _on_status(self, status: SimStatus) -> None:
        self._watch.status(status.state == SimStatus.ADVANCING, status.state == SimStatus.LOADING, status.rtf)

    def _on_repeat(self) -> None:
        if self._simulated:
            self._watch.clock(now(self).nanoseconds)
        self._publish()

    def _on_joints(self, message: JointState) -> None:
        self._watch.joints()
        try:
            sample = joint_sample(message, self._robot.joints)
        except BimanualError as error:
            newly = self._supervisor.stop(f"joint_states cannot be read: {error}")
        else:
            newly = self._supervisor.watch(sample)
        if newly:
            self._announce()

    def _on_stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self._supervisor.stop("safety/stop was called"):
            self._announce()
        response.success, response.message = True, f"stopped: {self._supervisor.latch.reason}"
        return response

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        refusal = self._supervisor.reset()
        response.success, response.message = not refusal, refusal or "motion is allowed again"
        self._publish()
        return response

    def _announce(self) -> None:
        self._publish()
        self.get_logger().error(f"stopped: {self._supervisor.latch.reason}")

    def _publish(self) -> None:
        latch = self._supervisor.latch
        message = SafetyState(stopped=latch.engaged, reason=latch.reason)
        message.header.stamp = now(self).to_msg()
        self._state.publish(message)

    def _health(self) -> Health:
        latch = self._supervisor.latch
        return (ERROR, f"stopped: {latch.reason}", {}) if latch.engaged else (OK, "running", {})


def main() -> int:
    """Entry point of the executable ``safety``."""
    return run_node(Safety, spin=lambda node, executor: spin_watching(node.look, executor))  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
