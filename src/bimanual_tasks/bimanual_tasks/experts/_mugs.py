"""What the tasks with a mug and a rack share: the left arm brings the mug to the middle of the table, the right arm
takes it there, puts the hole of its handle over the prong and lets it hang.

At that height a hand reaches forward, not up, so the mug comes nearly upright with its handle ahead of the hand. It
turns about the prong as it is let go, until it hangs below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np

from bimanual_core.observation import ObjectSnapshot, ObjectState
from bimanual_core.protocols import Skills, World
from bimanual_core.se3 import from_rotation, rotation_about
from bimanual_core.skill import Skill, SkillReport
from bimanual_tasks.assets import find_asset
from bimanual_tasks.experts._lists import Array, Lists, execute_on, lift, retreat

MUG, RACK = "mug", "rack"
#: Functional points: of the mug, the hole of its handle and what it stands on; of the rack, where a mug hangs.
HOLE, BOTTOM, PRONG = 0, 1, 0
#: Where the mug changes hands [m], and its headings there [deg]: those at which the right hand takes it by its side so
#: that it can hang it up.
MIDDLE_XY = (0.05, -0.15)
MIDDLE_YAWS_DEG = (150.0, 180.0, 120.0, 165.0, 135.0)
#: A mug this near to the middle is there [m].
NEAR = 0.04
#: How far hands come from, and go back [m], preferred first: short ways where the reach is tight.
APPROACHES = (0.08, 0.05)
#: How far the mug is lifted [m].
LIFTS = (0.08, 0.05)
#: Turns of the mug about the prong when it is let go [deg]: upright, or leaning the way it will turn.
TURNS_DEG = (75.0, 90.0)
#: The hole comes from so far out along the prong [m], and is lowered until the handle is on it [m].
BEYOND, LOWER = 0.12, 0.013
#: The mug is let go this far above where it is set down [m].
RELEASE_HEIGHT = 0.001


def hang(skills: Skills, world: World) -> SkillReport:
    """Hang the mug on the rack, from the scene as it is."""

    def rest(held: Mapping[str, str]) -> Iterator[Lists]:
        now = world.objects()
        mug = now.objects[MUG]
        if held or mug.T_world_object[2, 3] - now.table.top_z > 0.1:
            return
        x, y = mug.T_world_object[:2, 3]
        if np.hypot(x - MIDDLE_XY[0], y - MIDDLE_XY[1]) < NEAR:
            yield from (([], listed) for listed in _hung(now))
        else:
            yield from ((listed, []) for listed in _brought(now))

    return execute_on(skills, "left", rest)


def _brought(snapshot: ObjectSnapshot) -> Iterator[list[Skill]]:
    """The left arm brings the mug to the middle."""
    x, y, z = (*MIDDLE_XY, snapshot.table.top_z + RELEASE_HEIGHT)
    for near, group, yaw in product(APPROACHES, ("top", "side"), MIDDLE_YAWS_DEG):
        goal = from_rotation(rotation_about((0, 0, 1), np.radians(yaw)), (x, y, z))
        down = Skill("place_actor", MUG, target=goal, functional_id=BOTTOM, pre_dis=near, dis=0.0, constrain="align")
        grasp = Skill("grasp_actor", MUG, group=group, pre_grasp_dis=near)
        yield [grasp, lift(near), down, retreat(near), Skill("back_to_origin")]


def _hung(snapshot: ObjectSnapshot) -> Iterator[list[Skill]]:
    """The right arm takes the mug and hangs it up."""
    T_world_prong = _point(snapshot.objects[RACK], PRONG)
    inwards = -T_world_prong[:3, 0] * BEYOND
    for near, up, turn in product(APPROACHES, LIFTS, TURNS_DEG):
        T_prong_hole = from_rotation(rotation_about((1, 0, 0), np.radians(turn)), (BEYOND, 0.0, 0.0))
        before = Skill(
            "place_actor", MUG, target=T_world_prong @ T_prong_hole, functional_id=HOLE, pre_dis=0.0, dis=0.0,
            is_open=False, constrain="align",
        )  # fmt: skip
        yield [
            Skill("grasp_actor", MUG, group="side", pre_grasp_dis=near),
            lift(up),
            before,
            Skill("move_by_displacement", displacement=(float(inwards[0]), float(inwards[1]), float(inwards[2]))),
            lift(-LOWER),
            Skill("open_gripper", gripper_pos=1.0),
            retreat(near),
            Skill("back_to_origin"),
        ]


def _point(item: ObjectState, point: int) -> Array:
    """A functional point of an object in the world (4, 4)."""
    T_object_point = find_asset(item.class_name, item.asset_id, item.scale).annotation.functional[point]
    return item.T_world_object @ T_object_point
