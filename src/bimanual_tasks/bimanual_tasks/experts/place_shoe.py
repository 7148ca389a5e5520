"""The arm on the shoe's side takes it by its collar and sets it on the mat, toe to the left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from bimanual_core.protocols import Skills, World
from bimanual_core.skill import Skill, SkillReport
from bimanual_tasks.experts._lists import Array, Lists, execute_on, lift, retreat, side_of
from bimanual_tasks.experts._shoes import (
    APPROACHES,
    TURNING_APPROACHES,
    go_home,
    placed,
    put,
    set_down,
    take,
    toe_left,
)
from bimanual_tasks.task import Task

SHOE = "shoe"
#: Where each arm sets a shoe down to take it again [m], and its headings there [deg], preferred first: those from which
#: the way to the mat is open at any height of the table, whatever the shoe.
TURNING_PLACES = {"left": ((-0.20, -0.05), (-0.25, -0.05)), "right": ((0.20, -0.10), (0.25, -0.05))}
TURNING_YAWS_DEG = {"left": (180.0, -30.0, -60.0, -90.0, -120.0), "right": (180.0, 150.0, 120.0, 90.0, 60.0)}
#: Headings [deg] to which a shoe is turned from where none of those can be had: from there they can.
BETWEEN_YAWS_DEG = {
    "left": (150.0, 0.0, 165.0, -15.0, 135.0, 15.0),
    "right": (30.0, 180.0, 15.0, -165.0, 45.0, 165.0),
}
#: A shoe that is in the hand is lifted by this much before it is moved on [m].
TOE_ROOM = 0.03
#: How far back the hand goes from a shoe that it lets go where it is [m].
LETTING_GO = (0.03, 0.02, 0.01)
#: How often a shoe is taken in all.
ROUNDS = 6
#: A pad is this thick at scale 1 [m], its frame in the middle.
PAD = 0.01


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is."""
    snapshot = world.objects()
    pad, shoe = snapshot.objects["pad"], snapshot.objects[SHOE]
    x, y, z = pad.T_world_object[:3, 3]
    goal = toe_left(x, y, z + PAD / 2 * pad.scale[2])
    side = side_of(shoe)
    turned = set_down(TURNING_PLACES[side], TURNING_YAWS_DEG[side], snapshot.table.top_z)
    between = set_down(TURNING_PLACES[side], BETWEEN_YAWS_DEG[side], snapshot.table.top_z)
    slipped = False

    def rest(held: Mapping[str, str]) -> Iterator[Lists]:
        nonlocal slipped
        holds = side in held
        if not holds and placed(world.objects().objects[SHOE], goal):
            return
        ways = [_direct_ways(goal, holds), _turned_ways(goal, turned, holds)]
        if slipped and not holds:
            ways.reverse()  # what did not stay in the hand as it was taken would slip again
        for way in chain(*ways):
            yield [*way, *go_home()], []
        slipped = holds
        for turn in _turns(between, holds):
            yield [*turn, *go_home()], []

    return execute_on(skills, side, rest, ROUNDS)


def _direct_ways(goal: Array, holds: bool) -> Iterator[list[Skill]]:
    """Ways to bring the shoe to ``goal`` as it is gripped; ``holds``: it is in the hand already."""
    for near in APPROACHES:
        yield [*_first_take(near, holds), *put(SHOE, goal, near)]


def _turned_ways(goal: Array, turned: Sequence[Array], holds: bool) -> Iterator[list[Skill]]:
    """Ways to ``goal`` by which the shoe is taken again where it was set down in between, at one of the poses
    ``turned`` (4, 4) of its sole."""
    near = TURNING_APPROACHES[-1]
    for there in turned:
        again = take(SHOE, near, group="")
        yield [*_first_take(near, holds), *put(SHOE, there, near), *again, *put(SHOE, goal, near)]


def _turns(turned: Sequence[Array], holds: bool) -> Iterator[list[Skill]]:
    """Ways to no more than one of the poses ``turned`` (4, 4) of the shoe's sole; at last a shoe in the hand is let go
    where it is."""
    near = TURNING_APPROACHES[-1]
    for there in turned:
        yield [*_first_take(near, holds), *put(SHOE, there, near)]
    for distance in LETTING_GO if holds else ():
        yield [Skill("open_gripper", gripper_pos=1.0), retreat(distance)]


def _first_take(approach: float, holds: bool) -> list[Skill]:
    """Grip the shoe by any of its contacts and lift it; in the hand already it is lifted, as its toe may hang down to
    the table."""
    return [lift(TOE_ROOM)] if holds else take(SHOE, approach, group="")
