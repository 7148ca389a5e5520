"""The gripper controller: ramp, stall, hold without saturation, refusals, streams."""

import numpy as np
import pytest
from control_rig import PERIOD_NS, make_arm

from bimanual_control.goal import GoalRejectedError, GoalStatus
from bimanual_control.gripper_controller import GripperController
from bimanual_core.errors import ErrorCode
from bimanual_core.motion import GripperGoal, JointTrajectory

SPEC = make_arm("left").gripper


class Run:
    """A gripper that follows at once and cannot close beyond ``object_width``."""

    def __init__(self, object_width=0.0):
        self.gripper = GripperController("left", SPEC)
        self.gripper.reset(0, SPEC.max_opening)
        self.now_ns, self.opening, self.rate, self.width = 0, SPEC.max_opening, 0.0, object_width
        self.trace = []

    def step(self, count=1):
        for _ in range(count):
            self.now_ns += PERIOD_NS
            command, _ = self.gripper.step(self.now_ns, self.opening, self.rate)
            self.trace.append(command)
            before, self.opening = self.opening, max(command, self.width)
            self.rate = (self.opening - before) / (PERIOD_NS * 1e-9)

    def until_done(self, handle, limit=2000):
        for _ in range(limit):
            if handle.done:
                return
            self.step()
        raise AssertionError("the goal did not end")


def test_closing_on_nothing_reaches_the_opening_in_the_time_of_the_ramp():
    run = Run()
    handle = run.gripper.send(GripperGoal(0.0), 0, 0)
    run.until_done(handle)
    assert handle.status == GoalStatus.SUCCEEDED
    assert not handle.report.stalled
    assert handle.report.position == pytest.approx(0.0, abs=1e-3)
    assert 0.39 < run.now_ns * 1e-9 < 0.45


def test_closing_on_an_object_stalls_and_holds_with_a_bounded_squeeze():
    run = Run(object_width=0.06)
    handle = run.gripper.send(GripperGoal(0.0), 0, 0)
    run.until_done(handle)
    assert handle.status == GoalStatus.SUCCEEDED
    assert handle.report.stalled
    assert handle.report.position == pytest.approx(0.06)
    assert min(run.trace) == pytest.approx(0.044)
    assert run.gripper.force == pytest.approx(8.0)
    run.step(300)
    assert run.trace[-1] == pytest.approx(0.044)


@pytest.mark.parametrize(("force", "pressed"), [(5.0, 5.0), (20.0, 16.0)])
def test_the_squeeze_follows_the_force_but_never_saturates_a_finger(force, pressed):
    run = Run(object_width=0.06)
    run.until_done(run.gripper.send(GripperGoal(0.0, force), 0, 0))
    assert run.gripper.force == pytest.approx(pressed)


def test_a_future_start_waits_and_a_newer_goal_preempts():
    run = Run()
    first = run.gripper.send(GripperGoal(0.0), 100_000_000, 0)
    run.step(29)
    assert run.trace[-1] == SPEC.max_opening
    run.step(30)
    second = run.gripper.send(GripperGoal(0.08), 0, run.now_ns)
    assert first.error_code == ErrorCode.CONTROL_PREEMPTED
    run.until_done(second)
    assert run.opening == pytest.approx(0.08, abs=1e-3)


def test_cancel_holds_where_it_is():
    run = Run()
    handle = run.gripper.send(GripperGoal(0.0), 0, 0)
    run.step(60)
    handle.cancel()
    at = run.trace[-1]
    run.step(60)
    assert handle.status == GoalStatus.CANCELED
    assert run.trace[-1] == at


def end_while_fingers_tremble(by_m):
    """The handle of a goal that a run has ended whose fingers go to and fro, at a measured speed all the time."""
    run = Run()
    handle = run.gripper.send(GripperGoal(0.0), 0, 0)
    for i in range(2000):
        if handle.done:
            break
        run.step()
        run.opening, run.rate = 0.05 + by_m * (i % 2), 0.1
    return handle


def test_neither_reached_nor_stalled_times_out():
    handle = end_while_fingers_tremble(0.002)
    assert handle.error_code == ErrorCode.TIMEOUT
    assert "m, goal 0.0000 m" in handle.error_msg


def test_fingers_that_stay_have_stalled_whatever_speed_is_measured():
    handle = end_while_fingers_tremble(0.0001)
    assert handle.status == GoalStatus.SUCCEEDED
    assert handle.report.stalled


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        (GripperGoal(0.2), r"opening 0\.2000 m is outside \[0, 0\.1000\]"),
        (GripperGoal(float("nan")), "opening nan m"),
        (GripperGoal(0.05, 25.0), r"max_force 25\.00 N is outside \(0, 20\.00\]"),
        (GripperGoal(0.05, float("nan")), "max_force nan"),
        (GripperGoal(0.05, -1.0), "max_force -1"),
    ],
)
def test_bad_goals_are_refused(goal, message):
    run = Run()
    with pytest.raises(GoalRejectedError, match=message):
        run.gripper.send(goal, 0, 0)
    assert run.gripper.idle


def test_a_streamed_step_is_ramped_and_ends_idle():
    run = Run(object_width=0.06)
    step = JointTrajectory((SPEC.joint,), np.array([0.05]), np.array([[0.0]]), np.array([[0.0]]))
    run.gripper.stream(step, 0)
    run.step(300)
    assert run.gripper.idle
    assert np.abs(np.diff(run.trace)).max() <= SPEC.velocity * PERIOD_NS * 1e-9 + 1e-12
    assert run.trace[-1] == pytest.approx(0.044)
    with pytest.raises(GoalRejectedError, match="outside"):
        run.gripper.stream(JointTrajectory((SPEC.joint,), [0.1], [[0.3]], [[0.0]]), run.now_ns)
