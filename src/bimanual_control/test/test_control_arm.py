"""The arm controller: what it refuses, and how a goal runs and ends."""

import numpy as np
import pytest
from control_rig import PERIOD_NS, make_arm, quintic

from bimanual_control.arm_controller import ArmTrajectoryController
from bimanual_control.goal import GoalRejectedError, GoalStatus
from bimanual_control.tolerances import ArmTolerances
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import JointTrajectory

ARM = make_arm("left")
J = ARM.joints
HOME = np.array(ARM.home)
S = 1_000_000_000


class Run:
    """One arm whose joints follow at once, unless ``stuck`` keeps them."""

    def __init__(self):
        self.arm = ArmTrajectoryController(ARM)
        self.arm.reset(0, HOME)
        self.now_ns, self.position, self.velocity = 0, HOME.copy(), np.zeros(3)
        self.stuck = False
        self.stuck_joints: list[int] = []
        self.trace = []

    def step(self, count=1):
        for _ in range(count):
            self.now_ns += PERIOD_NS
            command = self.arm.step(self.now_ns, self.position, self.velocity).copy()
            self.trace.append(command)
            if not self.stuck:
                kept = self.position[self.stuck_joints]
                self.position, self.velocity = command[0].copy(), command[1]
                self.position[self.stuck_joints] = kept
        return self.trace[-1]

    def until_done(self, handle, limit=3000):
        for _ in range(limit):
            if handle.done:
                return
            self.step()
        raise AssertionError("the goal did not end")


def points(times, positions, velocities=None, joints=J):
    positions = np.asarray(positions, dtype=float)
    velocities = np.zeros_like(positions) if velocities is None else np.asarray(velocities, dtype=float)
    return JointTrajectory(joints, np.asarray(times, dtype=float), positions, velocities)


GOAL = HOME + (0.5, 0.3, 0.2)


def test_a_goal_follows_its_points_and_succeeds_once():
    run, ended = Run(), []
    handle = run.arm.send(quintic(J, HOME, GOAL, 1.0), 0, 0)
    handle.on_done(lambda h: ended.append(h.status))
    run.step(150)
    assert 0.2 < run.position[0] < 0.3
    run.until_done(handle)
    assert handle.status == GoalStatus.SUCCEEDED
    assert handle.report.max_error < 1e-9
    assert ended == [GoalStatus.SUCCEEDED]
    run.step(10)
    np.testing.assert_allclose(run.position, GOAL)
    assert run.arm.idle


def test_joints_are_mapped_by_name():
    run = Run()
    order = (2, 0, 1)
    shuffled = points([1.0], [GOAL[list(order)]], joints=tuple(J[i] for i in order))
    handle = run.arm.send(shuffled, 0, 0)
    run.until_done(handle)
    np.testing.assert_allclose(run.position, GOAL)


