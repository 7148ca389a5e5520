"""``robot_driver``: the controllers over a robot's joints, as a lifecycle node with a control loop on wall time.

Inactive it reads and publishes the joints, which hold, and refuses goals in words; deactivating it brakes first. What
fails while it is active (reading, writing, samples that stop coming) ends the motion, deactivates the node and stays in
its diagnostics until it is activated again.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from rclpy.executors import SingleThreadedExecutor

from bimanual_control.bank import ControllerBank
from bimanual_control.guarding import guard_of
from bimanual_core.contract import ROBOT_DRIVER
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.rates import CONTROLLER_STATE_TICKS, JOINT_STATE_TICKS, PHYSICS_HZ
from bimanual_hardware.robot.backends import check_backend, open_backend
from bimanual_hardware.robot.device import BackendOptions
from bimanual_hardware.robot.driver import CONTROL_RATES, DriverSettings, RobotDriver
from bimanual_hardware.robot.faults import LARGEST, Fault, FaultKind
from bimanual_hardware.robot.loopback import LoopbackBackend
from bimanual_hardware.robot.pace import ControlPace
from bimanual_ros.diagnostics import ERROR, OK, WARN, Diagnostics, Health
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.lifecycle import ACTIVE, AUTOSTART, ManagedNode, run_managed
from bimanual_ros.parameters import Parameter, declare, on_change
from bimanual_ros.robots import ROBOT, robot_of
from bimanual_ros.served_controllers import FEEDBACK_PERIOD_S, ServedControllers
from bimanual_ros.sim_time import now
from bimanual_ros.spinning import spin_some
from bimanual_ros.world_publisher import WorldPublisher

PARAMETERS = (
    ROBOT,
    AUTOSTART,
    Parameter("backend", "can", "what is behind the joints: can (arms on a CAN bus) or loopback (no device)"),
    Parameter("can_interface", "can0,can1", "CAN interfaces of the arms, left before right"),
    Parameter("control_hz", 100, f"rate of the control loop: {', '.join(map(str, CONTROL_RATES))}", low=100, high=300),
    Parameter("feedback_timeout", 0.1, "samples older than this are a fault [s]", low=0.02, high=5.0),
    Parameter("time_constant", 0.03, "of the loopback robot's joints [s]", low=0.001, high=1.0),
    Parameter(
        "fault",
        FaultKind.NONE.value,
        "fault that the loopback robot shows",
        tuple(kind.value for kind in FaultKind),
        read_only=False,
    ),
    Parameter("fault_joint", "", "joint that the fault is of; empty: all", read_only=False),
    Parameter(
        "fault_size",
        0.0,
        "jump: of so much [rad; grippers m]; lag: time constant times so many; 0: the fault's default",
        low=0.0,
        high=LARGEST,
        read_only=False,
    ),
    Parameter(
        "held_width",
        0.0,
        "width of what is between the loopback robot's fingers [m]; 0: nothing",
        low=0.0,
        high=1.0,
        read_only=False,
    ),
)
LONGEST_BRAKING_S = 2.0
IDLE_WAIT_S = 0.1
#: A loop that stood still for longer than this [s] ends what moves: the joints would have to catch up with the path.
STALL_S = 0.3
#: Requests are looked after every so many ticks of the time base: looking costs more than a control period does.
CALLBACK_TICKS = 2 * JOINT_STATE_TICKS
FEEDBACK_TICKS = round(FEEDBACK_PERIOD_S * PHYSICS_HZ)
#: An overrun is shown as a warning for this long [s].
SHOWN_S = 5.0


class RobotDriverNode(ManagedNode):
    """One thread reads, controls, writes, publishes and answers."""

    def __init__(self) -> None:
        super().__init__(ROBOT_DRIVER)
        values = declare(self, PARAMETERS)
        check_backend(values["backend"])
        robot = robot_of(values)
        settings = DriverSettings(values["control_hz"], values["feedback_timeout"])
        self._backend_name = values["backend"]
        self._options = BackendOptions(self._now_ns, values["can_interface"], values["time_constant"])
        self._driver = RobotDriver(ControllerBank(robot, guard=guard_of(robot)), settings)
        self._pace = ControlPace(settings.period_s)
        self._period_ticks = PHYSICS_HZ // settings.control_hz
        self._tick = 0
        self._overruns = (0, 0.0)  # so many were seen, the newest of them then
        endpoints = Endpoints(self, robot, "real")
        self._publisher = WorldPublisher(endpoints, self._driver.bank, simulated=False)
        self._controllers = ServedControllers(
            self, endpoints, self._driver.bank, admit=self._driver.check, stall_s=STALL_S
        )
        self._asked_faults: Mapping[str, Any] = {}
        self._ask_for_faults(values)
        on_change(self, PARAMETERS, self._ask_for_faults)
        self._diagnostics = Diagnostics(self, self._health)

    # -- lifecycle ----------------------------------------------------------------------------------------------------
    def configure(self) -> None:
        self._driver.open(open_backend(self._backend_name, self._driver.bank.robot, self._options))
        self._show_faults(self._asked_faults)
        self._pace.restart()

    def activate(self) -> None:
        self._driver.start(self._now_ns())

    def deactivate(self) -> None:
        self._driver.stop(ErrorCode.HARDWARE_NOT_READY, "the robot driver is deactivated")
        end = time.monotonic() + LONGEST_BRAKING_S
        while self._driver.running and self._driver.bank.active and time.monotonic() < end:
            time.sleep(self._pace.delay(time.monotonic()))
            self._work()
        self._driver.leave()

    def cleanup(self) -> None:
        self._driver.close()

    # -- the loop -----------------------------------------------------------------------------------------------------
    def spin(self, executor: SingleThreadedExecutor) -> None:
        """Run until the context is shut down."""
        while True:
            if self._driver.backend is None:
                self._driver.cycle(self._now_ns())
                spin_some(executor, IDLE_WAIT_S)
                continue
            self._work()
            if self._driver.fault and self.state == ACTIVE:
                self.get_logger().error(f"deactivated by a fault: {self._driver.fault}")
                self.trigger_deactivate()
            if self._every(FEEDBACK_TICKS):
                self._controllers.actions.publish_feedback()
            if self._every(CALLBACK_TICKS):
                spin_some(executor, self._pace.delay(time.monotonic()))
            time.sleep(self._pace.delay(time.monotonic()))

    def _work(self) -> None:
        """One control period, and what is published of it."""
        self._pace.begin(time.monotonic())
        self._controllers.look()
        self._controllers.beat(time.monotonic())
        sample = self._driver.cycle(self._now_ns())
        self._tick += self._period_ticks
        if sample is None or not self.context.ok():
            return
        if self._every(JOINT_STATE_TICKS):
            self._publisher.joints(sample)
        if self._every(CONTROLLER_STATE_TICKS):
            self._publisher.states(sample)

    def _every(self, ticks: int) -> bool:
        """Whether a multiple of ``ticks`` of the time base was passed in this period."""
        return self._tick // ticks != (self._tick - self._period_ticks) // ticks

    def _now_ns(self) -> int:
        return int(now(self).nanoseconds)

    # -- faults on request --------------------------------------------------------------------------------------------
    def _ask_for_faults(self, values: Mapping[str, Any]) -> None:
        """Check what is asked for, and show it if there is a robot to show it."""
        Fault.of(values["fault"], values["fault_joint"], values["fault_size"])
        if values["fault_joint"]:
            self._driver.bank.robot.joints.index(values["fault_joint"])
        self._show_faults(values)
        self._asked_faults = values

    def _show_faults(self, values: Mapping[str, Any]) -> None:
        backend = self._driver.backend
        fault = Fault.of(values["fault"], values["fault_joint"], values["fault_size"])
        if isinstance(backend, LoopbackBackend):
            backend.put_between_fingers(values["held_width"])
            backend.set_fault(fault)
        elif backend is not None and (fault.kind is not FaultKind.NONE or values["held_width"]):
            raise BimanualError(f"robot backend {self._backend_name!r} shows no faults on request; loopback does")

    # -- diagnostics --------------------------------------------------------------------------------------------------
    def _health(self) -> Health:
        pace, driver = self._pace, self._driver
        if pace.overruns != self._overruns[0]:
            self._overruns = (pace.overruns, time.monotonic())
        values = {
            "state": self.state,
            "backend": self._backend_name,
            "control_hz": driver.settings.control_hz,
            "overruns": pace.overruns,
            "longest_period_ms": f"{1e3 * pace.longest_s:.1f}",
            "fault_on_request": self._asked_faults["fault"],
        }
        wrong = driver.fault or driver.trouble or self.refusal or self._controllers.trouble
        if wrong:
            return ERROR, f"{self.state}: {wrong}", values
        if self.state != ACTIVE:
            return WARN, f"{self.state}: goals are refused", values
        if pace.overruns and time.monotonic() - self._overruns[1] < SHOWN_S:
            return WARN, f"the control loop missed periods, {pace.overruns} so far", values
        if self._controllers.notice:
            return WARN, self._controllers.notice, values
        return OK, "running", values


def main() -> int:
    """Entry point of the executable ``robot_driver``."""
    return run_managed(RobotDriverNode, spin=lambda node, executor: node.spin(executor))  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
