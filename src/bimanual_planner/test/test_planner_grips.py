"""What both hands hold stays as it is in both all along; poses in the frame of what moves go along with it."""

import numpy as np
import pytest
from planner_rig import MODEL, ROBOT, SIDES, cube, scene_of

from bimanual_core import se3
from bimanual_core.errors import BimanualError, ErrorCode, UnknownNameError
from bimanual_core.observation import ObjectState
from bimanual_kinematics.ik import ik_solutions
from bimanual_planner.backends import PlanRequest
from bimanual_planner.config import PlannerConfig
from bimanual_planner.planner import MotionPlanner
from bimanual_planner.state import Held
from bimanual_planner.steps import Step
from bimanual_planner.timed_paths import course
from bimanual_planner.tool_goals import GRIP_ANGLE, GRIP_POSITION, GripError, require_grip

TILT = 0.7  # of the hands at the bar, from straight down [rad]


def bar_in_both_hands(*others, config=None):
    """(state, scene): a bar across, held at both ends, over the table."""
    T_bar = se3.make_T((0.0, -0.05, 0.95))
    bar = ObjectState("bar", "box", "red", (0.60, 0.04, 0.04), T_bar)
    state, scene = scene_of(bar, *others, config=config)
    approach = np.array([0.0, np.sin(TILT), -np.cos(TILT)])
    opening = np.cross(approach, [1.0, 0.0, 0.0])
    R = np.column_stack([np.cross(opening, approach), opening, approach])
    for side, x in zip(SIDES, (-0.27, 0.27), strict=True):
        q = ik_solutions(MODEL, side, se3.from_rotation(R, (x, -0.05, 0.95)), state.arm_q(side))[0]
        state = state.with_arm(side, q).with_opening(side, 0.04)
        state = state.with_held(side, Held("bar", se3.inverse(MODEL.fk(side, q)) @ T_bar, 0.04))
    return state, scene


def moved(state, scene, xyz, yaw=0.0):
    T = scene.object_pose(state, "bar")
    return se3.make_T(xyz) @ T @ se3.from_rotation(se3.rotation_about((0.0, 0.0, 1.0), yaw))


def tcps(state, found, side, count=400):
    """Poses (count, 4, 4) of a tcp at equal intervals of the motion."""
    _, joints = course(state, found.trajectories)
    group = ROBOT.joints.group(f"{side}_arm")
    return np.array([MODEL.fk(side, q[group]) for q in joints(np.linspace(0.0, 1.0, count))])


def relative(state, found):
    left, right = (tcps(state, found, side) for side in SIDES)
    return [se3.inverse(a) @ b for a, b in zip(left, right, strict=True)]


@pytest.mark.parametrize(("xyz", "yaw"), [((0.0, 0.05, 0.05), 0.0), ((-0.05, 0.05, 0.1), 0.1)])
def test_hands_that_share_an_object_keep_their_relative_pose(xyz, yaw):
    state, scene = bar_in_both_hands()
    goal = moved(state, scene, xyz, yaw)
    found = MotionPlanner(scene).plan_poses(state, {}, objects={"bar": goal})
    assert found.method == "screw"
    poses = relative(state, found)
    errors = np.array([se3.pose_error(T, poses[0]) for T in poses])
    assert errors[:, 0].max() < GRIP_POSITION
    assert errors[:, 1].max() < GRIP_ANGLE
    # the object, carried by either hand, is where it was asked for and went there on the constant screw
    T_start = scene.object_pose(state, "bar")
    twist = se3.screw_between(T_start, goal)
    for side in SIDES:
        bars = tcps(state, found, side) @ state.held[side].T_tcp_object
        position, angle = se3.pose_error(bars[-1], goal)
        assert position < 1e-4
        assert angle < np.radians(0.05)
        shares = [float(np.dot(se3.screw_between(T_start, T), twist) / np.dot(twist, twist)) for T in bars]
        assert (
            max(se3.pose_error(T, se3.screw_pose(T_start, twist, s))[0] for T, s in zip(bars, shares, strict=True))
            < 5e-4
        )


