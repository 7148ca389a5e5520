"""What the planner is measured by: problems that can be solved, and a checker that finds what is wrong."""

import numpy as np
import pinocchio as pin
import pytest
from planner_rig import MODEL, ROBOT, block, scene_of

from bimanual_assets.catalog import get_asset
from bimanual_core.errors import BimanualError
from bimanual_core.motion import JointTrajectory
from bimanual_core.observation import ObjectState
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import pose_error
from bimanual_kinematics.collision import CollisionScene
from bimanual_kinematics.geometry import robot_bodies
from bimanual_planner import search
from bimanual_planner.bench.checker import LOOK_M, Checker
from bimanual_planner.bench.problems import MANY_CHECKS, blocked_problems, random_problems, screw_problems
from bimanual_planner.bench.reference import screws_go, tracked_screw
from bimanual_planner.planner import MotionPlanner
from bimanual_planner.tool_goals import ToolGoals


def checker_with(*objects):
    scene = CollisionScene(MODEL, TableSpec())
    for item in objects:
        scene.set_object(item.name, get_asset(item.class_name, item.asset_id, item.scale), item.T_world_object)
    return Checker(scene)


def straight(side, q, goal, seconds):
    """A line in joint space, at rest at both ends."""
    zero = np.zeros((2, len(q)))
    return {side: JointTrajectory(ROBOT.arm(side).joints, np.array([0.0, seconds]), np.array([q, goal]), zero, zero)}


def test_problems_are_the_same_for_a_seed_and_differ_between_seeds():
    first, again, other = (list(screw_problems(MODEL, ("left",), 2, seed)) for seed in (3, 3, 4))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.targets["left"], b.targets["left"])
        np.testing.assert_array_equal(a.state.q, b.state.q)
    assert not np.array_equal(first[0].targets["left"], other[0].targets["left"])


def test_the_reference_keeps_to_the_screw_and_to_what_is_free():
    state, scene = scene_of()
    q = state.arm_q("left")
    goal = MODEL.fk("left", q)
    goal[:3, 3] += (0.05, 0.02, -0.04)
    path = tracked_screw(MODEL, "left", q, goal, 60)
    assert path is not None
    position, angle = pose_error(MODEL.fk("left", path[-1]), goal)
    assert position < 1e-4
    assert angle < 1e-3
    assert screws_go(scene, state, {"left": goal})
    into_table = goal.copy()
    into_table[2, 3] = TableSpec().top_z - 0.05
    assert not screws_go(scene, state, {"left": into_table})
    out_of_reach = goal.copy()
    out_of_reach[1, 3] += 2.0
    assert tracked_screw(MODEL, "left", q, out_of_reach, 60) is None


def test_the_checker_passes_what_is_planned():
    (problem,) = screw_problems(MODEL, ("left", "right"), 1, 5)
    plan = MotionPlanner(problem.scene).plan_poses(problem.state, problem.targets)
    verdict = checker_with().check(problem.state, plan.trajectories)
    assert (verdict.collision, verdict.limit) == ("", "")


def test_the_checker_finds_a_thin_thing_in_the_way():
    state, _ = scene_of()
    q = state.arm_q("left")
    goal = q + np.array([0.6, 0.0, 0.0, 0.0, 0.0, 0.0])
    middle = MODEL.fk("left", (q + goal) / 2)
    post = block(*middle[:3, 3])
    assert checker_with().check(state, straight("left", q, goal, 2.0)).collision == ""
    assert "block" in checker_with(post).check(state, straight("left", q, goal, 2.0)).collision


@pytest.mark.parametrize(
    ("joint", "move", "seconds", "words"),
    [
        (0, 0.5, 0.3, "left_joint1: velocity"),
        (0, 0.2, 0.2, "left_joint1: acceleration"),
        (0, 0.01, 0.08, "left_joint1: jerk"),
        (3, 2.0, 9.0, "position"),
    ],
)
def test_the_checker_finds_each_kind_of_limit(joint, move, seconds, words):
    state, _ = scene_of()
    q = state.arm_q("left")
    goal = q.copy()
    goal[joint] += move
    found = checker_with().check(state, straight("left", q, goal, seconds)).limit
    assert words in found


