"""Of many grasps the best comes first: near, off limits and singularities, with room, held as is preferred."""

import numpy as np
import pytest
from planner_rig import MODEL, cube, scene_of

import bimanual_description
from bimanual_core.observation import ObjectSnapshot
from bimanual_core.skill import Skill
from bimanual_kinematics.model import RobotModel
from bimanual_planner.approach_cost import LIMIT, PREFERENCE, SINGULAR, TIGHT, approach_cost, least_motion
from bimanual_planner.config import PlannerConfig
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState
from bimanual_planner.ways import ways

LOWER, UPPER = MODEL.limits("left")
MIDDLE = (LOWER + UPPER) / 2
BENT = MIDDLE + np.array([0.0, 0.0, 0.0, 0.3, 0.8, 0.2])


def cost(q_pre=BENT, q_goal=BENT, preference=0, roomy=True):
    return approach_cost(MODEL, "left", BENT, q_pre, q_goal, preference, roomy)


def test_each_fault_of_an_approach_costs_what_it_is_said_to():
    assert cost() == pytest.approx(0.0, abs=1e-9)
    nearer = BENT + 0.1 * np.eye(6)[0]
    assert cost(nearer, nearer) == pytest.approx(0.1, abs=1e-9)
    assert cost(preference=2) == pytest.approx(2 * PREFERENCE)
    assert cost(roomy=False) == pytest.approx(TIGHT)
    at_limit = BENT.copy()
    at_limit[0] = UPPER[0]
    assert cost(at_limit, at_limit) == pytest.approx(UPPER[0] - BENT[0] + LIMIT)


def test_lined_up_wrist_axes_cost_as_a_singularity():
    straight = BENT.copy()
    straight[4] = 0.0
    assert least_motion(MODEL, "left", straight) < 1e-3 < 0.02 < least_motion(MODEL, "left", BENT)
    assert cost(BENT, straight) - np.abs(straight - BENT).max() == pytest.approx(SINGULAR, abs=0.05)


def test_the_best_grasp_comes_first_and_after_it_the_next_best():
    item = cube("block", -0.2, -0.05)
    state, scene = scene_of(item)
    found = list(ways(Skill("grasp_actor", "block"), "left", state, scene))
    to_pre = [next(s for s in way.steps if s.path is not None and not s.straight).path[-1] for way in found]
    far = [np.abs(q - state.arm_q("left")).max() for q in to_pre]
    assert np.mean(far[:4]) < np.mean(far[-4:])
    assert len({way.choice for way in found[:4]}) > 1


def test_what_was_chosen_before_stays_first():
    state, scene = scene_of(cube("block", -0.2, -0.05))
    skill = Skill("grasp_actor", "block")
    last = list(ways(skill, "left", state, scene))[-1].choice
    again = list(ways(skill, "left", state, scene, last))
    assert again[0].choice == last
    assert len({way.choice for way in again}) == len({way.choice for way in ways(skill, "left", state, scene)})


def test_joints_that_turn_by_more_than_once_are_not_turned_back_to_grasp():
    robot = bimanual_description.load("dual_ur5")
    model = RobotModel.of(robot)
    item = cube("block", -0.25, 0.0)
    scene = PlanningScene(model, ObjectSnapshot(0, 1, {"block": item}), PlannerConfig())
    home = PlanState(robot, robot.home.copy(), {"block": item.T_world_object})
    q = home.arm_q("left").copy()
    for last in (-3.0, 3.0):  # half a turn to either side is within its limits
        q[5] = last
        state = home.with_arm("left", q)
        for way in ways(Skill("grasp_actor", "block"), "left", state, scene):
            path = next(step.path for step in way.steps if step.path is not None and not step.straight)
            assert np.abs(path[-1] - path[0])[5] <= np.pi + 1e-6
