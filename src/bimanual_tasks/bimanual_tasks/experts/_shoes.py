"""What the tasks with shoes share: a shoe is gripped across its collar and set down with its toe to the left.

The grip that takes a shoe seldom suits the way it ends, because the hand leans along the shoe. Then the shoe is set
down in between, turned, and taken again.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bimanual_core.se3 import from_rotation, make_T, rotation_about
from bimanual_core.skill import Skill
from bimanual_tasks.experts._lists import lift, retreat

Array = NDArray[np.float64]

BOTTOM = 0
#: x of a shoe points to its toe: this yaw is to the left [rad].
TOE_LEFT = np.pi
#: Pre-grasp distances and lifts [m], preferred first: short ones where the reach is tight.
APPROACHES = ((0.08, 0.06), (0.05, 0.04))
RETREAT = 0.08
#: The shoe is let go this far above where it is set down [m].
RELEASE_HEIGHT = 0.001
#: It comes down from this far above [m].
PRE_PLACE = 0.05
#: Where a right shoe is set down to be taken again, clear of the middle [m]; mirrored for the left arm.
TURNING_PLACES = ((0.20, -0.20), (0.25, -0.15), (0.15, -0.26), (0.30, -0.12))


def toe_left(x: float, y: float, z: float) -> Array:
    """The goal (4, 4) of a sole at (x, y, z) [m]."""
    return from_rotation(rotation_about((0, 0, 1), TOE_LEFT), (x, y, z + RELEASE_HEIGHT))


def take(name: str, approach: float, up: float) -> list[Skill]:
    """Grip the shoe and lift it."""
    return [Skill("grasp_actor", name, group="collar", pre_grasp_dis=approach), lift(up)]


def put(name: str, goal: Array, constrain: str = "align") -> list[Skill]:
    """Set the shoe down with its sole at ``goal``, and let go."""
    place = Skill(
        "place_actor", name, target=goal, functional_id=BOTTOM, pre_dis=PRE_PLACE, dis=0.0, constrain=constrain
    )
    return [place, retreat(RETREAT)]


def fetches(name: str, side: str, table_top: float) -> Iterator[list[Skill]]:
    """Ways to have the shoe lifted: as it stands, or taken again where it was set down in between."""
    for approach, up in APPROACHES:
        yield take(name, approach, up)
    mirror = 1.0 if side == "right" else -1.0
    for approach, up in APPROACHES:
        for x, y in TURNING_PLACES:
            there = make_T((mirror * x, y, table_top + RELEASE_HEIGHT))
            yield [*take(name, approach, up), *put(name, there, "free"), *take(name, approach, up)]
