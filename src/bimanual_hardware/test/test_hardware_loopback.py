"""The loopback robot: a lag of the time constant, limits that hold whatever is written, faults as asked for."""

import math

import numpy as np
import pytest
from hardware_rig import ROBOT, loopback, setpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from bimanual_core.errors import BimanualError, ConfigError, UnknownNameError
from bimanual_core.observation import Setpoint
from bimanual_core.protocols import JointBackend
from bimanual_hardware.robot.device import HardwareError
from bimanual_hardware.robot.faults import Fault, FaultKind

JOINT = ROBOT.joints.index("left_joint1")
GRIPPER = ROBOT.joints.index("left_gripper")


def test_it_is_a_joint_backend_at_home_at_rest() -> None:
    _, robot = loopback()
    assert isinstance(robot, JointBackend)
    sample = robot.read()
    assert np.array_equal(sample.position, ROBOT.home)
    assert not sample.velocity.any()
    assert not sample.effort.any()


def test_a_step_is_approached_with_the_time_constant() -> None:
    time, robot = loopback(time_constant_s=0.03)
    robot.write(setpoint(left_joint1=0.01))
    time.pass_by(0.03)
    assert robot.read().position[JOINT] == pytest.approx(0.01 * (1 - math.exp(-1)), rel=1e-9)
    time.pass_by(1.0)
    assert robot.read().position[JOINT] == pytest.approx(0.01, abs=1e-12)


@pytest.mark.parametrize(("feed_forward", "lag"), [(1.0, 0.0), (0.5, 0.5), (0.0, 1.0)])
def test_behind_a_steady_motion_it_lags_by_what_is_not_fed_forward(feed_forward: float, lag: float) -> None:
    time, robot = loopback(time_constant_s=0.03, feed_forward=feed_forward)
    rate, moving = 0.5, setpoint()
    for _ in range(100):
        position, velocity = moving.position.copy(), np.zeros_like(moving.position)
        position[JOINT] += rate * 0.01
        velocity[JOINT] = rate
        moving = Setpoint(position, velocity)
        time.pass_by(0.01)
        robot.write(moving)
    sample = robot.read()
    assert moving.position[JOINT] - sample.position[JOINT] == pytest.approx(lag * rate * 0.03, abs=1e-6)
    assert sample.velocity[JOINT] == pytest.approx(rate, abs=1e-6)


def test_a_drive_that_hears_nothing_stops() -> None:
    time, robot = loopback(hold_s=0.05)
    velocity = np.zeros(ROBOT.joints.size)
    velocity[JOINT] = 1.0
    robot.write(Setpoint(ROBOT.home, velocity))
    time.pass_by(10.0)
    sample = robot.read()
    assert sample.position[JOINT] == pytest.approx(ROBOT.home[JOINT] + 0.05)
    assert sample.velocity[JOINT] == 0.0


def test_how_often_it_is_read_makes_no_difference() -> None:
    ways = []
    for reads in (1, 7):
        time, robot = loopback()
        robot.write(setpoint(left_joint1=0.05, right_joint2=1.25, left_gripper=0.098))
        for _ in range(reads):
            time.pass_by(0.07 / reads)
            sample = robot.read()
        ways.append(sample.position)
    assert np.allclose(*ways, atol=1e-6)


def test_a_gripper_closes_fully_or_onto_what_is_between_its_fingers() -> None:
    time, robot = loopback()
    robot.write(setpoint(left_gripper=0.0))
    time.pass_by(2.0)
    assert robot.read().position[GRIPPER] == pytest.approx(0.0, abs=1e-9)
    robot.write(setpoint(left_gripper=0.1))
    time.pass_by(2.0)
    robot.read()
    robot.put_between_fingers(0.06)
    robot.write(setpoint(left_gripper=0.05))
    time.pass_by(2.0)
    sample = robot.read()
    assert sample.position[GRIPPER] == pytest.approx(0.06)
    assert sample.velocity[GRIPPER] == 0.0
    assert sample.effort[GRIPPER] == pytest.approx(-5.0)
    with pytest.raises(BimanualError, match=r"0\.2 m does not fit between the fingers; at most 0\.1000 m"):
        robot.put_between_fingers(0.2)


numbers = st.floats(-10.0, 10.0)


