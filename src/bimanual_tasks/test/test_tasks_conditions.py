"""Conditions on samples, stages, tags, and scenes that are drawn again."""

import dataclasses

import numpy as np
import pytest

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.observation import JointSample, ObjectSnapshot, ObjectState
from bimanual_core.robot import load_robot
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import from_rotation, make_T, rotation_from_rpy
from bimanual_description.files import robot_path
from bimanual_tasks.assets import find_asset
from bimanual_tasks.conditions import Condition, Stage
from bimanual_tasks.judging import Look, missing_of
from bimanual_tasks.reach import out_of_reach
from bimanual_tasks.registry import get_task
from bimanual_tasks.sampler import drawn_task, sample_scene
from bimanual_tasks.scenes import MOST_ATTEMPTS, load_sample, scenes_in_reach
from bimanual_tasks.stages import StageTracker
from bimanual_tasks.task import FirstGrasp

ROBOT = load_robot(robot_path("cobot_magic"))
FINGERS = {side: frozenset(ROBOT.arm(side).gripper.finger_links) for side in ROBOT.sides}


def look(*states, openings=None, top_z=0.74):
    position = ROBOT.home.copy()
    for side, fraction in (openings or {}).items():
        position[ROBOT.joints.group(f"{side}_gripper")] = fraction * ROBOT.arm(side).gripper.max_opening
    zero = np.zeros(ROBOT.joints.size)
    snapshot = ObjectSnapshot(1, 1, {s.name: s for s in states})
    return Look(snapshot, JointSample(1, position, zero, zero), ROBOT, TableSpec(top_z=top_z), find_asset)


def cube(name="cube", xyz=(0.1, 0.0, 0.765), rpy=(0.0, 0.0, 0.0), contacts=(), **more):
    T = from_rotation(rotation_from_rpy(rpy), xyz)
    return ObjectState(name, "cube", "red", (1.0, 1.0, 1.0), T, frozenset(contacts), **more)


def held(side):
    return cube(contacts=FINGERS[side])


@pytest.mark.parametrize(
    ("condition", "good", "bad", "words"),
    [
        (
            Condition("near", object="cube", offset=(0.1, 0.0, 0.0), axes="xy", eps=(0.01, 0.01, 0.0)),
            look(cube(xyz=(0.105, 0.0, 1.5))),
            look(cube(xyz=(0.115, 0.0, 0.765))),
            "x is off by +15.0 mm",
        ),
        (
            Condition("near", object="cube", radius=0.02, offset=(0.1, 0.0, 0.025), eps=(0.0, 0.0, 0.01)),
            look(cube(xyz=(0.11, 0.015, 0.765))),
            look(cube(xyz=(0.115, 0.015, 0.765))),
            "21.2 mm away (limit 20)",
        ),
        (
            Condition("height", object="cube", point=0, low=0.03, high=0.06),
            look(cube(xyz=(0, 0, 0.815))),
            look(cube(xyz=(0, 0, 0.766))),
            "1.0 mm above the table, over 30 mm",
        ),
        (
            Condition("height", object="cube", low=0.03),
            look(cube(), top_z=0.71),
            look(cube(), top_z=0.75),
            "15.0 mm above the table",
        ),
        (
            Condition("side", object="cube", side="left", beyond=0.15),
            look(cube(xyz=(-0.2, 0, 0.8))),
            look(cube(xyz=(0.2, 0, 0.8))),
            "over 150 mm to the left",
        ),
        (
            Condition("side", object="cube", side="any", beyond=0.15),
            look(cube(xyz=(0.2, 0, 0.8))),
            look(cube()),
            "x +100 mm",
        ),
        (
            Condition("axis", object="cube", axis=(0, 0, 1), along=(0, 0, 1), dot=0.9),
            look(cube(rpy=(0.3, 0, 2.0))),
            look(cube(rpy=(1.2, 0, 0))),
            "dot product 0.36",
        ),
        (
            Condition("turned", object="cube", rpy_deg=(0, 0, 180), eps=(0.05, 0.05, 0.05)),
            look(cube(rpy=(0, 0, -3.1))),
            look(cube(rpy=(0, 0, 0))),
            "quaternion off by 1.000",
        ),
        (
            Condition("turned", object="cube", other="base", eps=(0.05, 0.05, 0.05)),
            look(cube(rpy=(0, 0, 1.0)), cube("base", rpy=(0, 0, 1.05))),
            look(cube(rpy=(0, 0, 1.0)), cube("base")),
            "is turned",
        ),
        (
            Condition("touches", object="cube", other="base"),
            look(cube(contacts={"base"}), cube("base")),
            look(cube(contacts={"table"}), cube("base")),
            "does not touch base",
        ),
        (
            Condition("rests", object="cube"),
            look(cube(contacts={"table"})),
            look(cube(contacts={"table", *FINGERS["left"]})),
            "still held",
        ),
        (Condition("held", object="cube", side="left"), look(held("left")), look(held("right")), "by the left arm"),
        (Condition("held", object="cube", side="any"), look(held("right")), look(cube()), "by an arm"),
        (
            Condition("gripper_closed", side="right", fraction=0.2),
            look(openings={"right": 0.1}),
            look(openings={"right": 0.5}),
            "open by 0.50, less than 0.2",
        ),
        (
            Condition("joint", object="cube", joint="drawer", high=0.05),
            look(cube(joints={"drawer": 0.02})),
            look(cube(joints={"drawer": 0.12})),
            "drawer of cube is at 0.120",
        ),
    ],
)
def test_conditions_hold_or_say_what_is_missing(condition, good, bad, words):
    assert missing_of(condition, good) == ""
    assert words in missing_of(condition, bad)


