"""One arm pulls the drawer open while the other lifts the apple. The apple is laid in, and the first arm, which has
held the handle all along, pushes the drawer shut while the other one goes home."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from bimanual_core.observation import ObjectState
from bimanual_core.protocols import Skills, World
from bimanual_core.robot import SIDES, other_side
from bimanual_core.se3 import make_T
from bimanual_core.skill import Skill, SkillReport, hold
from bimanual_tasks.experts._lists import Lists, execute_first, lift, point_of, retreat, side_of
from bimanual_tasks.task import Task

APPLE, CABINET = "apple", "cabinet"
#: Functional points: the foot of the apple, and where things lie in the drawer.
BOTTOM, IN_DRAWER = 0, 1
#: How far the drawer is pulled out [m], preferred first: the published way, or less where the arms need room.
PULLS = (0.18, 0.16)
#: Pre-grasp distances at the handle, and of the apple with its lift [m], preferred first.
HANDLE_APPROACHES = (0.08, 0.05)
APPLE_APPROACHES = ((0.10, 0.12), (0.06, 0.08))
#: Whether the apple is brought over the drawer on a straight line, which keeps it higher than the arm's shortest way.
STRAIGHT = (False, True)
#: The apple comes down into the drawer from so high [m].
DOWN = 0.12
#: The hand goes up out of the drawer, then draws back to its own side and from the cabinet [m] before it turns home.
OUTS = ((0.11, 0.08, 0.10), (0.09, 0.04, 0.06))
#: The apple is let go this far above the floor of the drawer [m].
RELEASE_HEIGHT = 0.001


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is. The apple's side of the table says who brings it."""
    objects = world.objects().objects
    opener = other_side(side_of(objects[APPLE]))
    return execute_first(skills, opener, _versions(objects[CABINET], objects[APPLE]))


def _versions(cabinet: ObjectState, apple: ObjectState) -> Iterator[Lists]:
    sideways = -1.0 if side_of(apple) == SIDES[0] else 1.0
    inside = point_of(cabinet, IN_DRAWER)
    way_out = cabinet.T_world_object[:3, 0]
    apple_xyz = apple.T_world_object[:3, 3]
    choices = product(PULLS, HANDLE_APPROACHES, APPLE_APPROACHES, STRAIGHT, OUTS)
    for pull, near, (approach, up), straight, (out, side, back) in choices:
        goal = inside + pull * way_out + (0.0, 0.0, RELEASE_HEIGHT)
        over = [_move((*(goal - apple_xyz)[:2], DOWN - up))] if straight else [hold()]
        opener = [
            Skill("grasp_actor", CABINET, group="handle", pre_grasp_dis=near),
            _move(pull * way_out),
            *[hold()] * 4,
            _move(-pull * way_out),
            Skill("open_gripper", gripper_pos=1.0),
            retreat(near),
            Skill("back_to_origin"),
        ]
        bringer = [
            Skill("grasp_actor", APPLE, group="top", pre_grasp_dis=approach),
            lift(up),
            *over,
            Skill("place_actor", APPLE, target=make_T(goal), functional_id=BOTTOM, pre_dis=DOWN, dis=0.0,
                  constrain="free"),
            lift(out),
            _move(back * way_out + (sideways * side, 0.0, 0.0)),
            Skill("back_to_origin"),
        ]  # fmt: skip
        yield opener, bringer


def _move(way: ArrayLike) -> Skill:
    """Move a hand straight along ``way`` (3,) [m] in the world."""
    x, y, z = (float(v) for v in np.round(np.asarray(way, dtype=float), 9))
    return Skill("move_by_displacement", displacement=(x, y, z))
