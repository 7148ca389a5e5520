"""A task as frozen data: objects with sampling ranges, success, stages, arms, language. One variant is one
:class:`Task`; a drawn one (``drawn`` filled, see ``sampler``) is what an episode is about.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from bimanual_core.rates import POLICY_HZ
from bimanual_core.robot import SIDES
from bimanual_core.scene import TABLE_NAME
from bimanual_tasks.conditions import Condition, Stage
from bimanual_tasks.objects import ObjectRange


@dataclass(frozen=True)
class ArmRule:
    """Which arm a slot means: the one on the side of an object (x > 0: right), the opposite of another slot, the side
    that a tag says, or always the same."""

    side_of: str = ""
    opposite_of: str = ""
    tag: str = ""
    side: str = ""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.side_of, self.opposite_of, self.tag, self.side))) != 1:
            raise ValueError("an arm rule needs either side_of, opposite_of, tag or side")
        if self.side and self.side not in SIDES:
            raise ValueError(f"arm rule: side {self.side!r}; choices: {', '.join(SIDES)}")


@dataclass(frozen=True)
class FirstGrasp:
    """A grasp that a scene must allow, or it is drawn again: the arm of slot ``arm`` reaches a contact of ``object``
    (of ``group``, if given)."""

    object: str
    arm: str
    group: str = ""


@dataclass(frozen=True)
class Instructions:
    """Templates with slots {A}, {B} for nouns and {a}, {b} for arms; ``unseen`` is kept for evaluation."""

    seen: tuple[str, ...]
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """One variant of a task. ``step_limit`` counts policy actions at the default policy rate.

    ``tags`` are random choices by name, that ranges, arms and conditions may depend on; ``drawn`` has their values in
    an episode. ``actors`` says which object a noun's slot means, ``moves`` which objects a demonstration moves (all
    that are not fixed, if empty). ``first_grasps`` must be in reach.
    """

    name: str
    variant: str
    description: str
    step_limit: int
    objects: tuple[ObjectRange, ...]
    success: tuple[Condition, ...]
    arms: dict[str, ArmRule]
    nouns: dict[str, str]
    instructions: Instructions
    hold_seconds: float = 0.5
    goal_xy: tuple[float, float] | None = None  # where on the table the work is done, for tasks that fix it
    work_xy: tuple[tuple[float, float], ...] = ()  # further places over which hands work
    stages: tuple[Stage, ...] = ()
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    actors: dict[str, str] = field(default_factory=dict)
    moves: tuple[str, ...] = ()
    first_grasps: tuple[FirstGrasp, ...] = ()
    drawn: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [o.name for o in self.objects]
        for first, second in pairwise(sorted(names)):
            if first == second:
                raise ValueError(f"object {first!r} is listed twice")
        _require("object", self._objects_used(), names)
        _require("arm slot", (grasp.arm for grasp in self.first_grasps), self.arms)
        _require("tag", self._tags_used(), self.tags)
        self._check_order(names)
        sides = tuple(tag for tag, values in self.tags.items() if set(values) <= set(SIDES))
        for condition in self.conditions:
            condition.check_side(sides)
        for item in self.objects:
            if item.tag and set(item.cases) != set(self.tags[item.tag]):
                raise ValueError(f"object {item.name!r}: the cases are not the values of tag {item.tag!r}")
        if self.step_limit < 1 or self.hold_seconds < 0 or not self.success:
            raise ValueError("step_limit must be at least 1, hold_seconds at least 0, success not empty")

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All conditions: of success, then of the stages."""
        return (*self.success, *(c for stage in self.stages for c in stage.when))

    @property
    def limit_seconds(self) -> float:
        """Simulated time an episode may take [s]: the step limit at the default policy rate."""
        return self.step_limit / POLICY_HZ

    @property
    def moved(self) -> tuple[str, ...]:
        """The objects that a demonstration moves."""
        return self.moves or tuple(o.name for o in self.objects if not o.fixed)

    def with_drawn(self, drawn: dict[str, str]) -> Task:
        """The task of an episode in which the tags have these values: conditions name sides, not tags."""
        if not self.tags:
            return self
        stages = tuple(replace(stage, when=_with_sides(stage.when, drawn)) for stage in self.stages)
        return replace(self, drawn=drawn, success=_with_sides(self.success, drawn), stages=stages)

    def _objects_used(self) -> Iterable[str]:
        for condition in self.conditions:
            yield condition.object
            yield condition.other if condition.other != TABLE_NAME else ""
        yield from (rule.side_of for rule in self.arms.values())
        yield from (*self.actors.values(), *self.moves)
        yield from (grasp.object for grasp in self.first_grasps)
        yield from (name for o in self.objects for name in (o.same_side_as, o.other_side_of))

    def _tags_used(self) -> Iterable[str]:
        yield from (o.tag for o in self.objects)
        yield from (rule.tag for rule in self.arms.values())

    def _check_order(self, names: list[str]) -> None:
        for item in self.objects:
            leader = item.same_side_as or item.other_side_of
            if leader and names.index(leader) >= names.index(item.name):
                raise ValueError(f"object {item.name!r} follows the side of {leader!r}, which is drawn after it")


def _require(what: str, used: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for name in used:
        if name and name not in known:
            raise ValueError(f"{what} {name!r} is used but not listed; listed: {', '.join(known) or 'none'}")


def _with_sides(conditions: tuple[Condition, ...], drawn: dict[str, str]) -> tuple[Condition, ...]:
    return tuple(replace(c, side=drawn.get(c.side, c.side)) for c in conditions)
