"""The arm on the block's side takes the hammer by its handle, brings its face over the block and strikes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from bimanual_core.protocols import Skills, World
from bimanual_core.se3 import make_T
from bimanual_core.skill import Skill, SkillReport
from bimanual_tasks.experts._lists import Array, Lists, execute_first, lift, point_of, side_of
from bimanual_tasks.task import Task

HAMMER, BLOCK = "hammer", "block"
#: The middle of the hammer's face, and of the top of the block.
FACE, TOP = 0, 1
#: Pre-grasp distances and lifts [m], preferred first: short ones where the reach is tight.
APPROACHES = ((0.10, 0.07), (0.07, 0.05), (0.05, 0.05))
#: How far the hand opens (0..1), widest first: less where the block stands beside the handle, at most 24 mm wide.
OPENINGS = (1.0, 0.6)
#: The face is brought over the block so far above it [m] ...
HEIGHTS = (0.06, 0.04)
#: ... then, seen anew, it is levelled so near above it [m] that nothing can turn in the hand on the way down.
NEAR = 0.015
#: The blow ends this far below the top of the block as it was seen [m], and the hand follows so far after it: a hammer
#: turns a little in the hand that strikes, and its face shall stay on the block.
PRESS, FOLLOW = 0.002, 0.0015


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is."""
    block = world.objects().objects[BLOCK]
    return execute_first(skills, side_of(block), _versions(point_of(block, TOP)))


def _versions(top: Array) -> Iterator[Lists]:
    for opening, (approach, up), height in product(OPENINGS, APPROACHES, HEIGHTS):
        narrowed = [Skill("open_gripper", gripper_pos=opening)] if opening < 1.0 else []
        grasp = Skill("grasp_actor", HAMMER, group="handle", pre_grasp_dis=approach)
        yield [*narrowed, grasp, lift(up), _face(top, height), _face(top, -PRESS, NEAR + PRESS), lift(-FOLLOW)], []


def _face(top: Array, above: float, down: float = 0.0) -> Skill:
    """Bring the face, level, ``above`` the middle of the block, the last of it straight ``down``; the handle may have
    any heading."""
    target = make_T(top + (0.0, 0.0, above))
    return Skill(
        "place_actor", HAMMER, target=target, functional_id=FACE, pre_dis=down, dis=0.0, is_open=False, constrain="free"
    )
