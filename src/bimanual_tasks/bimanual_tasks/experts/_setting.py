"""Setting a vessel down on something flat: the arm on the vessel's side brings it, upright as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from bimanual_core.protocols import Skills, World
from bimanual_core.se3 import make_T
from bimanual_core.skill import Skill, SkillReport
from bimanual_tasks.experts._lists import Array, Lists, execute_first, lift, point_of, retreat, side_of

BOTTOM = 0
#: The middle of the upper side of what things are set on.
CENTRE = 0
#: Pre-grasp distances and lifts [m], preferred first: short ones where the reach is tight.
APPROACHES = ((0.10, 0.08), (0.07, 0.06), (0.05, 0.05))
#: Ways back from what is let go [m], the second for tight places: both lift the tips out of what they reached into.
RETREATS = (0.08, 0.05)
#: A vessel is let go this far above what carries it [m]: the hand does not press.
RELEASE_HEIGHT = 0.001


def set_on(skills: Skills, world: World, vessel: str, support: str, groups: tuple[str, ...]) -> SkillReport:
    """Set ``vessel`` on the middle of ``support``; ``groups`` are the contacts by which it is held, preferred first."""
    objects = world.objects().objects
    goal = point_of(objects[support], CENTRE) + (0.0, 0.0, RELEASE_HEIGHT)
    return execute_first(skills, side_of(objects[vessel]), _versions(vessel, goal, groups))


def _versions(vessel: str, goal: Array, groups: tuple[str, ...]) -> Iterator[Lists]:
    for group, (approach, up), away in product(groups, APPROACHES, RETREATS):
        yield [
            Skill("grasp_actor", vessel, group=group, pre_grasp_dis=approach),
            lift(up),
            Skill("place_actor", vessel, target=make_T(goal), functional_id=BOTTOM, pre_dis=0.05, dis=0.0,
                  constrain="free"),
            retreat(away),
            Skill("open_gripper", gripper_pos=1.0),  # a hand that held a rim let it go without opening all the way
            Skill("back_to_origin"),
        ], []  # fmt: skip
