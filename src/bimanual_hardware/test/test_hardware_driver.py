"""The driver's rules: goals only while it runs, every failure ends the motion with its reason and leaves it open."""

import numpy as np
import pytest
from hardware_rig import ROBOT, loopback, swing

from bimanual_control.bank import ControllerBank
from bimanual_control.goal import GoalStatus
from bimanual_core.errors import BimanualError, ConfigError, ErrorCode
from bimanual_core.motion import GripperGoal
from bimanual_hardware.robot.backends import BACKENDS, check_backend, open_backend
from bimanual_hardware.robot.device import BackendOptions, DriverBackend, HardwareError
from bimanual_hardware.robot.driver import DriverSettings, RobotDriver
from bimanual_hardware.robot.faults import Fault, FaultKind

LEFT = ROBOT.joints.group("left_arm")


class Rig:
    """A driver over the loopback robot, cycled at its rate."""

    def __init__(self, hz: int = 100) -> None:
        self.time, self.robot = loopback()
        self.driver = RobotDriver(ControllerBank(ROBOT), DriverSettings(hz))
        self.driver.open(self.robot)
        self.bank = self.driver.bank
        self.samples: list = []

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * self.driver.settings.control_hz)):
            self.time.pass_by(self.driver.settings.period_s)
            sample = self.driver.cycle(self.time())
            if sample is not None:
                self.samples.append(sample)

    def start(self) -> "Rig":
        self.driver.start(self.time())
        self.run(0.05)
        return self

    def swing(self, angle: float = 0.3):
        return self.bank.send_arm("left", swing("left", self.bank.commanded[LEFT], angle), self.time() + 100_000_000)


@pytest.mark.parametrize("hz", [100, 150, 300])
def test_motions_end_where_they_should_and_are_tracked_closely(hz: int) -> None:
    rig = Rig(hz).start()
    goal = rig.swing()
    off = []
    while not goal.done:
        rig.run(rig.driver.settings.period_s)
        off.append(rig.bank.arms["left"].state.error)
    assert goal.status is GoalStatus.SUCCEEDED, goal.report
    assert np.sqrt(np.mean(np.square(off))) < 0.005
    assert goal.report.max_error < 1e-3


def test_a_gripper_closes_and_notices_what_it_holds() -> None:
    rig = Rig().start()
    rig.robot.put_between_fingers(0.05)
    goal = rig.bank.send_gripper("left", GripperGoal(0.0))
    rig.run(2.0)
    assert goal.status is GoalStatus.SUCCEEDED
    assert goal.report.stalled
    assert goal.report.position == pytest.approx(0.05)
    assert not rig.driver.fault


def test_goals_are_refused_in_words_unless_it_runs() -> None:
    rig = Rig()
    with pytest.raises(BimanualError, match="is inactive; activate it first") as refusal:
        rig.driver.check()
    assert refusal.value.code == ErrorCode.HARDWARE_NOT_READY
    rig.run(0.1)
    assert len(rig.samples) == 10
    assert np.array_equal(rig.samples[-1].position, ROBOT.home)
    rig.start()
    rig.driver.check()
    rig.driver.close()
    with pytest.raises(BimanualError, match="is unconfigured"):
        rig.driver.check()
    assert rig.driver.cycle(rig.time()) is None


