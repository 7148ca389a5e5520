"""Grasp candidates: on the object, tilted as asked, shallow, the opening across the width."""

from dataclasses import replace

import numpy as np
import pytest
from planner_rig import cube, scene_of

from bimanual_assets.catalog import get_asset
from bimanual_assets.grasps import DOWN_TILTS, GRIP_DEPTH, LEVEL_TILTS, grasp_candidates
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.observation import ObjectState
from bimanual_core.se3 import make_T, rotation_about
from bimanual_core.skill import Skill
from bimanual_planner.ways import ways

BLOCK, CUBE = get_asset("handover_block"), get_asset("cube")


@pytest.mark.parametrize("grasp", grasp_candidates(BLOCK, group="upper"), ids=lambda g: str(g.key))
def test_a_long_block_is_held_high_tilted_and_from_its_side(grasp):
    x, y, z = grasp.T_object_tcp[:3, :3].T
    assert np.degrees(np.arccos(-z[2])) == pytest.approx(grasp.tilt_deg, abs=1e-6)
    assert grasp.tilt_deg in LEVEL_TILTS
    assert abs(y[2]) < 1e-9
    assert np.max(np.abs(y)) == pytest.approx(1.0)
    tip = grasp.T_object_tcp[:3, 3]
    on_axis = tip - GRIP_DEPTH * z
    assert np.abs(on_axis[:2]).max() < 1e-9
    assert 0.0 < on_axis[2] < 0.1
    assert grasp.width == pytest.approx(0.06)
    assert x @ np.cross(y, z) == pytest.approx(1.0)


def test_groups_and_ids_select_contacts():
    assert {g.contact_id for g in grasp_candidates(BLOCK, group="lower")} == {4, 5, 6, 7}
    assert {g.contact_id for g in grasp_candidates(BLOCK, contact_ids=(2,))} == {2}
    assert grasp_candidates(BLOCK, group="nowhere") == []
    assert {g.tilt_deg for g in grasp_candidates(CUBE)} == set(DOWN_TILTS)


def test_what_lies_is_held_from_above():
    lying = BLOCK.annotation.contacts[0].T_object_contact[:3, 2]  # this side's approach, turned to point down
    turn = rotation_about(np.cross(lying, (0.0, 0.0, -1.0)), np.pi / 2)
    found = grasp_candidates(BLOCK, contact_ids=(0,), R_world_object=turn)
    down = [(turn @ g.T_object_tcp[:3, 2])[2] for g in found]
    assert {g.tilt_deg for g in found} == set(DOWN_TILTS)
    assert np.allclose(down, [-np.cos(np.radians(g.tilt_deg)) for g in found])


def test_keys_tell_grasps_apart():
    for asset in (BLOCK, CUBE):
        keys = [g.key for g in grasp_candidates(asset)]
        assert len(keys) == len(set(keys))


def test_tips_stay_off_the_table_under_a_cube():
    tips = [g.T_object_tcp[2, 3] for g in grasp_candidates(CUBE)]
    assert min(tips) > -0.025 + 0.01


def test_deeper_when_asked():
    shallow, deep = grasp_candidates(CUBE)[0], grasp_candidates(CUBE, extra_depth=0.005)[0]
    z = shallow.T_object_tcp[:3, 2]
    assert np.allclose(deep.T_object_tcp[:3, 3] - shallow.T_object_tcp[:3, 3], 0.005 * z)


def test_what_is_wider_than_the_gripper_is_refused_with_the_width():
    wide = cube("crate", -0.2, 0.0)
    wide = type(wide)("crate", "cube", "red", (2.0, 2.0, 1.0), wide.T_world_object)
    state, scene = scene_of(wide)
    with pytest.raises(BimanualError, match="at most 90 mm wide") as caught:
        next(ways(Skill("grasp_actor", "crate"), "left", state, scene))
    assert caught.value.code == ErrorCode.PLAN_UNREACHABLE


def test_a_hand_opens_as_far_as_the_contact_says_and_lets_go_so_far():
    bowl = ObjectState("bowl", "container", "0", (1.0, 1.0, 1.0), make_T((-0.2, -0.05, 0.768)))
    state, scene = scene_of(bowl)
    way = next(ways(Skill("grasp_actor", "bowl", group="rim"), "left", state, scene))
    assert way.steps[0].opening == 0.05  # a finger goes inside, so not all the way
    for step in way.steps:
        state = step.after("left", state, scene.model.fk)
    put = Skill("place_actor", "bowl", target=make_T((-0.2, -0.05, 0.78)), dis=0.0, pre_dis=0.0)
    assert next(ways(put, "left", state, scene)).steps[-1].opening == 0.05


def test_a_hand_opens_no_further_than_it_can_whatever_the_contact_says():
    bowl = ObjectState("bowl", "container", "0", (1.0, 1.0, 1.0), make_T((-0.2, -0.05, 0.768)))
    state, scene = scene_of(bowl)
    narrow = [replace(arm, gripper=replace(arm.gripper, max_opening=0.03)) for arm in state.robot.arms]
    state = replace(state, robot=replace(state.robot, arms=tuple(narrow)))
    way = next(ways(Skill("grasp_actor", "bowl", group="rim"), "left", state, scene))
    assert way.steps[0].opening == way.steps[-1].take.opening == 0.03


@pytest.mark.parametrize(("opening", "first"), [(0.075, None), (0.06, 0.1)])
def test_a_hand_that_is_open_widely_enough_stays_so(opening, first):
    state, scene = scene_of(cube("block", -0.2, -0.05))
    state = state.with_opening("left", opening)
    way = next(ways(Skill("grasp_actor", "block"), "left", state, scene))
    assert way.steps[0].opening == first
