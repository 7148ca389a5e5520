"""Each cube is fetched by the arm of its own side: the first goes to the middle, the second on top of it.

With cubes on different sides both arms fetch at once, and the second waits with its cube lifted until the first has
gone home.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from bimanual_core.protocols import Skills, World
from bimanual_core.se3 import make_T
from bimanual_core.skill import Skill, SkillReport, hold
from bimanual_tasks.experts._lists import Lists, execute_first, lift, retreat
from bimanual_tasks.task import Task

BOTTOM = 0
MIDDLE_XY = (0.0, -0.13)
#: Edge of a cube at scale 1 [m].
CUBE = 0.05
#: Pre-grasp distances and lifts [m], preferred first.
APPROACHES = ((0.08, 0.07), (0.06, 0.05), (0.04, 0.04))
RETREATS = (0.08, 0.05)
RELEASE_HEIGHT = 0.0005


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is; the tower stands at the task's goal, the middle by default."""
    snapshot = world.objects()
    objects, top_z = snapshot.objects, snapshot.table.top_z
    sides = ["left" if objects[name].T_world_object[0, 3] < 0 else "right" for name in ("block1", "block2")]
    height = CUBE * objects["block1"].scale[2]
    goal = (*(task.goal_xy or MIDDLE_XY), top_z)
    return execute_first(skills, sides[0], _versions(goal, height, same_arm=sides[0] == sides[1]))


def _versions(goal: tuple[float, float, float], height: float, same_arm: bool) -> Iterator[Lists]:
    for (approach, up), away in product(APPROACHES, RETREATS):
        fetch1, fetch2 = _fetch("block1", approach, up), _fetch("block2", approach, up)
        put1, put2 = _put("block1", goal, 0.0, away), _put("block2", goal, height, away)
        if same_arm:
            yield [*fetch1, *put1, *fetch2, *put2], []
        else:
            yield [*fetch1, *put1], [*fetch2, *[hold()] * len(put1), *put2]


def _fetch(name: str, approach: float, up: float) -> list[Skill]:
    return [Skill("grasp_actor", name, pre_grasp_dis=approach), lift(up)]


def _put(name: str, goal: tuple[float, float, float], above: float, away: float) -> list[Skill]:
    """Set a cube down ``above`` the goal, which is on the table."""
    x, y, z = goal
    target = make_T((x, y, z + above + RELEASE_HEIGHT))
    place = Skill("place_actor", name, target=target, functional_id=BOTTOM, pre_dis=0.05, dis=0.0, constrain="free")
    return [place, retreat(away), Skill("back_to_origin")]
