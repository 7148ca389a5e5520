"""Instructions and demonstrations agree, or it is said where they do not."""

import dataclasses

import numpy as np
import pytest
from fake_tasks_session import FakeSession, good_expert

from bimanual_core.observation import JointSample, ObjectSnapshot, ObjectState
from bimanual_core.robot import load_robot
from bimanual_core.se3 import make_T
from bimanual_core.skill import SkillReport
from bimanual_description.files import robot_path
from bimanual_tasks.agreement import Trace, disagreement
from bimanual_tasks.episode import run_episode
from bimanual_tasks.language import Instruction, instruct
from bimanual_tasks.performer import ExpertPerformer
from bimanual_tasks.registry import get_task, task_names, variants
from bimanual_tasks.sampler import sample_scene

ROBOT = load_robot(robot_path("cobot_magic"))
TASK = get_task("handover_block")
ALL = Instruction("...", {"a": "left", "b": "right"}, {"A": "block", "B": "pad"})


def trace_of(arms, objects):
    trace = Trace(ROBOT)
    for moved in (False, True):
        q = ROBOT.home.copy()
        for side in arms:
            q[ROBOT.joints.group(f"{side}_arm")] += 0.5 * moved
        states = {}
        for name in ("block", "pad", "clutter_1"):
            xyz = (0.0, 0.0, 0.8 + 0.1 * (moved and name in objects))
            states[name] = ObjectState(name, "cube", "red", (1.0, 1.0, 1.0), make_T(xyz))
        zero = np.zeros(len(q))
        trace.update(ObjectSnapshot(1 + moved, 1, states), JointSample(1 + moved, q, zero, zero))
    return trace


@pytest.mark.parametrize(
    ("instruction", "arms", "objects", "words"),
    [
        (ALL, ("left", "right"), ("block",), ""),
        (ALL, ("left",), ("block",), "the right arm is named and did not move"),
        (dataclasses.replace(ALL, arms={}), ("left",), ("block",), ""),
        (dataclasses.replace(ALL, arms={"a": "left"}), ("left", "right"), ("block",), ""),
        (dataclasses.replace(ALL, arms={"b": "left", "a": "left"}), ("left", "right"), ("block",), "moved and is not"),
        (ALL, ("left", "right"), (), "block is named and did not move"),
        (ALL, ("left", "right"), ("block", "clutter_1"), "clutter_1 moved and the task does not move it"),
        (ALL, ("left", "right"), ("block", "pad"), "pad moved and the task does not move it"),
    ],
)
def test_what_is_named_is_what_moves(instruction, arms, objects, words):
    found = disagreement(TASK, instruction, trace_of(arms, objects))
    assert words in found if words else found == ""


def test_an_instruction_knows_what_its_slots_stand_for():
    for name in task_names():
        for variant in variants(name):
            sample = sample_scene(get_task(name, variant), 1)
            for seed in range(20):
                said = instruct(sample.task, sample.scene, seed)
                assert said.text[0].isupper()
                for side in said.arms.values():
                    assert side in said.text.lower()
                assert set(said.objects.values()) <= {o.name for o in sample.scene.objects}
            assert set(sample.task.actors) >= set(sample.task.nouns), "a noun without its object cannot be checked"


def idle_expert(skills, world, task):
    world.wait(0.5)
    return SkillReport(1, 1)


def test_an_episode_that_contradicts_its_instruction_is_no_demonstration():
    # The block moves by itself: the arms that some sentences name stay where they are.
    results = [run_episode(FakeSession(), TASK, ExpertPerformer(good_expert), seed) for seed in range(12)]
    assert all(r.success for r in results)
    named = [r for r in results if "left" in r.instruction or "right" in r.instruction]
    assert named
    assert all("is named and did not move" in r.disagreement and not r.demonstrates for r in named)
    assert all(r.demonstrates for r in results if r not in named)
    assert run_episode(FakeSession(), TASK, ExpertPerformer(idle_expert), 0).disagreement == ""
