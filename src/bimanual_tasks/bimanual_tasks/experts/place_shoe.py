"""The arm on the shoe's side takes it by its collar and sets it on the mat, toe to the left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bimanual_core.protocols import Skills, World
from bimanual_core.skill import Skill, SkillReport
from bimanual_tasks.experts._lists import Lists, execute_on, side_of
from bimanual_tasks.experts._shoes import toe_left, ways
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
    top_z = snapshot.table.top_z

    def rest(held: Mapping[str, str]) -> Iterator[Lists]:
        for way in ways("shoe", side, goal, top_z, holds=side in held):
            yield [*way, Skill("back_to_origin")], []

    return execute_on(skills, side, rest)