def test_a_future_start_waits_for_its_stamp():
    run = Run()
    handle = run.arm.send(quintic(J, HOME, GOAL, 1.0), S // 2, 0)
    run.step(149)
    np.testing.assert_allclose(run.position, HOME, atol=1e-12)
    run.until_done(handle)
    assert run.now_ns == pytest.approx(1.5 * S, abs=3 * PERIOD_NS)


def test_what_is_already_past_is_dropped_and_the_rest_is_joined_smoothly():
    run = Run()
    run.now_ns = S
    late = quintic(J, HOME, GOAL, 2.0, 200)
    handle = run.arm.send(late, S - 300_000_000, S)
    run.until_done(handle)
    steps = np.abs(np.diff([HOME, *(c[0] for c in run.trace)], axis=0))
    assert np.all(steps <= np.array(ARM.velocity) * PERIOD_NS * 1e-9)
    assert run.now_ns == pytest.approx(S - 0.3 * S + 2 * S, abs=3 * PERIOD_NS)
    np.testing.assert_allclose(run.position, GOAL)


def test_a_newer_goal_preempts_and_the_motion_stays_continuous():
    run = Run()
    first = run.arm.send(quintic(J, HOME, GOAL, 1.0), 0, 0)
    run.step(150)
    second = run.arm.send(points([1.5], [HOME]), 0, run.now_ns)
    assert first.status == GoalStatus.ABORTED
    assert first.error_code == ErrorCode.CONTROL_PREEMPTED
    run.until_done(second)
    velocities = np.array([c[1] for c in run.trace])
    assert np.abs(np.diff(velocities, axis=0)).max() < 0.15
    np.testing.assert_allclose(run.position, HOME, atol=1e-9)


def test_cancel_slows_down_along_the_path_and_holds():
    run = Run()
    handle = run.arm.send(quintic(J, HOME, GOAL, 1.0), 0, 0)
    run.step(150)
    handle.cancel()
    assert (handle.status, handle.error_code) == (GoalStatus.CANCELED, ErrorCode.CANCELLED)
    handle.cancel()
    run.step(100)
    assert run.arm.idle
    assert HOME[0] + 0.25 < run.position[0] < GOAL[0]
    share = (run.position - HOME) / (GOAL - HOME)
    np.testing.assert_allclose(share, share[0], atol=1e-4)
    velocities = np.array([c[1] for c in run.trace[150:]])
    assert np.abs(np.diff(velocities, axis=0)).max() <= 20.0 * PERIOD_NS * 1e-9 * 1.5


def test_a_blocked_arm_aborts_and_stops_pushing():
    run = Run()
    handle = run.arm.send(quintic(J, HOME, GOAL, 1.0), 0, 0)
    run.step(60)
    run.stuck, stuck_at = True, run.position.copy()
    run.until_done(handle)
    assert handle.error_code == ErrorCode.CONTROL_PATH_TOLERANCE
    assert "left_joint1" in handle.error_msg
    assert "tolerance 0.2000" in handle.error_msg
    run.step(300)
    np.testing.assert_allclose(run.trace[-1][0], stuck_at, atol=1e-6)


def test_one_blocked_joint_is_let_go_and_the_others_rest_at_once():
    run = Run()
    handle = run.arm.send(quintic(J, HOME, GOAL, 1.0), 0, 0)
    run.step(60)
    run.stuck_joints, stuck_at = [0], run.position[0]
    run.until_done(handle)
    assert handle.error_code == ErrorCode.CONTROL_PATH_TOLERANCE
    run.step(30)  # a tenth of a second
    resting = run.trace[-1]
    run.step(200)
    np.testing.assert_allclose(run.trace[-1][0][1:], resting[0][1:], atol=1e-9)
    assert np.abs(resting[1][1:]).max() < 1e-9
    assert run.trace[-1][0][0] == pytest.approx(stuck_at, abs=1e-6)
    velocities = np.array([c[1] for c in run.trace])
    limits = run.arm.stop_acceleration * PERIOD_NS * 1e-9 * 1.5
    assert (np.abs(np.diff(velocities[60:], axis=0)) <= limits + 1e-9).all()


def test_missing_the_goal_aborts_after_the_goal_time():
    run = Run()
    tolerances = ArmTolerances(np.full(3, np.inf), np.full(3, 0.02), goal_time_s=0.5)
    handle = run.arm.send(quintic(J, HOME, GOAL, 1.0), 0, 0, tolerances)
    run.step(60)
    run.stuck = True
    run.until_done(handle)
    assert handle.error_code == ErrorCode.CONTROL_GOAL_TOLERANCE
    assert run.now_ns == pytest.approx(1.5 * S, abs=3 * PERIOD_NS)


def test_measured_nan_aborts():
    run = Run()
    handle = run.arm.send(quintic(J, HOME, GOAL, 1.0), 0, 0)
    run.step(60)
    run.stuck, run.position = True, np.array([np.nan, 0.0, 1.0])
    run.step()
    assert handle.error_code == ErrorCode.CONTROL_PATH_TOLERANCE
    assert np.all(np.isfinite(run.step()))


BAD = {
    "unknown joint 'elbow'": points([1.0], [GOAL], joints=("left_joint1", "left_joint2", "elbow")),
    "left_joint3 are missing": points([1.0], [GOAL[:2]], joints=J[:2]),
    "is given twice": points([1.0], [GOAL], joints=("left_joint1", "left_joint1", "left_joint3")),
    r"left_joint2: position 1\.5000 of point 0 is outside \[-1\.0000, 1\.0000\]": points([3.0], [(0.0, 1.5, 1.0)]),
    r"left_joint3: speed 1\.200 at point 0 is above the limit 1\.000": points(
        [0.5, 1.0], [HOME, HOME], [(0, 0, 1.2), (0, 0, 0)]
    ),
    "between points 0 and 1|points 0 and 1": points([1.0, 1.1], [HOME, GOAL]),
    "must be at rest": points([1.0], [HOME], [(0.1, 0.0, 0.0)]),
    "too far from the present command": points([0.05], [GOAL]),
    r"left_joint1: starts at 0\.1000, 0\.1000 from the present command 0\.0000; at most 0\.0500": points(
        [0.0, 1.0], [HOME + (0.1, 0, 0), GOAL]
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_goals_are_refused_with_numbers_and_nothing_moves(message):
    run = Run()
    running = run.arm.send(quintic(J, HOME, HOME + (0.01, 0, 0), 2.0), 0, 0)
    run.arm.check(quintic(J, HOME, GOAL, 1.0), 0, 0)
    with pytest.raises(GoalRejectedError, match=message) as refusal:
        run.arm.send(BAD[message], 0, 0)
    assert refusal.value.code == ErrorCode.CONTROL_REJECTED
    assert run.arm.goal is running


@pytest.mark.parametrize(
    ("start_ns", "message"), [(S, "stale: the last point was due 8.000 s ago"), (99 * S, "89.000 s from now")]
)
def test_stamps_too_old_or_too_far_ahead_are_refused(start_ns, message):
    run = Run()
    with pytest.raises(GoalRejectedError, match=message):
        run.arm.send(quintic(J, HOME, GOAL, 1.0), start_ns, 10 * S)


@pytest.mark.parametrize(
    ("times", "positions", "message"),
    [
        ([0.0, 1.0], [HOME, HOME * np.nan], "point 1, joint left_joint1 is not finite"),
        ([0.0, 0.0], [HOME, GOAL], "increase strictly"),
        ([0.0, 1.0], [HOME], "shape"),
        ([], np.zeros((0, 3)), "no points"),
    ],
)
def test_malformed_points_cannot_be_built(times, positions, message):
    with pytest.raises(BimanualError, match=message):
        points(times, positions)


def test_streamed_points_are_followed_and_run_out_smoothly():
    run = Run()
    for k in range(10):
        target = HOME + np.array([0.05, 0.02, 0.02]) * (k + 1)
        run.arm.stream(points([1 / 15], [target], [np.array([0.75, 0.3, 0.3])]), run.now_ns)
        run.step(20)
    assert not run.arm.idle
    run.step(60)
    assert run.arm.idle
    assert run.position[0] > HOME[0] + 0.5
    velocities = np.array([c[1] for c in run.trace])
    assert np.abs(np.diff(velocities, axis=0)).max() < 0.15


def test_a_stream_is_refused_during_a_goal_and_a_goal_preempts_a_stream():
    run = Run()
    stream = points([0.5], [HOME + (0.1, 0, 0)])
    run.arm.stream(stream, 0)
    run.step(30)
    handle = run.arm.send(points([1.0], [GOAL]), 0, run.now_ns)
    with pytest.raises(GoalRejectedError, match="refused while a goal runs"):
        run.arm.stream(stream, run.now_ns)
    run.until_done(handle)
    np.testing.assert_allclose(run.position, GOAL)


def test_tolerances_of_a_goal_mean_what_follow_joint_trajectory_means():
    default = ArmTolerances.uniform(3)
    got = default.override(J, {"left_joint1": 0.0, "left_joint2": -1.0}, {"left_joint3": 0.5}, 2.0)
    np.testing.assert_allclose(got.path, (0.2, np.inf, 0.2))
    np.testing.assert_allclose(got.goal, (0.02, 0.02, 0.5))
    assert got.goal_time_s == 2.0
    with pytest.raises(GoalRejectedError, match="unknown joint 'elbow'; choices: left_joint1"):
        default.override(J, {"elbow": 1.0}, {})
    with pytest.raises(GoalRejectedError, match="not finite"):
        default.override(J, {"left_joint1": float("nan")}, {})


def test_a_stop_and_a_cancel_brake_harder_than_any_goal_may():
    for brake in (
        lambda run: run.arm.goal.cancel(),
        lambda run: run.arm.stop(run.now_ns, ErrorCode.CONTROL_STOPPED, ""),
    ):
        run = Run()
        run.arm.send(quintic(J, HOME, GOAL, 1.0), 0, 0)
        run.step(150)
        speed = run.velocity[0]
        brake(run)
        begin = len(run.trace)
        while not run.arm.idle:
            run.step()
        assert (len(run.trace) - begin) / 300 < 1.4 * speed / ARM.stop_acceleration[0]
        positions = np.array([c[0] for c in run.trace])
        accelerations = np.abs(np.diff(positions, n=2, axis=0)).max() / (PERIOD_NS * 1e-9) ** 2
        assert ARM.acceleration[0] < accelerations <= ARM.stop_acceleration[0] * 1.001


def test_jumping_streams_are_shaped_to_the_acceleration_limit():
    run = Run()
    for k in range(20):
        target = HOME + np.array([0.15, 0.1, 0.05]) * (-1) ** k
        run.arm.stream(points([0.2], [target]), run.now_ns)
        run.step(20)
    run.step(300)
    assert run.arm.idle
    positions = np.array([HOME, HOME, *(c[0] for c in run.trace)])
    accelerations = np.diff(positions, n=2, axis=0) / (PERIOD_NS * 1e-9) ** 2
    assert 9.0 < np.abs(accelerations).max() <= 10.0 * 1.001
    np.testing.assert_allclose(run.position, target)


def test_points_that_run_out_in_motion_are_counted_and_a_stop_is_not():
    run = Run()
    moving = points([0.2], [HOME + (0.02, 0, 0)], [(0.2, 0, 0)])
    run.arm.stream(points([0.2], [HOME + (0.02, 0, 0)]), 0)
    run.step(200)
    assert run.arm.streams_run_out == 0
    run.arm.stream(points([0.2], [HOME + (0.04, 0, 0)], [(0.2, 0, 0)]), run.now_ns)
    run.step(200)
    assert run.arm.streams_run_out == 1
    run.arm.reset(run.now_ns, HOME)
    run.arm.stream(moving, run.now_ns)
    run.step(20)
    run.arm.stop(run.now_ns, ErrorCode.CONTROL_STOPPED, "stopped")
    run.step(200)
    assert run.arm.streams_run_out == 1


@pytest.mark.parametrize(
    ("trajectory", "message"),
    [
        (
            quintic(J, HOME, GOAL, 0.42),
            r"left_joint1: acceleration \d+\.\d+ at points \d and \d is above the limit 10.000",
        ),
        (points([0.11], [HOME + (0.03, 0, 0)]), "reaching it in time takes acceleration"),
        (points([1.0, 9e9], [HOME, GOAL]), r"lasts 9e\+09 s; at most 3600 s"),
    ],
)
def test_goals_beyond_the_acceleration_limit_or_without_end_are_refused(trajectory, message):
    run = Run()
    with pytest.raises(GoalRejectedError, match=message):
        run.arm.send(trajectory, 0, 0)
    assert run.arm.idle


def test_a_dense_goal_that_starts_beside_the_command_is_joined_within_the_limits():
    run = Run()
    handle = run.arm.send(quintic(J, HOME + (0.04, 0, 0), GOAL, 1.5), 30_000_000, 0)
    run.until_done(handle)
    positions = np.array([HOME, HOME, *(c[0] for c in run.trace)])
    assert np.abs(np.diff(positions, n=2, axis=0)).max() <= 10.0 * 1.02 * (PERIOD_NS * 1e-9) ** 2
    np.testing.assert_allclose(run.position, GOAL)
