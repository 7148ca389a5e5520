"""One arm pulls the drawer open while the other lifts the apple. The apple is laid in, and the first arm, which has
held the handle all along, pushes the drawer shut while the other one goes home."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from bimanual_core.observation import ObjectState
from bimanual_core.protocols import Skills, World
from bimanual_core.robot import SIDES, other_side
from bimanual_core.se3 import make_T
from bimanual_core.skill import Skill, SkillReport, hold
from bimanual_tasks.experts._lists import Array, Lists, execute_first, lift, point_of, retreat, side_of
from bimanual_tasks.task import Task

APPLE, CABINET = "apple", "cabinet"
#: Functional points: the foot of the apple, and where things lie in the drawer.
BOTTOM, IN_DRAWER = 0, 1
#: How far the drawer is pulled out [m], preferred first: the published way, or less where the arms need room.
PULLS = (0.18, 0.16)
#: Pre-grasp distances at the handle, and of the apple with its lift [m], preferred first.
HANDLE_APPROACHES = (0.08, 0.05)
APPLE_APPROACHES = ((0.10, 0.10), (0.07, 0.08), (0.05, 0.08))
#: The apple comes down into the drawer, and the hand goes up out of it, by so much [m].
DOWNS = (0.12, 0.10)
#: Then the hand draws back from the cabinet, to its own side and up [m], before it turns home.
AWAY = (0.08, 0.10, 0.03)
#: The apple is let go this far above the floor of the drawer [m].
RELEASE_HEIGHT = 0.001


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is. The apple's side of the table says who brings it."""
    objects = world.objects().objects
    bringer = side_of(objects[APPLE])
    return execute_first(skills, other_side(bringer), _versions(objects[CABINET], bringer))


def _versions(cabinet: ObjectState, bringer_side: str) -> Iterator[Lists]:
    sideways = -1.0 if bringer_side == SIDES[0] else 1.0
    inside = point_of(cabinet, IN_DRAWER)
    way_out = cabinet.T_world_object[:3, 0]
    for pull, down, near, (approach, up) in product(PULLS, DOWNS, HANDLE_APPROACHES, APPLE_APPROACHES):
        goal = inside + pull * way_out + (0.0, 0.0, RELEASE_HEIGHT)
        opener = [
            Skill("grasp_actor", CABINET, group="handle", pre_grasp_dis=near),
            _slide(pull * way_out),
            *[hold()] * 3,
            _slide(-pull * way_out),
            Skill("open_gripper", gripper_pos=1.0),
            retreat(near),
            Skill("back_to_origin"),
        ]
        bringer = [
            Skill("grasp_actor", APPLE, group="top", pre_grasp_dis=approach),
            lift(up),
            Skill("place_actor", APPLE, target=make_T(goal), functional_id=BOTTOM, pre_dis=down, dis=0.0,
                  constrain="free"),
            lift(down),
            _away(way_out, sideways),
            Skill("back_to_origin"),
        ]  # fmt: skip
        yield opener, bringer


def _slide(way: Array) -> Skill:
    """Move the hand that holds the handle along ``way`` (3,) in the world."""
    x, y, z = (float(v) for v in np.round(way, 9))
    return Skill("move_by_displacement", displacement=(x, y, z))


def _away(way_out: Array, sideways: float) -> Skill:
    """Draw a hand back from the cabinet, whose drawer opens along ``way_out`` (3,)."""
    side, back, up = AWAY
    x, y, z = (float(v) for v in np.round(back * way_out + (sideways * side, 0.0, up), 9))
    return Skill("move_by_displacement", displacement=(x, y, z))