def test_a_grip_that_is_left_is_noticed():
    state, scene = bar_in_both_hands()
    found = MotionPlanner(scene).plan_poses(state, {}, objects={"bar": moved(state, scene, (0.0, 0.05, 0.05))})
    left = found.trajectories["left"]
    torn = {
        **found.trajectories,
        "left": type(left)(left.joints, 1.02 * left.times, left.positions, left.velocities / 1.02),
    }
    with pytest.raises(GripError, match=r"the hands that hold bar leave their grip by [0-9.]+ mm"):
        require_grip(MODEL, state, torn, "bar")


def test_steps_are_finer_where_the_grip_needs_it():
    state, scene = bar_in_both_hands(config=PlannerConfig(line_step=0.05, turn_step=1.0, max_joint_step=1.0))
    found = MotionPlanner(scene).plan_poses(state, {}, objects={"bar": moved(state, scene, (-0.05, 0.05, 0.1), 0.1)})
    assert "leave their grip" in found.notes[0]
    poses = relative(state, found)
    assert max(se3.pose_error(T, poses[0])[0] for T in poses) < GRIP_POSITION


def test_what_both_hold_goes_over_what_stands_between():
    state, scene = bar_in_both_hands(cube("wall", 0.0, 0.02, 0.92))
    found = MotionPlanner(scene).plan_poses(state, {}, objects={"bar": moved(state, scene, (0.0, 0.16, 0.0))})
    assert "bar goes over a place" in found.notes[-1]
    poses = relative(state, found)
    assert max(se3.pose_error(T, poses[0])[0] for T in poses) < GRIP_POSITION
    with pytest.raises(BimanualError, match="bar (overlaps|is near) wall"):
        MotionPlanner(scene).plan_poses(
            state, {}, objects={"bar": moved(state, scene, (0.0, 0.16, 0.0))}, method="screw"
        )


def test_a_screw_of_a_grip_that_ends_says_where_and_why():
    state, scene = bar_in_both_hands()
    with pytest.raises(BimanualError, match=r"screw ends \d+% of the way.*joint6 = .* is at its limit") as caught:
        MotionPlanner(scene).plan_poses(state, {}, objects={"bar": moved(state, scene, (0.1, 0.0, 0.0))})
    assert caught.value.code == ErrorCode.PLAN_LIMIT


def test_what_shares_an_object_takes_no_other_method_or_time():
    state, scene = bar_in_both_hands()
    goal = {"bar": moved(state, scene, (0.0, 0.05, 0.05))}
    for options in ({"sync": "independent"}, {"method": "rrt"}, {"method": "joint"}):
        with pytest.raises(BimanualError, match="sync proportional and method auto or screw"):
            MotionPlanner(scene).plan_poses(state, {}, objects=goal, **options)


def cube_in_the_left_hand():
    state, scene = scene_of(cube("red", 0.0, 0.0), cube("green", 0.2, 0.0))
    T_tcp_cube = se3.make_T((0.0, 0.0, 0.0))
    return state.with_opening("left", 0.05).with_held("left", Held("red", T_tcp_cube, 0.05)), scene


def test_one_hand_brings_its_object():
    state, scene = cube_in_the_left_hand()
    goal = se3.make_T((0.05, 0.05, 0.05)) @ scene.object_pose(state, "red")
    found = MotionPlanner(scene).plan_poses(state, {}, objects={"red": goal})
    assert set(found.trajectories) == {"left"}
    reached = tcps(state, found, "left")[-1] @ state.held["left"].T_tcp_object
    assert se3.pose_error(reached, goal)[0] < 1e-4


def test_a_pose_in_the_frame_of_an_object_that_stands():
    state, scene = cube_in_the_left_hand()
    T_world_tcp = se3.make_T((0.0, 0.04, 0.03)) @ MODEL.fk("right", state.arm_q("right"))
    T_green_tcp = se3.inverse(state.objects["green"]) @ T_world_tcp
    found = MotionPlanner(scene).plan_poses(state, {"right": T_green_tcp}, frames={"right": "green"})
    assert se3.pose_error(tcps(state, found, "right")[-1], T_world_tcp)[0] < 1e-4


