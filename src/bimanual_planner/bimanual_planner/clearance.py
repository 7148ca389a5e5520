"""Timed motions that stay clear of everything: all arms together or, where they would meet, one waits for the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import JointTrajectory
from bimanual_kinematics.continuous import Motion
from bimanual_planner.in_turn import in_turn
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState
from bimanual_planner.steps import Step
from bimanual_planner.timed_paths import Paths, alone, course, time_paths

#: A wait is at most this share of the longest one longer than it must be.
WAIT_SHARE = 1 / 8


class ArmsMeetError(BimanualError):
    """Arms are in each other's way: one of them might make room."""


@dataclass(frozen=True, eq=False)
class ClearMotion:
    """Trajectories by side that start together; ``sequence`` is the order of arms where the last waits for the first,
    for ``wait`` [s]."""

    trajectories: dict[str, JointTrajectory]
    sequence: tuple[str, ...] = ()
    wait: float = 0.0


def clear_motion(scene: PlanningScene, state: PlanState, paths: Paths, sync: str) -> ClearMotion:
    """The motion along ``paths`` that touches nothing.

    Raises BimanualError (PLAN_COLLISION) naming the pair, its depth and where, ArmsMeetError where it is two arms that
    touch, or as ``time_paths``.
    """
    together = None
    if paths.straight and sync == "proportional":
        # All joints keep to the line whatever its timing is, and most lines that are in the way of something end here,
        # before they cost a timing.
        hit = _touch(scene, state, _lines(paths), paths.line(state))
    else:
        together = time_paths(state.robot, paths, sync, scene.config)
        duration, joints = course(state, together)
        hit = _touch(scene, state, _lines(paths), joints, duration)
    if hit is None:
        return ClearMotion(together or time_paths(state.robot, paths, sync, scene.config))
    if not isinstance(hit, ArmsMeetError) or len(paths.sides) == 1 or paths.coupled or paths.bound:
        raise hit
    found = _waiting(scene, state, paths)
    if found is None:
        raise ArmsMeetError(f"{hit}; one after the other collides too", hit.code, hit.places)
    return found


def touch(scene: PlanningScene, state: PlanState, trajectories: dict[str, JointTrajectory]) -> BimanualError | None:
    """The first touch found of trajectories by side as the error that it is; what is held may touch what it touches
    where they begin and end."""
    duration, joints = course(state, trajectories)
    ends = {side: trajectory.positions[[0, -1]] for side, trajectory in trajectories.items()}
    steps = {side: Step(path=path, lengths=np.zeros(2)) for side, path in ends.items()}
    return _touch(scene, state, steps, joints, duration)


def least_wait(free: Callable[[float], bool], longest: float) -> float:
    """A wait [s] that is ``free``, as short as a few questions find; ``longest`` must be."""
    blocked, found = 0.0, longest
    while found - blocked > WAIT_SHARE * longest:
        middle = 0.5 * (blocked + found)
        if free(middle):
            found = middle
        else:
            blocked = middle
    return found


def _waiting(scene: PlanningScene, state: PlanState, paths: Paths) -> ClearMotion | None:
    """The order of the arms, and the wait of the later one, that ends soonest; None where neither order goes."""
    found: list[ClearMotion] = []
    parts = alone(state.robot, paths, scene.config)
    for first, second in (paths.sides, paths.sides[::-1]):

        def after(wait: float, first: str = first, second: str = second) -> dict[str, JointTrajectory]:
            moves = [(0.0, {first: parts[first]}), (wait, {second: parts[second]})]
            return in_turn(state.robot.sides, moves)

        longest = parts[first].duration

        def free(wait: float, after: Callable[[float], dict[str, JointTrajectory]] = after) -> bool:
            return touch(scene, state, after(wait)) is None

        if free(longest):
            wait = least_wait(free, longest)
            found.append(ClearMotion(after(wait), (first, second), wait))
    return min(found, key=_duration, default=None)


def _duration(motion: ClearMotion) -> float:
    return max(trajectory.duration for trajectory in motion.trajectories.values())


def _lines(paths: Paths) -> dict[str, Step]:
    return {side: Step(path=path, lengths=paths.lengths.get(side)) for side, path in paths.arms.items()}


def _touch(
    scene: PlanningScene, state: PlanState, steps: dict[str, Step], joints: Motion, duration: float | None = None
) -> BimanualError | None:
    hit = scene.first_touch_of(state, steps, joints)
    if hit is None:
        return None
    share, collision = hit
    where = f"{100 * share:.0f}% of the way" if duration is None else f"{share * duration:.2f} of {duration:.2f} s"
    kind = ArmsMeetError if scene.joins_arms(collision) else BimanualError
    return kind(f"{collision} at {where}", ErrorCode.PLAN_COLLISION, collision.places)
