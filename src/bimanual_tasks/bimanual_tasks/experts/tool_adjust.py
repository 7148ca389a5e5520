"""The arm to whose side the handle points takes the tool by its handle and lifts it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from bimanual_core.protocols import Skills, World
from bimanual_core.skill import Skill, SkillReport
from bimanual_tasks.experts._lists import Lists, execute_first, lift
from bimanual_tasks.task import Task

TOOL = "tool"
#: Pre-grasp distances [m], preferred first: short ones where the reach is tight.
APPROACHES = (0.10, 0.07, 0.05, 0.03)
#: Lifts [m], preferred first: the published one; after the last a tool is still above the 40 mm that count.
LIFTS = (0.10, 0.08, 0.06, 0.045)
#: How much deeper than usual the handle is gripped [m], preferred first: less deep where slanting fingers would hit the
#: table beside a tool that is only 16 mm high.
DEPTHS = (0.0, -0.004, -0.008)


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is; the task's tag says where the handle is."""
    return execute_first(skills, task.drawn["hand"], _versions())


def _versions() -> Iterator[Lists]:
    for up, depth, approach in product(LIFTS, DEPTHS, APPROACHES):
        grasp = Skill("grasp_actor", TOOL, group="handle", pre_grasp_dis=approach, grasp_dis=depth)
        yield [grasp, lift(up)], []
