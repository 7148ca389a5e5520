"""The arm on the cup's side takes it by its rim, as the published program does, or around it, and sets it on the
coaster."""

from __future__ import annotations

from bimanual_core.protocols import Skills, World
from bimanual_core.skill import SkillReport
from bimanual_tasks.experts._setting import set_on
from bimanual_tasks.task import Task


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is."""
    return set_on(skills, world, "cup", "coaster", ("rim", "side", "top"))
