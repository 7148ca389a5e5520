"""What the tasks with shoes share: a shoe is gripped across its collar and set down with its toe to the left.

The grip that takes a shoe seldom suits the way it ends, because the hand leans along the shoe. Then the shoe is set
down in between, turned, and taken again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bimanual_core.se3 import from_rotation, rotation_about
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
#: Where the right arm sets a shoe down to take it again [m], clear of the middle, and its headings there [deg]: those
#: at which the hand can lean to either side and stand upright. For the left arm all is mirrored.
TURNING_PLACES = ((0.20, -0.20), (0.25, -0.15))
TURNING_YAWS_DEG = (-150.0, 30.0, -135.0, 45.0, 15.0, 180.0)
#: There the hand goes in and out by short ways [m].
TURNING_APPROACHES = (0.05, 0.03)


def toe_left(x: float, y: float, z: float) -> Array:
    """The goal (4, 4) of a sole at (x, y, z) [m]."""
    return from_rotation(rotation_about((0, 0, 1), TOE_LEFT), (x, y, z + RELEASE_HEIGHT))


def take(name: str, approach: float) -> list[Skill]:
    """Grip the shoe and lift it."""
    return [Skill("grasp_actor", name, group="collar", pre_grasp_dis=approach), lift(LIFTS[approach])]


def put(name: str, goal: Array, approach: float) -> list[Skill]:
    """Set the shoe down with its sole at ``goal``, and let go."""
    place = Skill("place_actor", name, target=goal, functional_id=BOTTOM, pre_dis=approach, dis=0.0, constrain="align")
    return [place, retreat(approach)]


def ways(name: str, side: str, goal: Array, table_top: float, holds: bool) -> Iterator[list[Skill]]:
    """Ways to bring the shoe to ``goal``: as it was gripped, or taken again where it was set down in between.

    ``holds``: the shoe is in the hand already.
    """
    for near in APPROACHES:
        yield [*([] if holds else take(name, near)), *put(name, goal, near)]
    for near, there in product(TURNING_APPROACHES, _turned(side, table_top)):
        first = [] if holds else take(name, near)
        again = take(name, TURNING_APPROACHES[-1])
        yield [*first, *put(name, there, TURNING_APPROACHES[-1]), *again, *put(name, goal, near)]


def _turned(side: str, table_top: float) -> Iterator[Array]:
    """Where a shoe's sole is set down in between (4, 4)."""
    for (x, y), yaw_deg in product(TURNING_PLACES, TURNING_YAWS_DEG):
        yaw = np.radians(yaw_deg if side == "right" else 180.0 - yaw_deg)
        place = (x if side == "right" else -x, y, table_top + RELEASE_HEIGHT)
        yield from_rotation(rotation_about((0, 0, 1), yaw), place)
