"""Both arms take their shoes at the same time. The left one is set down while the right arm waits with its shoe lifted,
and the right one beside it once the left arm is out of its way. Shoes whose heading does not suit are turned before, by
both arms at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from bimanual_core.observation import ObjectSnapshot
from bimanual_core.protocols import Skills, World
from bimanual_core.robot import SIDES
from bimanual_core.skill import Skill, SkillReport, hold
from bimanual_tasks.experts._lists import Array, Lists, execute_on, point_of, retreat
from bimanual_tasks.experts._shoes import (
    APPROACHES,
    BOTTOM,
    TURNING_APPROACHES,
    go_home,
    placed,
    put,
    set_down,
    take,
    toe_left,
)
from bimanual_tasks.task import Task

#: By side: what each arm brings.
SHOES = {"left": "shoe1", "right": "shoe2"}
TARGET = "target"
#: Functional points of a shoe box, by the side whose shoe goes there; and of a pad, its upper side.
PLACES, TOP = {"left": 0, "right": 1}, 1
#: On a pad, which has no such points, the soles go here [m], seen from the middle of the table.
ON_PAD_XY = {"left": (0.0, -0.19), "right": (0.0, -0.07)}
#: Where each arm turns its shoe [m], and to which headings [deg]: toes to the robot on the left, away from it on the
#: right. From there it can be brought to its place as it is gripped, and to there however it lay.
TURNING_PLACES = {"left": ((-0.25, -0.10),), "right": ((0.25, -0.05),)}
TURNING_YAWS_DEG = {"left": (-30.0, -165.0, -45.0, -15.0), "right": (45.0, 165.0, 30.0, 150.0)}
#: A box's walls, and some room, above its floor [m].
WALLS = 0.035
#: Requests in all: a turn, both shoes, and what is taken up again.
ROUNDS = 6


def run(skills: Skills, world: World, task: Task) -> SkillReport:
    """Do the task once, from the scene as it is."""

    def rest(held: Mapping[str, str]) -> Iterator[Lists]:
        return _Shoes(skills, world.objects()).versions(held)

    return execute_on(skills, "left", rest, ROUNDS)


class _Shoes:
    """What can be done from where the shoes are."""

    def __init__(self, skills: Skills, snapshot: ObjectSnapshot) -> None:
        self._skills = skills
        self._objects = snapshot.objects
        self._top_z = snapshot.table.top_z
        self._box = self._objects[TARGET].class_name == "shoe_box"
        self._over = WALLS if self._box else 0.0

    def versions(self, held: Mapping[str, str]) -> Iterator[Lists]:
        """What is left to do, or the beginning of it, preferred first."""
        if held:
            yield from self._put_aside(sorted(held))
            return
        sides = [side for side in SIDES if not placed(self._objects[SHOES[side]], self._goal(side))]
        yield from self._turned([side for side in sides if not self._suits(side)])
        if len(sides) > 1:
            yield from self._together()
        for side in sides[:1]:
            yield from self._alone(side)
        yield from self._turned(sides)

    def _goal(self, side: str) -> Array:
        """Where the sole of a side's shoe goes (4, 4)."""
        target = self._objects[TARGET]
        if self._box:
            return toe_left(*point_of(target, PLACES[side]))
        return toe_left(*ON_PAD_XY[side], point_of(target, TOP)[2])

    def _suits(self, side: str) -> bool:
        """Whether the shoe's heading is one from which the hand that grips it reaches the end."""
        toe_y = self._objects[SHOES[side]].T_world_object[1, 0]
        return bool(toe_y < 0) if side == "left" else bool(toe_y > 0)

    def _together(self) -> Iterator[Lists]:
        """Both take their shoes; the right one is set down once the left arm is out of its way."""
        for left, right in sorted(product(range(len(APPROACHES)), repeat=2), key=sum):
            first, then = self._parts("left", APPROACHES[left])
            other, last = self._parts("right", APPROACHES[right])
            left_list = [*first, *then, *go_home()]
            yield left_list, [*other, *[hold()] * (len(left_list) - len(other)), *last, *go_home()]

    def _alone(self, side: str) -> Iterator[Lists]:
        for near in APPROACHES:
            first, then = self._parts(side, near)
            yield _lists({side: [*first, *then, *go_home()]})

    def _parts(self, side: str, near: float) -> tuple[list[Skill], list[Skill]]:
        name = SHOES[side]
        return take(name, near, self._over), put(name, self._goal(side), near, self._over)

    def _turned(self, sides: Sequence[str]) -> Iterator[Lists]:
        """Turn the shoes of these sides, at once or else one of them."""
        turns = {side: self._turn(side) for side in sides}
        found = {side: turn for side, turn in turns.items() if turn}
        if len(found) > 1:
            yield _lists(found)
        for side, turn in found.items():
            yield _lists({side: turn})

    def _turn(self, side: str) -> list[Skill]:
        """The first turn that the arm can plan by itself; empty if there is none."""
        name = SHOES[side]
        aligned = set_down(TURNING_PLACES[side], TURNING_YAWS_DEG[side], self._top_z)
        (nearer,) = set_down(TURNING_PLACES[side], (0.0,), self._top_z)
        # from further away only some headings can be had; from nearer all
        ends = [*(self._down(name, goal, "align") for goal in aligned), self._down(name, nearer, "free")]
        for end, near in product(ends, TURNING_APPROACHES):
            turn = [*take(name, near), *end, Skill("back_to_origin")]
            lists = _lists({side: turn})
            if self._skills.execute(*lists, ahead=len(turn)).success:
                return turn
        return []

    def _put_aside(self, sides: Sequence[str]) -> Iterator[Lists]:
        """Set down what a hand holds in a way that leads no further."""
        places = {side: set_down(TURNING_PLACES[side], (0.0,), self._top_z)[0] for side in sides}
        yield _lists({side: [*self._down(SHOES[side], place, "free"), *go_home()] for side, place in places.items()})

    @staticmethod
    def _down(name: str, place: Array, constrain: str) -> list[Skill]:
        """Set a shoe down on the table."""
        near = TURNING_APPROACHES[-1]
        down = Skill(
            "place_actor", name, target=place, functional_id=BOTTOM, pre_dis=near, dis=0.0, constrain=constrain
        )
        return [down, retreat(near)]


def _lists(by_side: Mapping[str, list[Skill]]) -> Lists:
    return by_side.get("left", []), by_side.get("right", [])
