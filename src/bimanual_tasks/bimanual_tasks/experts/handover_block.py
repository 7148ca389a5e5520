"""The giver lifts the block by its upper part and holds it over the middle; the receiver takes the lower part and
sets it on the pad.

The giver's and the receiver's grasps, the heading at which they meet and the heading on the pad all depend on each
other, so all of it is one request: the planner chooses a giver's grasp only if everything after it has a way.
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
#: Where the bottom of the block is held while it changes hands [m]: x and y in the world, and above the table.
MEETINGS = ((0.0, -0.05, 0.09), (0.0, -0.05, 0.12), (0.0, -0.08, 0.09), (0.03, -0.05, 0.09), (-0.03, -0.05, 0.09))
#: Pre-grasp distances and lifts [m], preferred first: short ones where the reach is tight.
APPROACHES = ((0.10, 0.06), (0.07, 0.04), (0.05, 0.03))
RETREAT = 0.09
#: The block is let go this far above the pad [m].
RELEASE_HEIGHT = 0.0005


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is. The block's side of the table says who gives."""
    snapshot = world.objects()
    objects = snapshot.objects
    pad, block = objects["pad"], objects["block"]
    side = "left" if block.T_world_object[0, 3] < 0 else "right"
    x, y, z = pad.T_world_object[:3, 3]
    # a pad is 10 mm thick at scale 1, its frame in the middle
    goal = (x, y, z + 0.005 * pad.scale[2] + RELEASE_HEIGHT)
    return execute_first(skills, side, _versions(goal, snapshot.table.top_z))


def _versions(goal: tuple[float, float, float], table_top: float) -> Iterator[Lists]:
    for (x, y, above), (approach, height) in product(MEETINGS, APPROACHES):
        giver = [
            Skill("grasp_actor", "block", group="upper", pre_grasp_dis=approach),
            lift(height),
            Skill(
                "place_actor",
                "block",
                target=make_T((x, y, round(table_top + above, 9))),
                functional_id=BOTTOM,
                pre_dis=0.0,
                dis=0.0,
                is_open=False,
                constrain="free",
            ),
            hold(),
            Skill("open_gripper", gripper_pos=1.0),
            retreat(RETREAT),
            Skill("back_to_origin"),
        ]
        receiver = [
            *[hold()] * 3,
            Skill("grasp_actor", "block", group="lower", pre_grasp_dis=0.10),
            *[hold()] * 3,
            Skill(
                "place_actor",
                "block",
                target=make_T(goal),
                functional_id=BOTTOM,
                pre_dis=0.05,
                dis=0.0,
                is_open=True,
                constrain="free",
            ),
            retreat(RETREAT),
            Skill("back_to_origin"),
        ]
        yield giver, receiver
