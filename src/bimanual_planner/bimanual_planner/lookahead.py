"""Depth-first search over both arms' skill lists: a choice counts only if all that follows has a way.

The first index, which is what runs next, is checked finely; what comes later coarsely, as it is planned again from
the measured state before it runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from bimanual_core.errors import BimanualError, ErrorCode, Point
from bimanual_core.robot import SIDES
from bimanual_core.skill import Skill
from bimanual_planner.detours import FREE_SKILLS, detours
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState
from bimanual_planner.steps import zipped
from bimanual_planner.ways import Way, ways

#: Choices by (index, side): what a search tries first there.
Choices = Mapping[tuple[int, str], Any]
#: Searches for ways around in one look-ahead.
_DETOURS = 4
#: Rows of ways, or None and the sides whose earlier choices could change that.
_Result = tuple[list[dict[str, Way]] | None, frozenset[str]]


@dataclass(frozen=True)
class Failure:
    """The deepest failure of a search: index in the lists, side ("" for both), words and the places they tell of."""

    index: int
    side: str
    code: ErrorCode
    text: str
    places: Mapping[str, Point] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Plan:
    """Ways of (left, right) by index."""

    rows: list[dict[str, Way]]

    def choices(self) -> dict[tuple[int, str], Any]:
        return {(i, side): way.choice for i, row in enumerate(self.rows) for side, way in row.items()}


class Lookahead:
    """One search; ``tried`` counts the combinations it looked at.

    It jumps back: where what follows failed for a reason that one arm has no part in (an arm out of reach, a
    collision of the other arm alone), other ways of that arm are not tried.
    """

    def __init__(self, scene: PlanningScene, first: Choices | None = None) -> None:
        self._scene = scene
        self._first = first or {}
        self._initial: PlanState | None = None
        self._detours_left = 0
        self._detour_missed = False
        self.tried = 0
        self.failure = Failure(-1, "", ErrorCode.PLAN_UNREACHABLE, "nothing was tried")

    def run(self, state: PlanState, skills: Mapping[str, Sequence[Skill]]) -> Plan | None:
        """The first plan found for lists of equal length by side, or None: then ``failure`` says why."""
        self._initial = state
        rows, _ = self._search(state, skills, 0)
        if rows is None and self._detour_missed and not self._spent:
            self._detours_left = _DETOURS
            rows, _ = self._search(state, skills, 0)
        return None if rows is None else Plan(rows)

    def _search(self, state: PlanState, skills: Mapping[str, Sequence[Skill]], index: int) -> _Result:
        if index == len(next(iter(skills.values()))):
            return [], frozenset()
        return self._choose(state, skills, index, {})

    def _choose(
        self, state: PlanState, skills: Mapping[str, Sequence[Skill]], index: int, row: dict[str, Way]
    ) -> _Result:
        """Extend ``row`` by the next side's ways; a full row is played and the search goes on behind it."""
        if len(row) == len(skills):
            return self._go_on(state, skills, index, row)
        side = list(skills)[len(row)]
        skill = skills[side][index]
        to_blame: frozenset[str] = frozenset()
        try:
            found = ways(skill, side, state, self._scene, self._first.get((index, side)))
            for way in chain(found, self._around(skill, side, state)):
                rows, blamed = self._choose(state, skills, index, {**row, side: way})
                if rows is not None:
                    return rows, frozenset()
                to_blame |= blamed
                if side not in blamed or self._spent:
                    return None, to_blame
        except BimanualError as error:
            self._fail(index, side, error.code, f"{skill.name}: {error}", error.places)
        # No way of this side is left. That is its own doing, and of whoever brought its object where it is.
        return None, to_blame | {side} | self._movers(state, [skill.actor])

    def _go_on(
        self, state: PlanState, skills: Mapping[str, Sequence[Skill]], index: int, row: dict[str, Way]
    ) -> _Result:
        self.tried += 1
        if self._spent:
            self._fail(index, "", ErrorCode.PLAN_UNREACHABLE, f"gave up after {self.tried - 1} combinations")
            return None, frozenset()
        after, blamed = self._play(state, row, index)
        if after is None:
            return None, blamed
        rest, blamed = self._search(after, skills, index + 1)
        return (None, blamed) if rest is None else ([row, *rest], frozenset())

    def _around(self, skill: Skill, side: str, state: PlanState) -> Iterator[Way]:
        """Ways around, which take long to find: only once no plan does without them, and only a few."""
        if skill.name in FREE_SKILLS:
            self._detour_missed = True
            if self._detours_left > 0:
                self._detours_left -= 1
                yield from detours(skill, side, state, self._scene)

    @property
    def _spent(self) -> bool:
        return self.tried > self._scene.config.search_budget

    def _play(self, state: PlanState, row: Mapping[str, Way], index: int) -> tuple[PlanState | None, frozenset[str]]:
        """The state after a row of ways; or None where it collides, and the sides that have a part in it."""
        config = self._scene.config
        spacing = config.coarse_step if index else config.fine_step
        for steps in zipped(*(row[s].steps if s in row else [] for s in SIDES)):
            hit = self._scene.first_collision(state, steps, spacing)
            if hit is not None:
                share, collision = hit
                text = f"{collision} after {100 * share:.0f}% of a step"
                self._fail(index, "", ErrorCode.PLAN_COLLISION, text, collision.places)
                return None, self._movers(state, [collision.a, collision.b])
            for side, step in steps.items():
                state = step.after(side, state, self._scene.model.fk)
        return state, frozenset()

    def _movers(self, state: PlanState, bodies: Sequence[str]) -> frozenset[str]:
        """The sides that have a part in where ``bodies`` are: their arm's links, what they hold, what they moved."""
        initial = self._initial or state
        found: set[str] = set()
        for body in bodies:
            found |= {side for side in SIDES if body.startswith(f"{side}_")}
            if body in state.objects:
                found |= {side for side, held in state.held.items() if held.name == body}
                if state.carrier(body) is None and state.objects[body] is not initial.objects[body]:
                    found |= set(SIDES)
        return frozenset(found)

    def _fail(
        self, index: int, side: str, code: ErrorCode, text: str, places: Mapping[str, Point] | None = None
    ) -> None:
        if index > self.failure.index:
            self.failure = Failure(index, side, code, text, places or {})
