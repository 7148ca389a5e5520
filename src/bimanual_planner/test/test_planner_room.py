"""Room: the least wait that does, an arm parked while the other passes, and nobody moved who was not asked."""

import numpy as np
import pytest
from planner_rig import MODEL, ROBOT, SIDES, scene_of

from bimanual_core import se3
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_planner.clearance import WAIT_SHARE, least_wait
from bimanual_planner.in_turn import in_turn
from bimanual_planner.planner import MotionPlanner
from bimanual_planner.timed_paths import positions_at


def require_clear(state, scene, trajectories):
    _, qs = positions_at(state, trajectories, 0.004)
    assert scene.first_collision_of(state, {}, qs, margin=0.0) is None


#: Joints from which the left arm has to leave before the right arm comes.
WAITING = (
    {"left": (1.95, 2.44, -2.92, 0.03, -1.07, 0.25), "right": (0.45, 1.15, -2.61, -1.46, -0.49, 1.77)},
    {"left": (2.01, 0.22, -2.56, -0.42, -1.13, 0.07), "right": (-0.36, 1.66, -1.36, -0.02, -0.33, 1.42)},
)
#: Joints from which the arms have to change places: each way is in the way of the other arm, at rest or moving.
CROSSING = (
    {"left": (2.36, 0.64, -1.92, 0.06, -1.15, 1.17), "right": (1.63, 1.66, -2.28, -1.74, 0.65, 1.15)},
    {"left": (0.12, 0.07, -1.43, -1.04, -0.89, -0.23), "right": (-1.56, 1.26, -1.8, -0.83, 1.2, 0.36)},
)
#: Joints of the left arm that are in the way of where the right arm is to go.
BARRED = (
    {"left": (2.6, 0.44, -2.82, -0.28, -0.57, -1.4), "right": (-2.08, 1.53, -0.37, 1.7, -0.39, -0.43)},
    {"left": (2.6, 0.44, -2.82, -0.28, -0.57, -1.4), "right": (1.11, 2.08, -1.93, 0.14, -0.5, -0.91)},
)


def between(problem):
    """(state, scene, goals) of joints by side."""
    state, scene = scene_of()
    for side in SIDES:
        state = state.with_arm(side, np.array(problem[0][side]))
    return state, scene, {side: np.array(problem[1][side]) for side in SIDES}


def test_a_wait_is_no_longer_than_it_must_be():
    state, scene, goals = between(WAITING)
    found = MotionPlanner(scene).plan_joints(state, goals)
    assert found.sequence == SIDES
    left, right = (found.trajectories[side] for side in SIDES)
    assert found.notes[-1] == f"right arm waits {right.times[1]:.2f} s for the left arm"
    require_clear(state, scene, found.trajectories)
    assert 0.0 < right.times[1] < left.duration  # not for the end of a motion that is out of its way by then
    _, qs = positions_at(state, {"left": left, "right": shifted(right)}, 0.004)
    assert scene.first_collision_of(state, {}, qs, margin=0.0) is not None


def shifted(trajectory):
    """The trajectory without its wait."""
    return type(trajectory)(
        trajectory.joints,
        trajectory.times[1:] - trajectory.times[1],
        trajectory.positions[1:],
        trajectory.velocities[1:],
        trajectory.accelerations[1:],
    )


def test_least_wait_is_near_the_least():
    asked = []

    def free(wait):
        asked.append(wait)
        return wait >= 0.3

    found = least_wait(free, 2.0)
    assert 0.3 <= found <= 0.3 + WAIT_SHARE * 2.0
    assert len(asked) <= 4


def test_an_arm_that_is_not_asked_stays_unless_it_may_make_room():
    state, scene, goals = between(BARRED)
    goal = {"right": MODEL.fk("right", goals["right"])}
    with pytest.raises(BimanualError, match="with make_room the left arm might give way") as caught:
        MotionPlanner(scene).plan_poses(state, goal)
    assert caught.value.code == ErrorCode.PLAN_COLLISION
    found = MotionPlanner(scene).plan_poses(state, goal, make_room=True)
    assert found.method == "parked"
    assert found.sequence == SIDES
    assert "left arm is parked at" in found.notes[-1]
    require_clear(state, scene, found.trajectories)
    reached = MODEL.fk("right", found.trajectories["right"].positions[-1])
    assert se3.pose_error(reached, goal["right"])[0] < 1e-4
    joints = MotionPlanner(scene).plan_joints(state, {"right": goals["right"]}, make_room=True)
    assert joints.sequence == SIDES
    require_clear(state, scene, joints.trajectories)


def test_an_arm_retreats_no_farther_than_it_must():
    state, scene, goals = between(BARRED)
    found = MotionPlanner(scene).plan_joints(state, {"right": goals["right"]}, make_room=True)
    whole = np.abs(np.array(ROBOT.arm("left").home) - state.arm_q("left")).max()
    moved = np.abs(found.trajectories["left"].positions[-1] - state.arm_q("left")).max()
    assert 0.0 < moved < 0.9 * whole


def test_arms_that_change_places_let_one_pass():
    state, scene, goals = between(CROSSING)
    found = MotionPlanner(scene, max_checks=300).plan_joints(state, goals)
    assert found.method == "parked"
    assert found.sequence == ("right", "left", "right")
    assert "one after the other collides too" in found.notes[0]
    require_clear(state, scene, found.trajectories)
    for side in SIDES:
        assert np.allclose(found.trajectories[side].positions[-1], goals[side])


def test_with_time_for_a_search_they_go_around_each_other():
    state, scene, goals = between(CROSSING)
    found = MotionPlanner(scene).plan_joints(state, goals)
    assert found.method == "rrt"
    assert found.notes[-1] == "the left and right arm go around each other"
    require_clear(state, scene, found.trajectories)


def test_parts_in_turn_rest_between():
    state, scene, goals = between(WAITING)
    there = MotionPlanner(scene).plan_joints(state, {"left": goals["left"]}).trajectories
    gone = state.with_arm("left", there["left"].positions[-1])
    back = MotionPlanner(scene).plan_joints(gone, {"left": state.arm_q("left")})
    joined = in_turn(SIDES, [(0.0, there), (there["left"].duration + 0.5, back.trajectories)])["left"]
    assert joined.duration == pytest.approx(there["left"].duration + 0.5 + back.trajectories["left"].duration)
    _, qs = positions_at(state, {"left": joined}, 0.01)
    times = np.linspace(0.0, joined.duration, len(qs))
    resting = qs[np.abs(times - there["left"].duration - 0.25) < 0.24]
    assert np.ptp(resting, axis=0).max() < 1e-9


def test_a_part_that_begins_later_is_the_same_motion():
    """Also where it begins between two nanoseconds: what its quintics' jerk is must not change by rounding."""
    state, scene, goals = between(WAITING)
    part = MotionPlanner(scene).plan_joints(state, {"left": goals["left"]}).trajectories
    for begin in (1.0 / 3.0, 0.1234567895):
        late = in_turn(SIDES, [(begin, part)])["left"]
        assert np.abs(np.diff(late.times[1:]) - np.diff(part["left"].times)).max() < 1e-14
    gone = state.with_arm("left", part["left"].positions[-1])
    back = MotionPlanner(scene).plan_joints(gone, {"left": state.arm_q("left")}).trajectories
    again = in_turn(SIDES, [(0.0, part), (part["left"].duration + 0.1234567895, back)])["left"]
    count = len(back["left"].times)
    assert np.abs(np.diff(again.times[-count:]) - np.diff(back["left"].times)).max() < 1e-14
