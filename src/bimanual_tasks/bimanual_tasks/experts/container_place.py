"""The arm on the container's side takes it by its rim and sets it on the plate."""

from __future__ import annotations

from bimanual_core.protocols import Skills, World
from bimanual_core.skill import SkillReport
from bimanual_tasks.experts._setting import set_on
from bimanual_tasks.task import Task


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is."""
    return set_on(skills, world, "container", "plate", ("rim",))
