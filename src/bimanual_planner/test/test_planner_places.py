"""Errors say where in the world is what they tell of."""

import numpy as np
import pytest
from planner_rig import MODEL, ROBOT, FollowingWorld, cube, scene_of

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import make_T
from bimanual_core.skill import Skill
from bimanual_planner.planner import MotionPlanner
from bimanual_planner.skills import LocalSkills

TCP = {side: MODEL.fk(side, ROBOT.home[ROBOT.joints.group(f"{side}_arm")]) for side in ("left", "right")}
LOW = make_T((0.0, 0.0, -0.22)) @ TCP["left"]


def refusal(state, scene, targets, **values):
    with pytest.raises(BimanualError) as info:
        MotionPlanner(scene).plan_poses(state, targets, **values)
    assert all(words in str(info.value) for words in info.value.places)
    return info.value


def test_a_goal_in_the_table():
    error = refusal(*scene_of(), {"left": LOW})
    places = {words: at for words, at in error.places.items() if "table" in words}
    assert places
    for at in places.values():
        assert abs(at[2] - TableSpec().top_z) < 0.05
        assert np.linalg.norm(np.array(at) - LOW[:3, 3]) < 0.25


def test_what_stopped_a_screw():
    ahead = make_T((0.0, 0.16, 0.0)) @ TCP["left"]
    state, scene = scene_of(cube("a", TCP["left"][0, 3] + 0.06, TCP["left"][1, 3] + 0.12, TCP["left"][2, 3]))
    error = refusal(state, scene, {"left": ahead}, method="screw")
    ((words, at),) = error.places.items()
    assert "overlaps a (" in words
    assert np.linalg.norm(np.array(at) - state.objects["a"][:3, 3]) < 0.06


def test_a_start_in_collision():
    state, scene = scene_of()
    into_table = state.with_arm("left", state.arm_q("left") + (0.0, 0.9, 0.0, 0.0, 0.0, 0.0))
    error = refusal(into_table, scene, {"right": TCP["right"]})
    assert error.code == ErrorCode.PLAN_START_INVALID
    assert any("table" in words for words in error.places)


def test_arms_that_meet():
    between = {}
    for side, T in TCP.items():
        between[side] = T.copy()
        between[side][:3, 3] = (0.0, 0.0, 0.95)
    error = refusal(*scene_of(), between)
    assert any("left_" in words and "right_" in words for words in error.places)
    for at in error.places.values():
        assert np.linalg.norm(np.array(at) - (0.0, 0.0, 0.95)) < 0.3


def test_no_place_for_what_is_nowhere():
    far = make_T((5.0, 0.0, 1.0))
    assert dict(refusal(*scene_of(), {"left": far}).places) == {}


def test_what_stopped_skills():
    skills = LocalSkills(FollowingWorld(), model=MODEL)
    report = skills.execute([Skill("move_to_pose", target=LOW)], [])
    assert report.error_code == ErrorCode.PLAN_COLLISION
    assert report.places
    assert all(words in report.error_msg and "table" in words for words in report.places)
    assert all(abs(at[2] - TableSpec().top_z) < 0.05 for at in report.places.values())
    assert dict(skills.execute([Skill("open_gripper")], []).places) == {}
