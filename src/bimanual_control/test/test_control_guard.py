"""The guard and its keeper: nothing enters the forbidden region, what is in it may leave, reasons are in words.

The geometry here is two points on rails: joint 1 is a tcp's x, joint 2 its z above 1 m.
"""

import contextlib
from dataclasses import dataclass, replace

import numpy as np
import pytest
from control_rig import PERIOD_NS, Rig, make_robot, quintic
from hypothesis import given, settings
from hypothesis import strategies as st

from bimanual_control.bank import ControllerBank
from bimanual_control.goal import GoalRejectedError
from bimanual_control.guard import MotionGuard
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import GripperGoal, JointTrajectory, Motion
from bimanual_core.observation import JointSample
from bimanual_core.robot import SafetyLimits
from bimanual_core.scene import TableSpec

LIMITS = SafetyLimits((-1.5, -1.0, 0.0), (1.5, 1.0, 1.8), 0.01, 0.05)
TABLE = TableSpec(size=(0.4, 1.0, 0.05), top_z=0.7, centre_xy=(-0.6, 0.0))
RADIUS = 0.1


@dataclass(frozen=True, eq=False)
class Points:
    tcps: np.ndarray
    distance: float
    links: tuple[str, str] = ("left_hand", "right_hand")


class Rails:
    """Two balls; the left one is at x = joint1 - 0.5, the right one at x = 0.5 + joint1."""

    reach = np.ones(8)

    def at(self, q_flat):
        q = np.asarray(q_flat, dtype=float)
        tcps = np.array([[q[0] - 0.5, 0.0, 1.0 + q[1]], [q[4] + 0.5, 0.0, 1.0 + q[5]]])
        return Points(tcps, float(np.linalg.norm(tcps[0] - tcps[1])) - 2 * RADIUS)


class Guarded(Rig):
    """The rig with a guard; ``home`` moves the arms apart."""

    def __init__(self, home=None):
        super().__init__(make_robot())
        self.guard = MotionGuard(self.robot, LIMITS, Rails(), TABLE)
        self.bank = ControllerBank(self.robot, guard=self.guard)
        q = self.robot.home.copy() if home is None else np.asarray(home, dtype=float)
        self.sample = JointSample(0, q, np.zeros_like(q), np.zeros_like(q))
        self.bank.reset(self.sample)

    @property
    def near(self):
        return [Rails().at(p) for p, _ in self.trace]

    def arm(self, side, end, seconds=1.0):
        start = self.bank.arms[side].commanded
        return quintic(self.robot.arm(side).joints, start, end, seconds)


def run_into(rig, motion):
    handle = rig.bank.send_motion(motion)
    rig.run_until_idle()
    return handle.report(rig.now_ns)


def test_two_arms_driven_at_each_other_stop_before_their_distance_is_short():
    rig = Guarded()
    report = run_into(rig, Motion({"left": rig.arm("left", (0.6, 0, 1)), "right": rig.arm("right", (-0.6, 0, 1))}))
    assert report.parts["left_arm"].error_code == ErrorCode.CONTROL_ARM_DISTANCE
    assert "left_hand would come to" in report.parts["left_arm"].error_msg
    assert "mm from right_hand, limit 50.0 mm" in report.parts["left_arm"].error_msg
    assert "left_arm failed: stopped in time" in report.parts["right_arm"].error_msg
    distances = [n.distance for n in rig.near]
    assert LIMITS.arm_distance <= min(distances) < LIMITS.arm_distance + 0.04
    accelerations = np.diff([p for p, _ in rig.trace], n=2, axis=0) / (PERIOD_NS * 1e-9) ** 2
    assert np.abs(accelerations[:, :3]).max() < 20.0 * 1.001


def test_one_arm_stops_before_the_other_that_stands():
    rig = Guarded()
    report = run_into(rig, Motion({"left": rig.arm("left", (1.0, 0, 1))}))
    assert report.parts["left_arm"].error_code == ErrorCode.CONTROL_ARM_DISTANCE
    assert LIMITS.arm_distance <= min(n.distance for n in rig.near) < LIMITS.arm_distance + 0.03


def test_a_motion_that_passes_the_other_arm_is_stopped_in_the_middle_of_its_way():
    rig = Guarded()
    through = rig.arm("left", (1.95, 0, 1), 2.0)  # ends clear of the other arm, on its other side
    assert Rails().at([1.95, 0, 1, 0, 0, 0, 1, 0]).distance > LIMITS.arm_distance
    assert run_into(rig, Motion({"left": through})).parts["left_arm"].error_code == ErrorCode.CONTROL_ARM_DISTANCE


def test_an_arm_that_only_gives_way_is_not_stopped():
    rig = Guarded()
    motion = Motion({"left": rig.arm("left", (0.5, 0, 1)), "right": rig.arm("right", (0.5, 0, 1))})
    assert run_into(rig, motion).success


def test_a_goal_outside_the_workspace_is_refused_in_words_before_anything_moves():
    rig = Guarded()
    with pytest.raises(
        GoalRejectedError, match=r"left_tcp would come to \(-0.500, 0.000, 1.900\), 100.0 mm outside"
    ) as e:
        rig.bank.send_arm("left", rig.arm("left", (0.0, 0.9, 1)))
    assert e.value.code == ErrorCode.CONTROL_WORKSPACE
    rig.run(0.1)
    np.testing.assert_array_equal(rig.sample.position, rig.robot.home)


