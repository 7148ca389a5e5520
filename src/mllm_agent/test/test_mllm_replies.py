"""Replies as models write them: what is sloppy is repaired, what cannot be read is refused in words."""

import json

import pytest
from agent_rig import grasp, plan

from bimanual_core.se3 import make_T, xyz_quat
from bimanual_core.skill import Skill
from mllm_agent.actions import KINDS, Refusal, check
from mllm_agent.plan import MOST_ACTIONS, read_plan
from mllm_agent.repair import MOST_CHARACTERS, ReplyError

GOOD = plan(grasp(pre_grasp_dis=0.08, contact_point_id=[0, 1]), ("open_gripper", {"arm_tag": "left"}))
WORDS = '"visual_state_description": "a", "reasoning_and_reflection": "b", "language_plan": "c"'


def names(reply):
    return [action.action_name for action in read_plan(reply).executable_plan]


@pytest.mark.parametrize(
    "reply",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"<think>perhaps {{this}} or {{'executable_plan': 3}}</think>Here it is: {GOOD} I hope that helps {{}}.",
        GOOD.replace('"', "'"),
        GOOD.replace("}]", "},]").replace("0.08", "+.08"),
        "{note} " + GOOD,
        GOOD.replace('"words"', "\"it\\'s the block's top, \\u00e9\""),
        GOOD.replace('"words"', '"he said "go" twice"'),
        "{" + WORDS + ", // as asked\n executable_plan: [" + GOOD.partition("[")[2],
    ],
)
def test_sloppy_json_is_repaired(reply):
    assert names(reply) == ["grasp_actor", "open_gripper"]
    assert read_plan(reply).executable_plan[0].parameters["contact_point_id"] == [0, 1]


def test_python_words_and_numeric_ids_are_understood():
    reply = (
        "{"
        + WORDS
        + """, 'executable_plan': [{'action_id': 2.3, 'action_name': 'place_actor', 'parameters':
        {'is_open': True, 'functional_point_id': None, 'dis': 1e-2}}]}"""
    )
    action = read_plan(reply).executable_plan[0]
    assert action.action_id == "2.3"
    assert action.parameters == {"is_open": True, "functional_point_id": None, "dis": 0.01}


@pytest.mark.parametrize("cut", [2, 3, 10, 25, 60])
def test_of_a_reply_that_was_cut_off_the_complete_actions_remain(cut):
    assert names(GOOD[:-cut]) == ["grasp_actor"] if cut > 2 else ["grasp_actor", "open_gripper"]


