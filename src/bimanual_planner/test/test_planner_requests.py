"""Requests of plain values by name, and arms that are where they shall be."""

import numpy as np
import pytest
from planner_rig import MODEL, ROBOT, cube, scene_of

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.se3 import inverse, make_T
from bimanual_planner.backends.screw import ScrewBackend
from bimanual_planner.requests import joints_by_side, plan, plan_request

LEFT, RIGHT = (ROBOT.arm(side).joints for side in ("left", "right"))
HOME = {side: ROBOT.home[ROBOT.joints.group(f"{side}_arm")] for side in ("left", "right")}
TCP = {side: MODEL.fk(side, q) for side, q in HOME.items()}
SILENT = {
    "poses": {},
    "frames": {},
    "joints": {},
    "objects": {},
    "sync": "",
    "method": "",
    "budget": 5.0,
    "make_room": False,
}


def asked(state, **values):
    return plan_request(state, **{**SILENT, **values})


def test_defaults_of_what_is_left_out():
    request = asked(scene_of()[0], poses={"left": TCP["left"]}, frames={"left": "world"})
    assert (request.sync, request.method, request.budget, dict(request.frames)) == ("proportional", "auto", 5.0, {})
    assert asked(scene_of()[0], poses={"left": TCP["left"]}, frames={"left": ""}).frames == {}


def test_joints_by_name_in_any_order():
    q = HOME["right"] + 0.1
    found = joints_by_side(ROBOT, dict(reversed(list(zip(RIGHT, q, strict=True)))))
    assert list(found) == ["right"]
    assert np.array_equal(found["right"], q)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "no arm is asked to move"),
        (
            {"joints": dict.fromkeys(LEFT[1:], 0.0)},
            "left arm: joint 'left_joint1' is missing; give all of left_joint1,",
        ),
        ({"joints": {"elbow": 0.0}}, "unknown joint of an arm 'elbow'; choices: left_joint1, left_joint2"),
        ({"joints": {"left_gripper": 0.05}}, "unknown joint of an arm 'left_gripper'; choices: left_joint1"),
        ({"joints": dict.fromkeys(LEFT, 9.0)}, r"goal left_joint1 = 9.000 rad is outside \[-2.618, 2.618\]"),
        ({"poses": TCP, "joints": dict(zip(LEFT, HOME["left"], strict=True))}, "give tcp poses or joints, not both"),
        ({"poses": {"left": TCP["left"]}, "frames": {"left": "teapot"}}, "unknown frame 'teapot'; choices: a, world"),
        ({"objects": {"teapot": np.eye(4)}}, "unknown object 'teapot'; choices: a"),
        ({"objects": {"a": np.eye(4)}}, "no hand holds a"),
        ({"poses": TCP, "budget": np.nan}, r"budget nan s is outside \(0, 60\]"),
        ({"poses": TCP, "budget": -1.0}, r"budget -1.0 s is outside \(0, 60\]"),
        ({"poses": TCP, "sync": "loose"}, "unknown sync 'loose'"),
    ],
)
def test_contradictions(values, words):
    state, _ = scene_of(cube("a", 0.3, 0.1))
    with pytest.raises(BimanualError, match=words):
        asked(state, **values)


def test_a_pose_in_the_frame_of_an_object():
    state, scene = scene_of(cube("a", -0.3, 0.1))
    T_world_a = state.objects["a"]
    target = TCP["left"].copy()
    target[2, 3] -= 0.02
    in_a = inverse(T_world_a) @ target
    found = plan(ScrewBackend(), scene, asked(state, poses={"left": in_a}, frames={"left": "a"}))
    assert MODEL.fk("left", found.trajectories["left"].positions[-1]) == pytest.approx(target, abs=1e-4)


def test_an_arm_that_is_there_has_one_point_at_rest():
    state, scene = scene_of()
    raised = make_T((0.0, 0.0, 0.02)) @ TCP["right"]
    for values in (
        {"poses": {"left": TCP["left"]}},
        {"joints": dict(zip(LEFT, HOME["left"], strict=True))},
        {"poses": {"right": raised, "left": TCP["left"]}},
    ):
        found = plan(ScrewBackend(), scene, asked(state, **values))
        stays = found.trajectories["left"]
        assert (stays.times.tolist(), stays.duration) == ([0.0], 0.0)
        assert np.array_equal(stays.positions[0], HOME["left"])
        assert not stays.velocities.any()
    assert list(found.trajectories) == ["left", "right"]
    assert found.trajectories["right"].duration > 0.1


def test_an_arm_that_is_there_and_collides_is_no_success():
    state, scene = scene_of()
    into_table = HOME["left"] + (0.0, 0.9, 0.0, 0.0, 0.0, 0.0)
    request = asked(state.with_arm("left", into_table), joints=dict(zip(LEFT, into_table, strict=True)))
    with pytest.raises(BimanualError, match="start in collision") as info:
        plan(ScrewBackend(), scene, request)
    assert info.value.code == ErrorCode.PLAN_START_INVALID
