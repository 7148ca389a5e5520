"""The arm on the apple's side takes it from above, from among other things, and lifts it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from bimanual_core.protocols import Skills, World
from bimanual_core.skill import Skill, SkillReport
from bimanual_tasks.experts._lists import Lists, execute_first, lift, side_of
from bimanual_tasks.task import Task

APPLE = "apple"
#: How far the hand opens (0..1), widest first: less where other things are near. An apple is at most 74 mm wide.
OPENINGS = (1.0, 0.95)
#: Pre-grasp distances [m], preferred first: from well above other things, or short ones where the reach is tight.
APPROACHES = (0.10, 0.07, 0.05, 0.14)
#: Lifts [m]: the apple counts as picked from 30 to 40 mm on.
LIFTS = (0.10, 0.08, 0.06)


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is."""
    return execute_first(skills, side_of(world.objects().objects[APPLE]), _versions())


def _versions() -> Iterator[Lists]:
    for opening, up, approach in product(OPENINGS, LIFTS, APPROACHES):
        narrowed = [Skill("open_gripper", gripper_pos=opening)] if opening < 1.0 else []
        yield [*narrowed, Skill("grasp_actor", APPLE, group="top", pre_grasp_dis=approach), lift(up)], []
