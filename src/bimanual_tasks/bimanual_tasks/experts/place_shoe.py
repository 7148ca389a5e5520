"""The arm on the shoe's side takes it by its collar and sets it on the mat, toe to the left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from bimanual_core.protocols import Skills, World
from bimanual_core.skill import SkillReport
from bimanual_tasks.experts._lists import Lists, execute_on, side_of
from bimanual_tasks.experts._shoes import direct_ways, go_home, placed, set_down, toe_left, turned_ways, turns
from bimanual_tasks.task import Task

#: Where each arm sets a shoe down to take it again [m], and its headings there [deg], preferred first: those from which
#: the way to the mat is open at any height of the table, whatever the shoe.
TURNING_PLACES = {"left": ((-0.20, -0.05), (-0.25, -0.05)), "right": ((0.20, -0.10), (0.25, -0.05))}
TURNING_YAWS_DEG = {"left": (180.0, -30.0, -60.0, -90.0, -120.0), "right": (180.0, 150.0, 120.0, 90.0, 60.0)}
#: Headings [deg] to which a shoe is turned from where none of those can be had: from there they can.
BETWEEN_YAWS_DEG = {
    "left": (150.0, 0.0, 165.0, -15.0, 135.0, 15.0),
    "right": (30.0, 180.0, 15.0, -165.0, 45.0, 165.0),
}
#: How often a shoe is taken in all.
ROUNDS = 6
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
    between = set_down(TURNING_PLACES[side], BETWEEN_YAWS_DEG[side], snapshot.table.top_z)
    slipped = False

    def rest(held: Mapping[str, str]) -> Iterator[Lists]:
        nonlocal slipped
        holds = side in held
        if not holds and placed(world.objects().objects["shoe"], goal):
            return
        ways = [direct_ways("shoe", goal, holds), turned_ways("shoe", goal, turned, holds)]
        if slipped and not holds:
            ways.reverse()  # what did not stay in the hand as it was taken would slip again
        for before, last in chain(*ways):
            yield [*before, *last, *go_home()], []
        slipped = holds
        for turn in turns("shoe", between, holds):
            yield [*turn, *go_home()], []

    return execute_on(skills, side, rest, ROUNDS)