def test_both_arms_are_checked_against_each_other():
    state, _ = scene_of()
    q = {side: state.arm_q(side) for side in ROBOT.sides}
    inward = {"left": -1.2, "right": 1.2}
    both = {}
    for side, turn in inward.items():
        both |= straight(side, q[side], q[side] + np.array([turn, 0, 0, 0, 0, 0]), 3.0)
    found = checker_with().check(state, both).collision
    assert "left_" in found
    assert "right_" in found


def test_no_point_of_the_robot_moves_more_than_a_millimetre_between_two_looks():
    (problem,) = random_problems(MODEL, 0, 0, 1)
    plan = MotionPlanner(problem.scene).plan_poses(problem.state, problem.targets)
    qs = checker_with().looks(problem.state, plan.trajectories)
    points = {}
    for body in robot_bodies(MODEL).values():
        for part in body.parts:
            part.shape.computeLocalAABB()
            T_joint_part = body.T_joint_body @ part.T_body_part
            points[body.joint] = (T_joint_part @ np.append(part.shape.aabb_local.max_, 1.0))[:3]
    at = np.empty((len(qs), len(points), 3))
    for row, q in zip(at, qs, strict=True):
        pin.forwardKinematics(MODEL.pin_model, MODEL.pin_data, MODEL.full_q(q))
        row[:] = [MODEL.pin_data.oMi[joint].act(point) for joint, point in points.items()]
    moved = np.linalg.norm(np.diff(at, axis=0), axis=2).max()
    assert 0.0005 < moved <= LOOK_M
    for side, trajectory in plan.trajectories.items():
        group = ROBOT.joints.group(f"{side}_arm")
        np.testing.assert_allclose(qs[[0, -1], group], trajectory.positions[[0, -1]], atol=1e-9)


def test_a_scene_of_random_problems_is_the_same_whoever_draws_it():
    first, again, other = (list(random_problems(MODEL, 7, index, 2)) for index in (3, 3, 4))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.state.q, b.state.q)
        np.testing.assert_array_equal(a.targets["right"], b.targets["right"])
    assert not np.array_equal(first[0].state.q, other[0].state.q)


def test_blocked_problems_are_blocked_and_solved_without_a_touch():
    (problem,) = blocked_problems(MODEL, 1, 1, 10.0)
    with pytest.raises(BimanualError, match="joint: "):
        MotionPlanner(problem.scene, max_checks=1).plan_joints(problem.state, problem.goals)
    plan = MotionPlanner(problem.scene, max_checks=MANY_CHECKS, budget_s=10.0).plan_joints(problem.state, problem.goals)
    assert plan.method == "rrt"
    verdict = checker_with(*boxes_of(problem)).check(problem.state, plan.trajectories)
    assert (verdict.collision, verdict.limit) == ("", "")


def test_a_search_that_finds_nothing_is_not_repeated_and_a_way_that_is_too_near_is_looked_for_more_closely(monkeypatch):
    (problem,) = blocked_problems(MODEL, 1, 1, 10.0)
    asked = []
    goals = {side: [goal] for side, goal in problem.goals.items()}
    found = {side: np.array([problem.state.arm_q(side), goal]) for side, goal in problem.goals.items()}
    for answer, looks in ((None, [1.0]), (found, [1.0, 3.0])):
        asked.clear()
        monkeypatch.setattr(search, "around", lambda *a, answer=answer: asked.append(a[-1]) or answer)
        with pytest.raises(BimanualError, match="rrt: "):
            search.MotionSearch(problem.scene).run(problem.state, goals, ToolGoals({}), "proportional", "rrt")
        assert asked == looks


def test_a_spent_budget_is_said_in_words():
    (problem,) = blocked_problems(MODEL, 1, 1, 10.0)
    with pytest.raises(BimanualError, match=r"the budget of 1e-06 s is spent"):
        MotionPlanner(problem.scene, budget_s=1e-6).plan_joints(problem.state, problem.goals)


def boxes_of(problem):
    return [
        ObjectState(name, "box", "red", tuple(problem.scene.asset(name).shapes[0].size), T)
        for name, T in problem.state.objects.items()
    ]
