"""What the tasks with shoes share: a shoe is gripped across its collar and set down with its toe to the left.

The grip that takes a shoe seldom suits the way it ends, because the hand leans along the shoe. Then the shoe is set
down in between, turned, and taken again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bimanual_core.se3 import from_rotation, make_T, rotation_about
from bimanual_core.skill import Skill
from bimanual_tasks.experts._lists import lift, retreat

Array = NDArray[np.float64]

BOTTOM = 0
#: x of a shoe points to its toe: this yaw is to the left [rad].
TOE_LEFT = np.pi
#: How far hands come from, and go back [m], preferred first: short ways where the reach is tight.
APPROACHES = (0.08, 0.05, 0.03)
#: How far a shoe is lifted after an approach [m].
LIFTS = {0.08: 0.06, 0.05: 0.04, 0.03: 0.02}
#: The shoe is let go this far above where it is set down [m].
RELEASE_HEIGHT = 0.001
#: Where a right shoe is set down to be taken again, clear of the middle [m]; mirrored for the left arm.
TURNING_PLACES = ((0.20, -0.20), (0.25, -0.15), (0.15, -0.26), (0.30, -0.12))


def toe_left(x: float, y: float, z: float) -> Array:
    """The goal (4, 4) of a sole at (x, y, z) [m]."""
    return from_rotation(rotation_about((0, 0, 1), TOE_LEFT), (x, y, z + RELEASE_HEIGHT))


def take(name: str, approach: float) -> list[Skill]:
    """Grip the shoe and lift it."""
    return [Skill("grasp_actor", name, group="collar", pre_grasp_dis=approach), lift(LIFTS[approach])]


def put(name: str, goal: Array, approach: float, constrain: str = "align") -> list[Skill]:
    """Set the shoe down with its sole at ``goal``, and let go."""
    place = Skill(
        "place_actor", name, target=goal, functional_id=BOTTOM, pre_dis=approach, dis=0.0, constrain=constrain
    )
    return [place, retreat(approach)]


def ways(name: str, side: str, goal: Array, table_top: float, holds: bool) -> Iterator[list[Skill]]:
    """Ways to bring the shoe to ``goal``: as it was gripped, or taken again where it was set down in between.

    ``holds``: the shoe is in the hand already.
    """
    mirror = 1.0 if side == "right" else -1.0
    turning = [make_T((mirror * x, y, table_top + RELEASE_HEIGHT)) for x, y in TURNING_PLACES]
    for between in (None, *turning):
        for near, last in product(APPROACHES, repeat=2):
            first = [] if holds else take(name, near)
            if between is not None:
                first += [*put(name, between, last, "free"), *take(name, last)]
            yield [*first, *put(name, goal, last)]
