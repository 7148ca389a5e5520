"""The arm on the shoe's side takes it by its collar and sets it on the mat, toe to the left."""

from __future__ import annotations

from bimanual_core.protocols import Skills, World
from bimanual_core.skill import Skill, SkillReport
from bimanual_tasks.experts._lists import execute_first, side_of
from bimanual_tasks.experts._shoes import fetches, put, toe_left
from bimanual_tasks.task import Task

#: A pad is this thick at scale 1 [m], its frame in the middle.
PAD = 0.01


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is."""
    snapshot = world.objects()
    pad, shoe = snapshot.objects["pad"], snapshot.objects["shoe"]
    x, y, z = pad.T_world_object[:3, 3]
    goal = toe_left(x, y, z + PAD / 2 * pad.scale[2])
    side = side_of(shoe)
    last = [*put("shoe", goal), Skill("back_to_origin")]
    versions = (([*fetch, *last], []) for fetch in fetches("shoe", side, snapshot.table.top_z))
    return execute_first(skills, side, versions)
