"""Two bottles, of one shape or of several, that stand or lie: both arms take theirs at once and bring them to the front
of the table.

A bottle ends upright where its grip allows that. One that lay may be gripped so that it can only stay lying: then it is
brought as it is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from bimanual_core.observation import ObjectState
from bimanual_core.protocols import Skills, World
from bimanual_core.robot import SIDES
from bimanual_core.se3 import make_T
from bimanual_core.skill import Skill, SkillReport
from bimanual_tasks.experts._lists import Lists, execute_first, lift
from bimanual_tasks.task import Task

#: By side: what each arm brings.
BOTTLES = {"left": "bottle1", "right": "bottle2"}
#: Functional points: what a bottle stands on, and what it lies on.
BOTTOM, SIDE = 0, 2
#: Where the bottles are brought, the middle of each [m].
GOALS_XY = {"left": (-0.06, -0.105), "right": (0.06, -0.105)}
#: Heights of the bottoms above the table there [m], preferred first: all above what the tasks ask for, and low enough
#: that the hands keep out of the way of each other's elbow.
HEIGHTS = (0.10, 0.13, 0.08)
#: What lies has its middle lower than what stands: it is held so much higher [m].
RAISE = {BOTTOM: 0.0, SIDE: 0.06}
#: Pre-grasp distances and lifts [m], preferred first: short ones where the reach is tight.
APPROACHES = ((0.10, 0.08), (0.07, 0.05), (0.05, 0.04))
#: How much deeper than usual a bottle that lies is gripped [m]: less deep where slanting fingers would hit the table.
DEPTHS = (0.0, -0.006)


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is."""
    snapshot = world.objects()
    bottles = [snapshot.objects[BOTTLES[side]] for side in SIDES]
    return execute_first(skills, SIDES[0], _versions(bottles, snapshot.table.top_z))


def _versions(bottles: list[ObjectState], table_top: float) -> Iterator[Lists]:
    ends = [list(product(DEPTHS, (BOTTOM, SIDE))) if _lies(bottle) else [(0.0, BOTTOM)] for bottle in bottles]
    for approach, above, chosen in product(APPROACHES, HEIGHTS, list(product(*ends))):
        left, right = (
            _fetch(bottle, depth, approach, point, (*GOALS_XY[side], table_top + above + RAISE[point]))
            for side, bottle, (depth, point) in zip(SIDES, bottles, chosen, strict=True)
        )
        yield left, right


def _lies(bottle: ObjectState) -> bool:
    """Whether it lies rather than stands."""
    return abs(bottle.T_world_object[2, 2]) < 0.5


def _fetch(
    bottle: ObjectState, depth: float, approach: tuple[float, float], point: int, goal: tuple[float, float, float]
) -> list[Skill]:
    before, up = approach
    return [
        Skill("grasp_actor", bottle.name, group="body", pre_grasp_dis=before, grasp_dis=depth),
        lift(up),
        Skill(
            "place_actor",
            bottle.name,
            target=make_T(goal),
            functional_id=point,
            pre_dis=0.0,
            dis=0.0,
            is_open=False,
            constrain="free",
        ),
    ]
