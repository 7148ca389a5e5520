"""The arm on the shoe's side takes it by its collar and sets it on the mat, toe to the left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from bimanual_core.protocols import Skills, World
from bimanual_core.skill import SkillReport
from bimanual_tasks.experts._lists import Lists, execute_on, side_of
from bimanual_tasks.experts._shoes import direct_ways, go_home, placed, set_down, toe_left, turned_ways
from bimanual_tasks.task import Task

#: Where each arm sets a shoe down to take it again [m], clear of the middle, and its headings there [deg]: those at
#: which the hand can lean to either side and stand upright.
TURNING_PLACES = {"left": ((-0.20, -0.20), (-0.25, -0.15)), "right": ((0.20, -0.20), (0.25, -0.15))}
TURNING_YAWS_DEG = {
    "left": (-30.0, 150.0, -45.0, 135.0, 165.0, 0.0),
    "right": (-150.0, 30.0, -135.0, 45.0, 15.0, 180.0),
}
#: A pad is this thick at scale 1 [m], its frame in the middle.
PAD = 0.01


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is."""
    snapshot = world.objects()
    pad, shoe = snapshot.objects["pad"], snapshot.objects["shoe"]
    x, y, z = pad.T_world_object[:3, 3]
    goal = toe_left(x, y, z + PAD / 2 * pad.scale[2])
    side = side_of(shoe)
    turned = set_down(TURNING_PLACES[side], TURNING_YAWS_DEG[side], snapshot.table.top_z)

    def rest(held: Mapping[str, str]) -> Iterator[Lists]:
        holds = side in held
        if not holds and placed(world.objects().objects["shoe"], goal):
            return
        for before, last in chain(direct_ways("shoe", goal, holds), turned_ways("shoe", goal, turned, holds)):
            yield [*before, *last, *go_home()], []

    return execute_on(skills, side, rest)