def test_a_reply_cut_off_in_a_number_does_not_use_half_of_it():
    whole = plan(("move_by_displacement", {"arm_tag": "left", "z": 0.05}))
    assert names(whole[: whole.index("0.05") + 3]) == []


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("", "holds no JSON object"),
        ("I cannot do that.", "holds no JSON object"),
        ("{}", "has no field 'executable_plan'; its fields: none"),
        ('{"plan": []}', "its fields: 'plan'"),
        ('{"executable_plan": []}', "the required visual_state_description is missing"),
        ("{" + WORDS + ', "executable_plan": 3}', "executable_plan is 3"),
        ("{" + WORDS + ', "executable_plan": [], "extra": 1}', "there is no parameter extra"),
        ("{" + WORDS + ', "executable_plan": [NaN]}', "a value is expected, not 'NaN]}'"),
        (
            "{" + WORDS + ', "executable_plan": [{"action_name": "a"}' + ', {"action_name": "a"}' * 60 + "]}",
            "at most 50",
        ),
        ('{"a": ' * 100, "nested deeper than 24 levels"),
        ("[" * 100_000, "holds no JSON object"),
        ('{"a": 1' + "0" * 5000 + "}", "a number has 5001 characters"),
        ("x" * (MOST_CHARACTERS + 1), f"the limit is {MOST_CHARACTERS}"),
        ("{" * 150_000, "a field's name is expected"),
        ("{a 1}", "a ':' is missing after 'a'"),
        ('{"a": "\\uZZZZ"}', "is no character"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(reply, words):
    with pytest.raises(ReplyError) as refused:
        read_plan(reply)
    assert words in str(refused.value)


def refusal(name, parameters, action_id=""):
    with pytest.raises(Refusal) as refused:
        check(1, action_id, name, parameters, ("left", "right"), {"block"})
    return str(refused.value)


POSE = [0.0, -0.1, 0.9, 0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("fly", {}, "there is no action 'fly'; actions: grasp_actor, place_actor"),
        ("grasp_actor", {"actor": "block"}, "the required arm_tag is missing"),
        ("grasp_actor", {"actor": "block", "arm_tag": "both"}, "arm_tag is 'both'"),
        ("grasp_actor", {"actor": "cup", "arm_tag": "left"}, "there is no object 'cup'; objects: block"),
        ("grasp_actor", {"actor": "block", "arm_tag": "left", "speed": 9}, "there is no parameter speed"),
        ("grasp_actor", {"actor": "block", "arm_tag": "left", "pre_grasp_dis": -1.0}, "pre_grasp_dis is -1"),
        ("grasp_actor", {"actor": "block", "arm_tag": "left", "pre_grasp_dis": "0.1"}, "pre_grasp_dis is '0.1'"),
        ("place_actor", {"actor": "block", "arm_tag": "left"}, "the required target_pose is missing"),
        ("move_to_pose", {"arm_tag": "left", "target_pose": POSE[:3]}, "at least 7 items"),
        ("move_to_pose", {"arm_tag": "left", "target_pose": [0.0] * 7}, "the quaternion has length 0.000"),
        ("move_to_pose", {"arm_tag": "left", "target_pose": [9.0, *POSE[1:]]}, "less than or equal to 3"),
        ("move_by_displacement", {"arm_tag": "left", "z": 50}, "z is 50"),
        ("move_by_displacement", {"arm_tag": "left", "z": float("nan")}, "z is nan"),
        ("move_by_displacement", {"arm_tag": "left", "z": True}, "z is True"),
        ("move_by_displacement", {"arm_tag": "left", "z": 10**400}, "z is a huge number"),
        ("open_gripper", {"arm_tag": "left", "pos": 1.5}, "less than or equal to 1"),
    ],
)
def test_actions_that_make_no_sense_are_refused_in_words(name, parameters, words):
    text = refusal(name, parameters)
    assert words in text
    assert text.startswith("action 1")
    assert len(text) < 900


def test_an_id_must_be_that_of_its_action():
    assert "its action_id is 2.7, not '2.6'" in refusal("open_gripper", {"arm_tag": "left"}, "2.6")


def test_quaternions_are_xyzw_and_normalised():
    pose = [0.1, 0.2, 0.9, 0.0, 0.0, 0.71, 0.71]
    action = check(1, "2.5", "move_to_pose", {"arm_tag": "right", "target_pose": pose}, ("left", "right"), set())
    xyz, quat_xyzw = xyz_quat(action.skill.target)
    assert xyz.tolist() == pytest.approx(pose[:3])
    assert quat_xyzw.tolist() == pytest.approx([0.0, 0.0, 0.5**0.5, 0.5**0.5])


def test_parameters_reach_the_skill():
    place = {"actor": "block", "arm_tag": "left", "target_pose": POSE, "functional_point_id": 1, "pre_dis": 0.05}
    skill = check(3, "2.3", "place_actor", {**place, "is_open": False}, ("left", "right"), {"block"}).skill
    wanted = Skill("place_actor", "block", make_T(POSE[:3]), functional_id=1, pre_dis=0.05, is_open=False)
    for field in ("name", "actor", "functional_id", "pre_dis", "dis", "is_open", "constrain"):
        assert getattr(skill, field) == getattr(wanted, field)
    assert (skill.target == wanted.target).all()
    both = check(1, "", "back_to_origin", {"arm_tag": "both"}, ("left", "right"), set())
    assert [both.skill_of(side).name for side in ("left", "right")] == ["back_to_origin"] * 2


def test_ids_are_those_of_the_benchmark():
    assert {kind.ID: kind.NAME for kind in KINDS}["2.4"] == "move_by_displacement"
    assert [kind.ID for kind in KINDS] == [f"2.{n}" for n in range(2, 10)]
    assert json.loads(GOOD)["executable_plan"]
    assert MOST_ACTIONS == 50
