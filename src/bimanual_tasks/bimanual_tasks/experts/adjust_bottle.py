"""The arm on the side of the bottle's foot takes the lying bottle from above, and holds it upright on its own side.

Which grip can be turned that far depends on the tilt of the hand, so the grip and the turn are one request.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from bimanual_core.protocols import Skills, World
from bimanual_core.robot import SIDES
from bimanual_core.se3 import make_T
from bimanual_core.skill import Skill, SkillReport
from bimanual_tasks.experts._lists import Lists, execute_first, lift
from bimanual_tasks.task import Task

BOTTLE, BOTTOM = "bottle", 0
#: Where the bottle is held in the end [m]: out to the arm's side, forward, and its foot above the table. The side
#: counts from 0.15 m on. Hands that came straight down are level in the end, which needs height; others may stay low.
GOALS = ((0.20, 0.05, 0.16), (0.18, 0.05, 0.10), (0.22, 0.10, 0.21), (0.18, 0.0, 0.13), (0.18, -0.10, 0.08))
#: Pre-grasp distances and lifts [m], preferred first: short ones where the reach is tight.
APPROACHES = ((0.10, 0.08), (0.07, 0.06), (0.05, 0.05))


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is; the task's tag says which arm."""
    side = task.drawn["hand"]
    return execute_first(skills, side, _versions(side, world.objects().table.top_z))


def _versions(side: str, table_top: float) -> Iterator[Lists]:
    out = -1.0 if side == SIDES[0] else 1.0
    for (approach, up), (x, y, above) in product(APPROACHES, GOALS):
        upright = Skill(
            "place_actor",
            BOTTLE,
            target=make_T((out * x, y, table_top + above)),
            functional_id=BOTTOM,
            pre_dis=0.0,
            dis=0.0,
            is_open=False,
            constrain="free",
        )
        yield [Skill("grasp_actor", BOTTLE, group="body", pre_grasp_dis=approach), lift(up), upright], []
