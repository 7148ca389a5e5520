"""Two cubes make a tower: with cubes on different sides both arms fetch at once, and the second waits for the first."""

from __future__ import annotations

from bimanual_core.protocols import Skills, World
from bimanual_core.skill import SkillReport
from bimanual_tasks.experts._tower import stack
from bimanual_tasks.task import Task


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is."""
    return stack(skills, world, task, ("block1", "block2"))
