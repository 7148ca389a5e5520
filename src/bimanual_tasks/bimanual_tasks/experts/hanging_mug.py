"""The left arm brings the mug to the middle of the table, the right arm takes it there, puts the hole of its handle
over the prong of the rack and lets it hang.

At that height a hand reaches forward, not up, so the mug comes nearly upright with its handle ahead of the hand. It
turns about the prong as it is let go, until it hangs below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np

from bimanual_core.observation import ObjectSnapshot
from bimanual_core.protocols import Skills, World
from bimanual_core.se3 import from_rotation, rotation_about
from bimanual_core.skill import Skill, SkillReport
from bimanual_tasks.experts._lists import Lists, execute_first, execute_on, lift, pose_of_point, retreat
from bimanual_tasks.task import Task

MUG, RACK = "mug", "rack"
#: Functional points: of the mug, the hole of its handle and what it stands on; of the rack, where a mug hangs.
HOLE, BOTTOM, PRONG = 0, 1, 0
#: Where the mug changes hands [m], and its headings there [deg]: those at which the right hand takes it by its side so
#: that it can hang it up.
MIDDLES_XY = ((-0.04, -0.13), (0.0, -0.15), (0.05, -0.15))
MIDDLE_YAWS_DEG = (150.0, 135.0, 120.0, 165.0, 180.0, 105.0)
#: Other headings at which it may be set down on the way to those [deg]: one grip does not turn it all the way round.
HALFWAY_YAWS_DEG = (90.0, 195.0, 75.0, 210.0, 60.0, 225.0, 30.0, 255.0, 0.0, 285.0, 315.0)
#: A mug that stands further to the right than this is in the middle [m].
MIDDLE_FROM_X = -0.07
#: A mug higher than this above the table hangs [m].
HANGS = 0.1
#: Contacts by which the left hand takes the mug, preferred first.
GROUPS = ("top", "side", "wall")
#: Requests in all.
ROUNDS = 6
#: How far hands come from, and lift the mug [m], preferred first: short ways where the reach is tight.
APPROACHES = (0.08, 0.05)
#: How far the right hand goes back from the mug that hangs [m], preferred first.
RETREATS = (0.05, 0.035, 0.02)
#: Turns of the mug about the prong when it is let go [deg]: upright, or leaning the way it will turn.
TURNS_DEG = (75.0, 90.0, 82.0, 66.0)
#: The hole comes from so far out along the prong [m], whose tip is at 47 mm, preferred first.
BEYONDS = (0.12, 0.085, 0.065)
#: It is lowered by so much, until the handle is on the prong [m].
LOWER = 0.013
#: A mug that was let go swings for so long [s], and touches a finger on its way.
SWING_SECONDS = 1.0
#: The mug is let go this far above where it is set down [m].
RELEASE_HEIGHT = 0.001


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is."""

    def rest(held: Mapping[str, str]) -> Iterator[Lists]:
        now = world.objects()
        x = now.objects[MUG].T_world_object[0, 3]
        if "right" in held:
            yield from (([], listed) for listed in _hung(now, holds=True))
            yield from (([], listed) for listed in _brought(now, holds=True))
        elif "left" in held or x < MIDDLE_FROM_X:
            yield from ((listed, []) for listed in _brought(now, "left" in held))
            yield from ((listed, []) for listed in _brought(now, "left" in held, HALFWAY_YAWS_DEG))
        elif not _hangs(now):
            yield from (([], listed) for listed in _hung(now, holds=False))
            yield from (([], listed) for listed in _brought(now, holds=False))
            yield from ((listed, []) for listed in _brought(now, holds=False))

    report = execute_on(skills, "left", rest, ROUNDS)
    if report.success and _hangs(world.objects()):
        return execute_first(skills, "right", (([retreat(away), Skill("back_to_origin")], []) for away in RETREATS))
    return report


def _hangs(snapshot: ObjectSnapshot) -> bool:
    return bool(snapshot.objects[MUG].T_world_object[2, 3] - snapshot.table.top_z > HANGS)


def _brought(
    snapshot: ObjectSnapshot, holds: bool, yaws_deg: tuple[float, ...] = MIDDLE_YAWS_DEG
) -> Iterator[list[Skill]]:
    """An arm brings the mug to the middle, at one of the headings; ``holds``: it is in its hand already."""
    z = snapshot.table.top_z + RELEASE_HEIGHT
    groups = GROUPS[: 1 if holds else None]
    for (x, y), near, group, yaw in product(MIDDLES_XY, APPROACHES, groups, yaws_deg):
        goal = from_rotation(rotation_about((0, 0, 1), np.radians(yaw)), (x, y, z))
        down = Skill("place_actor", MUG, target=goal, functional_id=BOTTOM, pre_dis=near, dis=0.0, constrain="align")
        first = [] if holds else [Skill("grasp_actor", MUG, group=group, pre_grasp_dis=near), lift(near)]
        yield [*first, down, retreat(near), Skill("back_to_origin")]


def _hung(snapshot: ObjectSnapshot, holds: bool) -> Iterator[list[Skill]]:
    """The right arm takes the mug, unless it ``holds`` it already, and hangs it up."""
    T_world_prong = pose_of_point(snapshot.objects[RACK], PRONG)
    approaches = APPROACHES[: 1 if holds else None]
    for near, beyond, turn in product(approaches, BEYONDS, TURNS_DEG):
        x, y, z = (-beyond * T_world_prong[:3, 0]).tolist()
        T_prong_hole = from_rotation(rotation_about((1, 0, 0), np.radians(turn)), (beyond, 0.0, 0.0))
        before = Skill(
            "place_actor", MUG, target=T_world_prong @ T_prong_hole, functional_id=HOLE, pre_dis=0.0, dis=0.0,
            is_open=False, constrain="align",
        )  # fmt: skip
        first = [] if holds else [Skill("grasp_actor", MUG, group="side", pre_grasp_dis=near), lift(near)]
        yield [
            *first,
            before,
            Skill("move_by_displacement", displacement=(x, y, z)),
            lift(-LOWER),
            Skill("open_gripper", gripper_pos=1.0),
            Skill("delay", seconds=SWING_SECONDS),
        ]