def test_what_is_not_there_is_named():
    assert "'cube' is not in the scene" in missing_of(Condition("height", object="cube"), look())
    lid = Condition("joint", object="cube", joint="lid")
    assert "no joint 'lid'; it has none" in missing_of(lid, look(cube()))


def test_stages_latch_in_their_order():
    up, right = (
        Condition("height", object="cube", low=0.05),
        Condition("side", object="cube", side="right", beyond=0.15),
    )
    tracker = StageTracker([Stage("lifted", (up,)), Stage("brought", (right,))])
    tracker.update(look(cube(xyz=(0.3, 0, 0.765))))
    assert (tracker.done, tracker.reached) == (0, "")
    tracker.update(look(cube(xyz=(0.0, 0, 0.85))))
    tracker.update(look(cube(xyz=(0.0, 0, 0.765))))
    assert (tracker.done, tracker.reached) == (1, "lifted")
    tracker.update(look(cube(xyz=(0.3, 0, 0.765))))
    assert tracker.reached == "brought"
    at_once = StageTracker([Stage("lifted", (up,)), Stage("brought", (right,))])
    at_once.update(look(cube(xyz=(0.3, 0, 0.85))))
    assert at_once.done == 2


def test_a_tag_decides_pose_arm_and_condition():
    task = get_task("adjust_bottle")
    sides = set()
    for seed in range(20):
        sample = sample_scene(task, seed)
        hand = sample.task.drawn["hand"]
        sides.add(hand)
        assert drawn_task(task, seed).drawn == sample.task.drawn
        assert {c.side for c in sample.task.success if c.kind == "side"} == {hand}
        bottle = sample.scene.objects[0]
        # the head lies away from the hand
        assert (bottle.T_world_object[0, 2] > 0) == (hand == "left")
        assert abs(bottle.T_world_object[2, 2]) < 0.05
    assert sides == {"left", "right"}
    # another scene of the same seed has the same tags: the words of an episode are known before its scene
    assert sample_scene(task, 5, attempt=3).task.drawn == sample_scene(task, 5).task.drawn


def test_scenes_out_of_reach_are_drawn_again_and_in_the_end_given_up():
    task = get_task("handover_block")
    far = dataclasses.replace(task.objects[0], x=(-1.2, -0.05))
    task = dataclasses.replace(task, objects=(far, task.objects[1]), first_grasps=(FirstGrasp("block", "a"),))
    samples = [next(scenes_in_reach(task, seed, ROBOT)) for seed in range(40)]
    again = [s for s in samples if s.attempt]
    assert again
    assert len(again) < 40
    first = next(s.seed for s in samples if not s.attempt)
    expected = sample_scene(task, first).scene.objects[0].T_world_object
    assert np.array_equal(samples[first].scene.objects[0].T_world_object, expected)
    nowhere = dataclasses.replace(far, x=(-3.0, -2.0))
    task = dataclasses.replace(task, objects=(nowhere, task.objects[1]))
    with pytest.raises(
        BimanualError, match="seed 0 is skipped: 20 scenes .* the left arm cannot reach block"
    ) as caught:
        next(scenes_in_reach(task, 0, ROBOT))
    assert caught.value.code == ErrorCode.SCENE_UNSOLVABLE


def test_a_grasp_in_reach_that_no_hand_can_come_straight_at_is_out_of_reach():
    task = get_task("place_shoe")
    near = sample_scene(task, 100003)
    assert "cannot reach shoe" in out_of_reach(near.task, near.scene, ROBOT, find_asset)
    assert next(scenes_in_reach(task, 100003, ROBOT)).attempt > 0
    assert next(scenes_in_reach(task, 100002, ROBOT)).attempt == 0


class Shaky:
    """A world in which the first scenes do not settle."""

    robot = ROBOT

    def __init__(self, falls):
        self.falls = falls

    def load_scene(self, scene):
        self.falls -= 1
        if self.falls >= 0:
            raise BimanualError("the block fell", ErrorCode.SCENE_UNSTABLE)
        return 7


def test_scenes_that_fall_are_drawn_again():
    task = get_task("handover_block")
    sample, scene_id = load_sample(Shaky(2), task, 3)
    assert (sample.attempt, scene_id) == (2, 7)
    assert not np.array_equal(
        sample.scene.objects[0].T_world_object, sample_scene(task, 3).scene.objects[0].T_world_object
    )
    with pytest.raises(BimanualError, match="none of its scenes stays as it is put"):
        load_sample(Shaky(MOST_ATTEMPTS), task, 3)


def test_a_point_of_a_drawer_moves_with_it():
    T = make_T((0.0, 0.155, 0.85))
    closed, opened = (
        look(ObjectState("c", "cabinet", "0", (1.0, 1.0, 1.0), T, joints={"drawer": out})).point("c", 1)
        for out in (0.0, 0.1)
    )
    assert opened - closed == pytest.approx([0.1, 0.0, 0.0])