def test_a_way_that_leaves_the_workspace_is_stopped_inside_it_and_the_other_arm_goes_on():
    rig = Guarded()
    out = JointTrajectory(
        ("left_joint1", "left_joint2", "left_joint3"), [2.0, 4.0], [[-1.3, 0, 1], [0, 0, 1]], np.zeros((2, 3))
    )
    other = rig.bank.send_arm("right", rig.arm("right", (0.3, 0.1, 1), 3.0))
    handle = rig.bank.send_arm("left", out)
    rig.run_until_idle()
    assert handle.error_code == ErrorCode.CONTROL_WORKSPACE
    assert "left_tcp" in handle.error_msg
    assert other.report.success
    assert -1.5 <= min(n.tcps[0, 0] for n in rig.near) < -1.46


def test_no_tcp_goes_below_the_table_but_beside_it():
    rig = Guarded()
    report = run_into(rig, Motion({"left": rig.arm("left", (0.0, -0.3, 1), 2.0)}))
    assert report.success  # as low as the table's top, which a flat object needs
    low = rig.arm("left", (0.0, -0.32, 1), 1.0)
    with pytest.raises(GoalRejectedError, match="20.0 mm below the table's top, limit 10.0 mm"):
        rig.bank.send_arm("left", low)
    assert run_into(rig, Motion({"right": rig.arm("right", (0.2, -0.6, 1), 2.0)})).success


def test_what_stands_in_the_forbidden_region_may_leave_but_not_go_deeper():
    inside = np.array([0.0, 0.0, 1.0, 0.1, -0.78, 0.0, 1.0, 0.1])  # 20 mm apart, limit 50
    rig = Guarded(inside)
    assert Rails().at(inside).distance < LIMITS.arm_distance
    with contextlib.suppress(GoalRejectedError):
        assert not run_into(rig, Motion({"left": rig.arm("left", (0.015, 0, 1), 0.5)})).success
    assert Rails().at(rig.bank.commanded).distance >= 0.02 - 1e-4
    assert run_into(rig, Motion({"left": rig.arm("left", (-0.5, 0, 1), 1.0)})).success
    back = run_into(rig, Motion({"left": rig.arm("left", (0.0, 0, 1), 1.0)}))
    assert back.parts["left_arm"].error_code == ErrorCode.CONTROL_ARM_DISTANCE
    assert Rails().at(rig.sample.position).distance >= LIMITS.arm_distance


def test_streamed_points_stop_at_the_limit_and_are_refused_there():
    rig = Guarded()
    refusals = set()
    for k in range(200):
        aim = np.array([0.02 * (k + 1), 0.0, 1.0])
        points = JointTrajectory(
            ("left_joint1", "left_joint2", "left_joint3"), [0.1], [np.minimum(aim, 1.9)], np.zeros((1, 3))
        )
        try:
            rig.bank.stream("left_arm", points)
        except GoalRejectedError as error:
            refusals.add(error.code)
        rig.run(1 / 15)
    assert ErrorCode.CONTROL_ARM_DISTANCE in refusals
    assert LIMITS.arm_distance <= min(n.distance for n in rig.near) < LIMITS.arm_distance + 0.03


def test_nothing_is_looked_at_while_all_stand_still():
    rig = Guarded()
    rig.run(0.5)
    assert rig.guard.checks == 0
    run_into(rig, Motion({"left": rig.arm("left", (-0.2, 0, 1))}))
    few = rig.guard.checks
    assert few < 20  # far from everything the known room covers the way
    rig.run(0.5)
    assert rig.guard.checks == few


command = st.tuples(
    st.sampled_from(["goal", "goal", "stream", "stop", "release", "cancel", "gripper"]),
    st.sampled_from(["left", "right"]),
    st.tuples(st.floats(-1.9, 1.9), st.floats(-0.9, 0.9)),
    st.floats(0.3, 2.0),
    st.integers(1, 300),
)


@settings(max_examples=30, deadline=None)
@given(script=st.lists(command, min_size=1, max_size=10))
def test_whatever_is_sent_the_region_is_never_entered(script):
    rig = Guarded()
    for kind, side, (x, z), seconds, steps in script:
        try:
            if kind == "goal":
                rig.bank.send_arm(side, rig.arm(side, (x, z, 1.0), seconds + 1.0))
            elif kind == "stream":
                joints = rig.robot.arm(side).joints
                rig.bank.stream(f"{side}_arm", JointTrajectory(joints, [seconds], [(x, z, 1.0)], np.zeros((1, 3))))
            elif kind == "stop":
                rig.bank.stop("test")
            elif kind == "release":
                rig.bank.release_stop()
            elif kind == "cancel":
                rig.bank.cancel_all("test")
            else:
                rig.bank.send_gripper(side, GripperGoal(0.05))
        except BimanualError:
            pass
        for _ in range(steps):
            rig.step()
    rig.run_until_idle()
    near = rig.near
    slack = 1e-4
    assert min(n.distance for n in near) >= LIMITS.arm_distance - slack
    tcps = np.array([n.tcps for n in near]).reshape(-1, 3)
    assert np.all(tcps >= np.array(LIMITS.workspace_lower) - slack)
    assert np.all(tcps <= np.array(LIMITS.workspace_upper) + slack)
    over = np.abs(tcps[:, 0] + 0.6) < 0.2 - slack
    assert np.all(tcps[over, 2] >= TABLE.top_z - LIMITS.below_table - slack)


def test_limits_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="workspace along x: lower 2.0 is not below upper 1.5"):
        replace(LIMITS, workspace_lower=(2.0, -1.0, 0.0))
    with pytest.raises(ValueError, match=r"arm_distance 1.0 m is outside \[0, 0.1\]"):
        replace(LIMITS, arm_distance=1.0)
