"""A start in collision: it is refused with an offer, and the way out gets deeper into nothing."""

import numpy as np
import pytest
from planner_rig import MODEL, ROBOT, cube, scene_of

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.scene import TableSpec
from bimanual_kinematics.ik import ik_solutions
from bimanual_planner.planner import MotionPlanner
from bimanual_planner.timed_paths import course


def fingers_in_the_table(depth):
    """(state, scene) with the left tcp as far below the table's top [m]."""
    state, scene = scene_of(cube("cube", 0.3, 0.1))
    T = MODEL.fk("left", state.arm_q("left"))
    T[2, 3] = TableSpec().top_z - depth
    return state.with_arm("left", ik_solutions(MODEL, "left", T, state.arm_q("left"))[0]), scene


@pytest.mark.parametrize("depth", [0.003, 0.02])
def test_the_refusal_offers_joints_that_are_free(depth):
    state, scene = fingers_in_the_table(depth)
    target = MODEL.fk("left", ROBOT.home[:6])
    with pytest.raises(
        BimanualError, match=r"start in collision: .*table.*a way out is to move the left arm"
    ) as raised:
        MotionPlanner(scene).plan_pose("left", state, target)
    assert raised.value.code is ErrorCode.PLAN_START_INVALID


@pytest.mark.parametrize("depth", [0.003, 0.02])
def test_the_way_out_is_planned_and_another_plan_goes_on_from_its_end(depth):
    state, scene = fingers_in_the_table(depth)
    planner = MotionPlanner(scene)
    plan = planner.plan_out(state)
    assert plan.method == "out"
    assert list(plan.trajectories) == ["left"]
    first = scene.depths(state, state.q)
    _, joints = course(state, plan.trajectories)
    for q in joints(np.linspace(0.0, 1.0, 60)):
        for pair, deep in scene.depths(state, q).items():
            assert deep <= first[pair] + 2e-4
    free = state.with_arm("left", plan.trajectories["left"].positions[-1])
    assert not scene.depths(free, free.q)
    assert planner.plan_joints(free, {"left": ROBOT.home[:6]}).trajectories


def test_there_is_nothing_to_move_out_of_where_all_is_free():
    state, scene = scene_of()
    with pytest.raises(BimanualError, match="the start is free"):
        MotionPlanner(scene).plan_out(state)
