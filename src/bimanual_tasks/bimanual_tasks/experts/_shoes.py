"""What the tasks with shoes share: a shoe is gripped across its collar and set down with its toe to the left.

The grip that takes a shoe seldom suits the way it ends, because the hand leans along the shoe. Then the shoe is set
down in between, turned, and taken again.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bimanual_core.observation import ObjectState
from bimanual_core.se3 import from_rotation, rotation_about
from bimanual_core.skill import Skill
from bimanual_tasks.experts._lists import lift, point_of, retreat

Array = NDArray[np.float64]

BOTTOM = 0
#: x of a shoe points to its toe: this yaw is to the left [rad].
TOE_LEFT = np.pi
#: How far hands come from, and go back [m], preferred first: short ways where the reach is tight.
APPROACHES = (0.08, 0.05, 0.03)
#: How far a shoe is lifted after an approach [m].
LIFTS = {0.08: 0.06, 0.05: 0.04, 0.03: 0.02}
#: A shoe this near to its place is in it [m].
NEAR = 0.02
#: The shoe is let go this far above where it is set down [m].
RELEASE_HEIGHT = 0.001
#: Where a shoe is set down to be taken again, the hand goes in and out by short ways [m].
TURNING_APPROACHES = (0.05, 0.03)


def toe_left(x: float, y: float, z: float) -> Array:
    """The goal (4, 4) of a sole at (x, y, z) [m]."""
    return from_rotation(rotation_about((0, 0, 1), TOE_LEFT), (x, y, z + RELEASE_HEIGHT))


def take(name: str, approach: float, over: float = 0.0, group: str = "collar") -> list[Skill]:
    """Grip the shoe and lift it, ``over`` [m] higher than usual; an empty ``group``: by any of its contacts."""
    return [Skill("grasp_actor", name, group=group, pre_grasp_dis=approach), lift(LIFTS[approach] + over)]


def put(name: str, goal: Array, approach: float, over: float = 0.0) -> list[Skill]:
    """Set the shoe down with its sole at ``goal``, from ``over`` [m] higher than usual, and let go."""
    place = Skill(
        "place_actor", name, target=goal, functional_id=BOTTOM, pre_dis=approach + over, dis=0.0, constrain="align"
    )
    return [place, retreat(approach)]


def go_home() -> list[Skill]:
    """Back to where the arm began, and there open the hand all the way: between shoes there may be no room for that."""
    return [Skill("back_to_origin"), Skill("open_gripper", gripper_pos=1.0)]


def placed(shoe: ObjectState, goal: Array) -> bool:
    """Whether the shoe's sole is at ``goal``."""
    return bool(abs(point_of(shoe, BOTTOM) - goal[:3, 3]).max() < NEAR)


def set_down(places: Iterable[tuple[float, float]], yaws_deg: Iterable[float], table_top: float) -> list[Array]:
    """Poses (4, 4) of a sole on the table at each of ``places`` (x, y) [m], in each heading."""
    return [
        from_rotation(rotation_about((0, 0, 1), np.radians(yaw)), (x, y, table_top + RELEASE_HEIGHT))
        for (x, y), yaw in product(places, yaws_deg)
    ]
