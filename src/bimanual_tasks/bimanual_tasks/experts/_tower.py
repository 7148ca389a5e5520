"""Towers of cubes: each cube is fetched by the arm of its own side and set on the ones before it.

An arm fetches its next cube while the other one is still at work, and waits with the cube lifted until its turn comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from bimanual_core.protocols import Skills, World
from bimanual_core.robot import SIDES, other_side
from bimanual_core.se3 import make_T
from bimanual_core.skill import Skill, SkillReport, hold
from bimanual_tasks.experts._lists import Lists, execute_first, lift, retreat, side_of
from bimanual_tasks.task import Task

BOTTOM = 0
MIDDLE_XY = (0.0, -0.13)
#: Edge of a cube at scale 1 [m].
CUBE = 0.05
#: Pre-grasp distances, lifts [m] and openings (0..1), preferred first: short ways where the reach is tight; at last a
#: hand that is little open, to reach between neighbours, and a high lift to pass over them.
APPROACHES = ((0.08, 0.07, 1.0), (0.06, 0.05, 1.0), (0.04, 0.04, 1.0), (0.08, 0.12, 0.75))
#: Ways back from a cube that is let go [m], the second for tight places.
RETREATS = (0.08, 0.05)
#: A cube is let go this far above what carries it [m]: the hand does not press.
RELEASE_HEIGHT = 0.0005


def stack(skills: Skills, world: World, task: Task, cubes: Sequence[str]) -> SkillReport:
    """Stack ``cubes``, the lowest first; the tower stands at the task's goal, the middle by default."""
    snapshot = world.objects()
    objects = snapshot.objects
    sides = [side_of(objects[name]) for name in cubes]
    x, y = task.goal_xy or MIDDLE_XY
    heights = [CUBE * objects[name].scale[2] for name in cubes]
    goals = [(x, y, snapshot.table.top_z + sum(heights[:i]) + RELEASE_HEIGHT) for i in range(len(cubes))]
    return execute_first(skills, sides[0], _versions(cubes, sides, goals))


def _versions(
    cubes: Sequence[str], sides: Sequence[str], goals: Sequence[tuple[float, float, float]]
) -> Iterator[Lists]:
    for together, (approach, up, opening), away in product((True, False), APPROACHES, RETREATS):
        fetches = [_fetch(name, approach, up, opening) for name in cubes]
        puts = [_put(name, goal, away) for name, goal in zip(cubes, goals, strict=True)]
        yield _in_order(sides, fetches, puts, together)


def _fetch(name: str, approach: float, up: float, opening: float) -> list[Skill]:
    narrowed = [Skill("open_gripper", gripper_pos=opening)] if opening < 1.0 else []
    return [*narrowed, Skill("grasp_actor", name, pre_grasp_dis=approach), lift(up)]


def _put(name: str, goal: tuple[float, float, float], away: float) -> list[Skill]:
    target = make_T(goal)
    place = Skill("place_actor", name, target=target, functional_id=BOTTOM, pre_dis=0.05, dis=0.0, constrain="free")
    return [place, retreat(away), Skill("back_to_origin")]


def _in_order(
    sides: Sequence[str], fetches: Sequence[list[Skill]], puts: Sequence[list[Skill]], together: bool
) -> Lists:
    """Lists of the first cube's arm and of the other one. Cubes are put one after another; each is fetched once its arm
    is free and, unless ``together``, the cube before it is in its place."""
    lists: dict[str, list[Skill]] = {side: [] for side in SIDES}
    begun = done = 0  # indices: when the fetch before began, when the put before it ends
    for side, fetch, put in zip(sides, fetches, puts, strict=True):
        listed = lists[side]
        listed += [hold()] * ((begun if together else done) - len(listed))
        begun = len(listed)
        listed += fetch
        listed += [hold()] * (done - len(listed))
        listed += put
        done = len(listed)
    return lists[sides[0]], lists[other_side(sides[0])]
