"""What the experts share: skills by arm, and several versions of a plan until one can be planned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice, zip_longest

import numpy as np
from numpy.typing import NDArray

from bimanual_core.observation import ObjectState
from bimanual_core.protocols import Skills
from bimanual_core.robot import other_side
from bimanual_core.skill import Skill, SkillReport, hold
from bimanual_tasks.assets import find_asset

Array = NDArray[np.float64]
#: Skills of the arm that acts first and of the other one.
Lists = tuple[list[Skill], list[Skill]]


#: Versions of what is left to do, from what each arm holds: names of objects by side.
Rest = Callable[[Mapping[str, str]], Iterable[Lists]]
#: Ends of a request after which the rest is thought over again: no way from here, and nothing between the fingers.
RESUMED = ("plan", "grasp")


def execute_first(skills: Skills, side: str, versions: Iterable[Lists]) -> SkillReport:
    """Execute the first version that can be planned; ``side`` is the arm of each version's first list.

    A version that fails before anything has moved gives way to the next; any other end is the report. Versions that
    begin like one that no plan was found for, up to the skill at which it failed, are passed over: they would fail
    there too.
    """
    report, _ = _first_to_go(skills, side, versions, ("plan",))
    return report


def execute_on(skills: Skills, side: str, rest: Rest, rounds: int = 4) -> SkillReport:
    """As :func:`execute_first`, and on with the versions of what is left, until ``rest`` has none: at most ``rounds``
    times in all, each after a version that is done or that stopped half way for want of a plan or a grip. The report is
    that of the last request."""
    held: dict[str, str] = {}
    report = SkillReport(0, 0)
    for _ in range(rounds):
        latest, lists = _first_to_go(skills, side, rest(held), RESUMED)
        report = latest if lists else report
        if not lists or report.done == 0 or not (report.success or report.layer in RESUMED):
            return report
        held = _held_after(held, lists, report.done)
    return report


def _first_to_go(
    skills: Skills, side: str, versions: Iterable[Lists], layers: tuple[str, ...]
) -> tuple[SkillReport, dict[str, list[Skill]]]:
    """Ask for one version after the other until one moves, or fails in another layer than ``layers``: the last report,
    and what was asked for by side, nothing where there is no version."""
    report, lists, hopeless = SkillReport(0, 0), dict[str, list[Skill]](), set[_Beginning]()
    for acting, other in versions:
        if any(beginning == _beginning(acting, other, len(beginning)) for beginning in hopeless):
            continue
        lists = {side: acting, other_side(side): other}
        report = skills.execute(lists["left"], lists["right"])
        if report.success or report.layer not in layers or report.done > 0:
            break
        if report.layer == "plan":
            hopeless.add(_beginning(acting, other, report.failed_index + 1))
    return report, lists


#: The first skills of both arms, index by index, as values that can be compared.
_Beginning = tuple[tuple, ...]


def _beginning(acting: list[Skill], other: list[Skill], count: int) -> _Beginning:
    """The first ``count`` indices of both lists, or all there are."""
    rows = zip_longest(acting, other, fillvalue=hold())
    return tuple((*_values(a), *_values(b)) for a, b in islice(rows, count))


def _values(skill: Skill) -> tuple:
    return tuple(v.tobytes() if isinstance(v, np.ndarray) else v for v in vars(skill).values())


def _held_after(held: Mapping[str, str], lists: Mapping[str, list[Skill]], done: int) -> dict[str, str]:
    """What each arm holds after the first ``done`` skills of its list."""
    after = dict(held)
    for side, listed in lists.items():
        for skill in listed[:done]:
            if skill.name == "grasp_actor":
                after[side] = skill.actor
            elif skill.name == "open_gripper" or (skill.name == "place_actor" and skill.is_open):
                after.pop(side, None)
    return after


def side_of(item: ObjectState) -> str:
    """The arm on the side of an object, as the tasks' arm rules have it."""
    return "right" if item.T_world_object[0, 3] > 0 else "left"


def pose_of_point(item: ObjectState, point: int) -> Array:
    """Pose (4, 4) of a functional point of an object in the world. Raises KeyError for a point it lacks."""
    T_object_point = find_asset(item.class_name, item.asset_id, item.scale).annotation.functional[point]
    return item.T_world_object @ T_object_point


def point_of(item: ObjectState, point: int) -> Array:
    """Position (3,) of a functional point [m]; as :func:`pose_of_point`."""
    return pose_of_point(item, point)[:3, 3]


def retreat(distance: float) -> Skill:
    """Straight back out of the grasp, along the gripper."""
    return Skill("move_by_displacement", displacement=(0.0, 0.0, -distance), move_axis="arm")


def lift(height: float) -> Skill:
    """Straight up."""
    return Skill("move_by_displacement", displacement=(0.0, 0.0, height))
