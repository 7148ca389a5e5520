"""Both arms take the bottle of their side at the same time and hold it over the front of the table."""

from __future__ import annotations

from bimanual_core.protocols import Skills, World
from bimanual_core.skill import SkillReport
from bimanual_tasks.experts._bottles import bring_both
from bimanual_tasks.task import Task


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is; the first bottle stands on the left."""
    return bring_both(skills, world, {"left": "bottle1", "right": "bottle2"})
