"""The left arm brings the mug to the middle of the table; the right arm takes it there and hangs it on the rack."""

from __future__ import annotations

from bimanual_core.protocols import Skills, World
from bimanual_core.skill import SkillReport
from bimanual_tasks.experts._mugs import hang
from bimanual_tasks.task import Task


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is."""
    return hang(skills, world)
