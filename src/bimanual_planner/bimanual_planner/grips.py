"""Motions of arms that are bound to each other: both hands hold one object, or one moves in the frame of what the other
carries. Only screws at equal shares keep that."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError
from bimanual_core.motion import JointTrajectory
from bimanual_planner.in_turn import in_turn
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.room import ends
from bimanual_planner.search import MotionSearch, PlannedMotion
from bimanual_planner.state import PlanState
from bimanual_planner.tool_goals import ToolGoals, tool_goals

Array = NDArray[np.float64]
#: [m] that what both hands hold is raised by where its screw does not go, tried in turn.
HEIGHTS = (0.05, 0.1, 0.2)


def keep_grip(
    scene: PlanningScene,
    search: MotionSearch,
    state: PlanState,
    goals: ToolGoals,
    objects: Mapping[str, Array],
    sync: str,
    method: str,
) -> PlannedMotion:
    """The motion along the ways of ``goals``; where there is none, of what both hands hold over a place above.

    Raises BimanualError for another sync or method, or as :meth:`MotionSearch.run`.
    """
    if sync != "proportional" or method not in ("auto", "screw"):
        text = "what moves with what the other arm moves goes on screws at equal shares"
        raise BimanualError(f"{text}: sync proportional and method auto or screw, not {sync} and {method}")
    try:
        return search.run(state, {}, goals, sync, "screw")
    except BimanualError as error:
        if method != "auto" or not goals.shared or set(objects) != {goals.shared}:
            raise
        found = _over(scene, search, state, goals.shared, objects[goals.shared], str(error))
        if found is None:
            raise
        return found


def _over(
    scene: PlanningScene, search: MotionSearch, state: PlanState, name: str, T_world_goal: Array, why: str
) -> PlannedMotion | None:
    """On three screws, up, across and down; None where no height tried does."""
    T_start = scene.object_pose(state, name)
    for height in HEIGHTS:
        search.require_time()
        above = (_raised(T_start, T_world_goal, height), _raised(T_world_goal, T_start, height))
        parts: list[tuple[float, dict[str, JointTrajectory]]] = []
        at, begin = state, 0.0
        try:
            for T in (*above, T_world_goal):
                goals = tool_goals(scene.model, at, {}, {}, {name: T})
                part = search.run(at, {}, goals, "proportional", "screw").trajectories
                parts.append((begin, part))
                at, begin = ends(at, part), begin + max(t.duration for t in part.values())
        except BimanualError:
            continue
        notes = (why, f"{name} goes over a place {1000 * height:.0f} mm higher")
        return PlannedMotion(in_turn(state.robot.sides, parts), "screw", (), notes)
    return None


def _raised(T_near: Array, T_far: Array, height: float) -> Array:
    """``T_near`` (4, 4) raised to ``height`` [m] above the higher of both."""
    T = T_near.copy()
    T[2, 3] = max(T_near[2, 3], T_far[2, 3]) + height
    return T
