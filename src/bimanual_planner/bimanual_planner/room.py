"""Room for one arm where the other is in its way: the other retreats towards its home and, if it has a goal of its
own, goes there once the first has passed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError
from bimanual_core.motion import JointTrajectory
from bimanual_planner.clearance import least_wait, touch
from bimanual_planner.in_turn import in_turn
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.search import MotionSearch, PlannedMotion
from bimanual_planner.state import PlanState
from bimanual_planner.steps import along
from bimanual_planner.tool_goals import ToolGoals

Array = NDArray[np.float64]
#: How far along its way home an arm is parked, tried in turn: no farther than it must.
SHARES = (0.25, 0.5, 0.75, 1.0)
#: An arm nearer to its home than this has nowhere to retreat to [rad].
_AT_HOME = 1e-3

Trajectories = dict[str, JointTrajectory]
#: Motions of some arms from a state to their goals; raises BimanualError where there are none.
Reach = Callable[[PlanState, Sequence[str]], PlannedMotion]


def make_way(
    scene: PlanningScene,
    search: MotionSearch,
    state: PlanState,
    asked: Sequence[str],
    may_park: Sequence[str],
    reach: Reach,
    met: BimanualError,
) -> PlannedMotion:
    """Each arm of ``asked`` to its goal while one of ``may_park`` is parked, at the nearest place that does.

    Raises BimanualError with the words of ``met``, what kept them from it before, where none does.
    """
    for share in SHARES:
        for side in may_park:
            found = _parked(scene, search, state, asked, side, share, reach)
            if found is not None:
                return replace(found, notes=(str(met), *found.notes))
            search.require_time()
    raise BimanualError(f"{met}; parking the {' or '.join(may_park)} arm does not help", met.code, met.places)


def _parked(
    scene: PlanningScene,
    search: MotionSearch,
    state: PlanState,
    asked: Sequence[str],
    side: str,
    share: float,
    reach: Reach,
) -> PlannedMotion | None:
    others = [other for other in asked if other != side]
    home, q = np.array(state.robot.arm(side).home), state.arm_q(side)
    if np.abs(home - q).max() < _AT_HOME:
        return None
    try:
        back = _retreat(search, state, side, home)
        if share < 1.0:
            back = _retreat(search, state, side, along(back[side].positions, 101)[round(100 * share)])
        parked = ends(state, back)
        parts = [back, reach(parked, others).trajectories]
        if side in asked:
            parts.append(reach(ends(parked, parts[1]), [side]).trajectories)
    except BimanualError:
        return None
    together = _overlapped(scene, state, parts)
    if touch(scene, state, together) is not None:
        return None
    order = (side, *others, side) if side in asked else (side, *others)
    note = f"{side} arm is parked at {np.round(parked.arm_q(side), 3).tolist()} to make room"
    return PlannedMotion(together, "parked", order, (note,))


def _retreat(search: MotionSearch, state: PlanState, side: str, q: Array) -> Trajectories:
    return search.run(state, {side: [q]}, ToolGoals({}), "proportional", "auto").trajectories


def ends(state: PlanState, trajectories: Trajectories) -> PlanState:
    """The state in which ``trajectories`` end."""
    for side, trajectory in trajectories.items():
        state = state.with_arm(side, trajectory.positions[-1])
    return state


def _overlapped(scene: PlanningScene, state: PlanState, parts: list[Trajectories]) -> Trajectories:
    """The parts in turn, each begun as soon as what it follows leaves room."""
    sides = state.robot.sides
    moves: list[tuple[float, Trajectories]] = [(0.0, parts[0])]
    for before, part in pairwise(parts):
        begin, lasts = moves[-1][0], _duration(before)

        def after(wait: float, part: Trajectories = part, begin: float = begin) -> Trajectories:
            return in_turn(sides, [*moves, (begin + wait, part)])

        # the arm that moved last but one must have come to rest before it moves again
        own = max((t + _duration(p) for t, p in moves for s in part if s in p), default=0.0)

        def free(
            wait: float, begin: float = begin, own: float = own, after: Callable[..., Trajectories] = after
        ) -> bool:
            return begin + wait >= own and touch(scene, state, after(wait)) is None

        moves.append((begin + least_wait(free, lasts), part))
    return in_turn(sides, moves)


def _duration(trajectories: Trajectories) -> float:
    return max(trajectory.duration for trajectory in trajectories.values())