def test_stopping_brakes_within_the_limits_of_the_arm() -> None:
    rig = Rig().start()
    goal = rig.swing(0.8)
    rig.run(0.6)
    rig.driver.stop(ErrorCode.HARDWARE_NOT_READY, "deactivated")
    assert (goal.status, goal.report.error_msg) == (GoalStatus.ABORTED, "deactivated")
    rig.run(0.5)
    assert not rig.bank.active
    assert np.abs(rig.samples[-1].velocity).max() < 1e-3
    rig.driver.leave()
    where = rig.samples[-1].position
    rig.run(1.0)
    assert np.allclose(rig.samples[-1].position, where, atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (FaultKind.STALE, "no feedback: the newest sample is 0.110 s old, limit 0.100 s"),
        (FaultKind.READ_ERROR, "reading all joints failed"),
        (FaultKind.WRITE_ERROR, "writing to all joints failed"),
    ],
)
def test_a_failure_ends_the_motion_and_is_named_until_it_runs_again(kind: FaultKind, words: str) -> None:
    rig = Rig().start()
    goal = rig.swing()
    rig.run(0.5)
    rig.robot.set_fault(Fault(kind))
    rig.run(0.15)
    assert not rig.driver.running
    assert words in rig.driver.fault
    assert goal.report.error_code == ErrorCode.HARDWARE_FAULT
    assert words in goal.report.error_msg
    with pytest.raises(BimanualError, match=r"inactive after a fault"):
        rig.driver.check()
    if kind is not FaultKind.WRITE_ERROR:
        with pytest.raises(HardwareError):
            rig.driver.start(rig.time())
    rig.robot.set_fault(Fault())
    rig.start()
    assert not rig.driver.fault
    again = rig.swing(0.1)
    rig.run(1.5)
    assert again.status is GoalStatus.SUCCEEDED


def test_a_frozen_joint_aborts_the_goal_by_name() -> None:
    rig = Rig().start()
    rig.robot.set_fault(Fault(FaultKind.FROZEN, "left_joint3"))
    goal = rig.swing(0.5)
    rig.run(1.5)
    assert goal.report.error_code == ErrorCode.CONTROL_PATH_TOLERANCE
    assert goal.report.error_msg.startswith("left_joint3: ")


def test_it_does_not_start_from_joints_that_are_no_numbers() -> None:
    rig = Rig()
    rig.robot.set_fault(Fault(FaultKind.NAN, "right_joint2"))
    with pytest.raises(HardwareError, match="right_joint2: measured value is not finite"):
        rig.driver.start(rig.time())
    assert not rig.driver.running


def test_leases_run_on_while_it_does_not_run() -> None:
    rig = Rig()
    rig.run(0.01)
    rig.bank.leases.acquire("me", [], 1_000_000_000, rig.bank.now_ns)
    rig.run(0.5)
    assert rig.bank.leases.owners(rig.bank.now_ns)["left"] == "me"
    rig.run(0.6)
    assert rig.bank.leases.owners(rig.bank.now_ns)["left"] == ""


def test_settings_and_backends_are_checked_in_words() -> None:
    with pytest.raises(ConfigError, match="control_hz 120 is not a choice; choices: 100, 150, 300"):
        DriverSettings(120)
    with pytest.raises(BimanualError, match="no driver for arms on a CAN bus; .*use_mock_hardware:=true"):
        check_backend("can")
    with pytest.raises(BimanualError, match="unknown robot backend 'usb'; choices: loopback"):
        check_backend("usb")
    for name in BACKENDS:
        backend = open_backend(name, ROBOT, BackendOptions(lambda: 0))
        assert isinstance(backend, DriverBackend)
        backend.close()


def test_a_lagging_joint_aborts_the_goal_by_name() -> None:
    rig = Rig().start()
    rig.robot.set_fault(Fault(FaultKind.LAG, "left_joint4"))
    goal = rig.swing(0.6)
    rig.run(1.5)
    assert goal.report.error_code == ErrorCode.CONTROL_PATH_TOLERANCE
    assert goal.report.error_msg.startswith("left_joint4: ")


def test_a_jump_of_what_is_measured_moves_nothing() -> None:
    rig = Rig().start()
    goal = rig.swing()
    rig.run(0.5)
    joint = ROBOT.joints.names[LEFT.start]
    rig.robot.set_fault(Fault(FaultKind.JUMP, joint))
    before = rig.bank.commanded.copy()
    rig.run(0.5)
    assert goal.status is GoalStatus.ABORTED
    assert f"{joint}: the measured position jumped by 0.5" in goal.report.error_msg
    assert not rig.driver.running
    rig.robot.set_fault(Fault())
    rig.run(0.2)
    # Within what the drive needs to come to rest it stands where it was, not half a radian away.
    assert np.abs(rig.samples[-1].position - before)[LEFT].max() < 0.05