@pytest.mark.parametrize("by_object", [True, False])
def test_a_tcp_goes_along_with_what_the_other_arm_moves(by_object):
    state, scene = cube_in_the_left_hand()
    T_red, T_right = scene.object_pose(state, "red"), MODEL.fk("right", state.arm_q("right"))
    start = se3.inverse(T_red) @ T_right
    nearer = se3.make_T((-0.05, 0.0, 0.0)) @ T_right
    turn = se3.from_rotation(se3.rotation_about((0.0, 0.0, 1.0), 0.3))
    T_red_goal = se3.make_T((0.0, 0.05, 0.06)) @ T_red @ turn
    wanted = {"right": se3.inverse(T_red) @ nearer}
    asked = {"objects": {"red": T_red_goal}}
    if not by_object:
        asked, wanted = (
            {},
            {**wanted, "left": se3.make_T((0.0, 0.05, 0.06)) @ MODEL.fk("left", state.arm_q("left")) @ turn},
        )
    found = MotionPlanner(scene).plan_poses(state, wanted, frames={"right": "red"}, **asked)
    left, right = (tcps(state, found, side) for side in SIDES)
    seen = [se3.inverse(a @ state.held["left"].T_tcp_object) @ b for a, b in zip(left, right, strict=True)]
    assert se3.pose_error(seen[-1], wanted["right"])[0] < 1e-4
    # seen from the cube, the tcp goes straight towards its goal while both move
    line = wanted["right"][:3, 3] - start[:3, 3]
    shares = np.array([np.dot(T[:3, 3] - start[:3, 3], line) / np.dot(line, line) for T in seen])
    off = [np.linalg.norm(T[:3, 3] - start[:3, 3] - s * line) for T, s in zip(seen, shares, strict=True)]
    assert max(off) < 5e-4
    assert np.all(np.diff(shares) > -1e-3)


def test_requests_that_contradict_themselves():
    state, _ = cube_in_the_left_hand()
    T = MODEL.fk("left", state.arm_q("left"))
    wrong = [
        ({"objects": {"green": T}}, "no hand holds green"),
        ({"objects": {"red": T}, "poses": {"left": T}}, "contradict"),
        ({"objects": {"red": np.full((4, 4), np.nan)}}, "not a finite rigid transform"),
        ({"objects": {"red": T}, "joints": {"right": state.arm_q("right")}}, "not both"),
        ({"poses": {"left": T}, "frames": {"left": "red"}}, "the left arm holds red"),
        ({"poses": {"left": T}, "frames": {"right": "red"}}, "no tcp pose"),
        ({}, "no arm is asked to move"),
    ]
    for options, words in wrong:
        with pytest.raises(BimanualError, match=words):
            PlanRequest(state, **options)
    for options in ({"objects": {"blue": T}}, {"poses": {"right": T}, "frames": {"right": "blue"}}):
        with pytest.raises(UnknownNameError, match="blue"):
            PlanRequest(state, **options)
    assert PlanRequest(state, objects={"red": T}).sides == ("left",)


@pytest.mark.parametrize(("overlap", "may_straight"), [(0.0, True), (0.01, False)])
def test_what_is_held_touches_only_what_it_is_lifted_off(overlap, may_straight):
    state, scene = scene_of(cube("red", 0.0, 0.0), cube("base", 0.0, 0.0))
    q = state.arm_q("left")
    state = state.with_opening("left", 0.05).with_held("left", Held("red", np.eye(4), 0.05))
    state = state.with_object("base", MODEL.fk("left", q) @ se3.make_T((0.0, 0.0, 0.05 - overlap)))

    def still(shares):
        return np.repeat(state.q[None], len(shares), axis=0)

    line, screw = Step(path=np.array([q, q])), Step(path=np.array([q, q]), lengths=np.zeros(2))
    assert scene.first_touch_of(state, {}, still) is None  # at rest it goes on standing there
    assert (scene.first_touch_of(state, {"left": screw}, still) is None) == may_straight
    _, hit = scene.first_touch_of(state, {"left": line}, still)
    assert {hit.a, hit.b} == {"red", "base"}