@given(
    st.lists(
        st.tuples(
            st.lists(numbers, min_size=14, max_size=14),
            st.lists(numbers, min_size=14, max_size=14),
            st.floats(0.0, 0.3),
        ),
        max_size=8,
    ),
    st.sampled_from([FaultKind.NONE, FaultKind.FROZEN, FaultKind.LAG]),
)
@settings(max_examples=60, deadline=None)
def test_limits_hold_whatever_is_written(writes, kind: FaultKind) -> None:
    time, robot = loopback()
    robot.set_fault(Fault(kind))
    speed = np.concatenate([[*arm.velocity, arm.gripper.velocity] for arm in ROBOT.arms])
    before = robot.read()
    for position, velocity, seconds in writes:
        robot.write(Setpoint(np.array(position), np.array(velocity)))
        time.pass_by(seconds)
        sample = robot.read()
        assert np.isfinite(sample.position).all()
        assert (sample.position >= ROBOT.lower).all()
        assert (sample.position <= ROBOT.upper).all()
        assert (np.abs(sample.position - before.position) <= speed * (seconds + 1e-6)).all()
        assert (np.abs(sample.velocity) <= speed).all()
        before = sample


# -- faults -----------------------------------------------------------------------------------------------------------
def test_a_frozen_joint_stays_while_the_others_move() -> None:
    time, robot = loopback()
    robot.set_fault(Fault(FaultKind.FROZEN, "left_joint1"))
    robot.write(setpoint(left_joint1=0.05, left_joint4=0.05))
    time.pass_by(1.0)
    sample = robot.read()
    assert sample.position[JOINT] == ROBOT.home[JOINT]
    assert sample.position[ROBOT.joints.index("left_joint4")] == pytest.approx(0.05)
    robot.set_fault(Fault())
    time.pass_by(1.0)
    assert robot.read().position[JOINT] == pytest.approx(0.05)


def test_what_is_measured_jumps_or_is_no_number() -> None:
    _, robot = loopback()
    robot.set_fault(Fault(FaultKind.JUMP, "left_joint1", 0.3))
    assert robot.read().position[JOINT] == pytest.approx(ROBOT.home[JOINT] + 0.3)
    robot.set_fault(Fault(FaultKind.NAN, "left_joint1"))
    assert np.isnan(robot.read().position).tolist() == [i == JOINT for i in range(ROBOT.joints.size)]
    robot.set_fault(Fault())
    assert np.array_equal(robot.read().position, ROBOT.home)


def test_stale_samples_keep_their_stamp() -> None:
    time, robot = loopback()
    stamp_ns = robot.read().stamp_ns
    robot.set_fault(Fault(FaultKind.STALE))
    time.pass_by(0.5)
    assert robot.read().stamp_ns == stamp_ns
    robot.set_fault(Fault())
    assert robot.read().stamp_ns == time.now_ns


def test_a_slow_joint_lags_by_the_factor() -> None:
    time, robot = loopback(time_constant_s=0.03)
    robot.set_fault(Fault(FaultKind.LAG, "left_joint1", 10.0))
    robot.write(setpoint(left_joint1=0.01, left_joint4=0.01))
    time.pass_by(0.3)
    sample = robot.read()
    assert sample.position[JOINT] == pytest.approx(0.01 * (1 - math.exp(-1)), rel=1e-9)
    assert sample.position[ROBOT.joints.index("left_joint4")] == pytest.approx(0.01, rel=1e-3)


def test_reading_and_writing_fail_in_words() -> None:
    _, robot = loopback()
    robot.set_fault(Fault(FaultKind.WRITE_ERROR))
    with pytest.raises(HardwareError, match="writing to all joints failed"):
        robot.write(setpoint())
    robot.set_fault(Fault(FaultKind.READ_ERROR, "right_joint2"))
    with pytest.raises(HardwareError, match="reading right_joint2 failed"):
        robot.read()
    robot.set_fault(Fault())
    with pytest.raises(HardwareError, match="not finite"):
        robot.write(setpoint(left_joint1=math.nan))


def test_faults_and_settings_that_make_no_sense_are_refused() -> None:
    _, robot = loopback()
    with pytest.raises(UnknownNameError, match="unknown fault 'melted'; choices: .*frozen"):
        Fault.of("melted")
    with pytest.raises(BimanualError, match=r"size nan is outside \[0, 1000\]"):
        Fault.of("jump", size=math.nan)
    with pytest.raises(UnknownNameError, match="unknown joint 'elbow'; choices: .*left_joint1"):
        robot.set_fault(Fault(FaultKind.FROZEN, "elbow"))
    with pytest.raises(ConfigError, match="time_constant_s 0"):
        loopback(time_constant_s=0)
    assert robot.fault == Fault()
