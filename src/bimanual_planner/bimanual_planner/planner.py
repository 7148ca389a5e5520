"""Motions of one or both arms to tcp poses, joints or poses of what they hold.

Tried in turn: the constant screw of each tcp; a line in joint space to each wrist branch; RRT-Connect of all moving
arms together (``search``). What is timed is what is checked: arms against each other, table and objects, at the same
instants. Where the arms would meet, one waits for the other, or is parked until the other has passed (``room``). What
both hands hold goes on screws only, where need be over a place above (``grips``). Everything is a function of the
request and the state.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bimanual_core import se3
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.skill import SYNC_MODES
from bimanual_planner.clearance import ArmsMeetError
from bimanual_planner.detours import MAX_CHECKS
from bimanual_planner.goals import joint_goal
from bimanual_planner.grips import keep_grip
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.room import make_way
from bimanual_planner.search import METHODS, MotionSearch, PlannedMotion
from bimanual_planner.state import PlanState
from bimanual_planner.timed_paths import Paths, time_paths
from bimanual_planner.tool_goals import ToolGoals, tool_goals
from bimanual_planner.way_out import way_out

__all__ = ["METHODS", "MotionPlanner", "PlannedMotion"]

Array = NDArray[np.float64]


class MotionPlanner:
    """Plans in one scene; see :meth:`plan_poses` and :meth:`plan_joints`."""

    def __init__(
        self, scene: PlanningScene, *, max_checks: int = MAX_CHECKS, seed: int = 0, budget_s: float = math.inf
    ) -> None:
        """``budget_s``: the longest that a request may take [s]; infinite gives the same plan on any machine."""
        self._scene = scene
        self._max_checks = max_checks
        self._seed = seed
        self._budget_s = budget_s

    def plan_pose(self, side: str, state: PlanState, T_world_tcp: Array, *, method: str = "auto") -> PlannedMotion:
        """One arm's motion to a tcp pose; as :meth:`plan_poses`."""
        return self.plan_poses(state, {side: T_world_tcp}, method=method)

    def plan_poses(
        self,
        state: PlanState,
        targets: Mapping[str, Array],
        *,
        frames: Mapping[str, str] | None = None,
        objects: Mapping[str, Array] | None = None,
        sync: str = "proportional",
        method: str = "auto",
        make_room: bool = False,
    ) -> PlannedMotion:
        """The arms' motion from ``state`` to tcp poses (4, 4) by side and held ``objects`` to poses (4, 4) by name.

        ``frames`` names the object in whose frame a side's pose is given; ``make_room`` allows to park an arm that has
        no goal. Raises BimanualError with the reason of each method tried: PLAN_START_INVALID, PLAN_UNREACHABLE,
        PLAN_SINGULAR, PLAN_LIMIT or PLAN_COLLISION with the pair and its depth; UNKNOWN_NAME or INVALID_REQUEST for
        the request.
        """
        begin, search = self._begin(state, sync, method)
        targets, objects = self._ordered(targets, objects or {}), objects or {}
        for name, target in {**targets, **objects}.items():
            if not se3.is_transform(target):
                raise BimanualError(f"{name} target is not a finite rigid transform")
        goals = tool_goals(self._scene.model, state, targets, frames, objects)
        if goals.bound:
            return _timed(begin, keep_grip(self._scene, search, state, goals, objects, sync, method))
        wanted = goals.targets

        def reach(state: PlanState, sides: Sequence[str]) -> PlannedMotion:
            goals = tool_goals(self._scene.model, state, {side: wanted[side] for side in sides})
            return search.reach(state, goals, sync, method)

        return _timed(begin, self._with_room(search, state, tuple(wanted), reach, make_room))

    def plan_joints(
        self, state: PlanState, goals: Mapping[str, Array], *, sync: str = "proportional", make_room: bool = False
    ) -> PlannedMotion:
        """The arms' motion from ``state`` to joints (n,) by side, on lines or around what is in the way.

        Raises as :meth:`plan_poses`; a goal outside the joints' limits is PLAN_LIMIT.
        """
        begin, search = self._begin(state, sync, "auto")
        wanted = {side: joint_goal(self._scene.model, side, q) for side, q in self._ordered(goals, {}).items()}

        def reach(state: PlanState, sides: Sequence[str]) -> PlannedMotion:
            return search.run(state, {side: [wanted[side]] for side in sides}, ToolGoals({}), sync, "auto")

        return _timed(begin, self._with_room(search, state, tuple(wanted), reach, make_room))

    def plan_out(self, state: PlanState) -> PlannedMotion:
        """From a start in collision to the nearest free joints found, getting deeper into nothing (see ``way_out``).

        Raises BimanualError (PLAN_START_INVALID) if there are none near, or the start is free.
        """
        begin = time.monotonic()
        hit = MotionSearch(self._scene).collision(state)
        if hit is None:
            raise BimanualError("the start is free: there is nothing to move out of", ErrorCode.PLAN_START_INVALID)
        found = way_out(self._scene, state, self._seed)
        if found is None:
            text = f"start in collision: {hit}; no free joints were found near it"
            raise BimanualError(text, ErrorCode.PLAN_START_INVALID)
        lines = Paths({side: np.array([state.arm_q(side), q]) for side, q in found.items()})
        trajectories = time_paths(state.robot, lines, "proportional", self._scene.config)
        return _timed(begin, PlannedMotion(trajectories, "out", (), (f"start in collision: {hit}",)))

    def _with_room(
        self,
        search: MotionSearch,
        state: PlanState,
        sides: tuple[str, ...],
        reach: Callable[[PlanState, Sequence[str]], PlannedMotion],
        make_room: bool,
    ) -> PlannedMotion:
        """What ``reach`` finds; or, where the arms are in each other's way, with one of them parked meanwhile."""
        try:
            return reach(state, sides)
        except ArmsMeetError as error:
            others = tuple(side for side in state.robot.sides if side not in sides)
            if others and not make_room:
                text = f"{error}; with make_room the {others[0]} arm might give way"
                raise BimanualError(text, error.code, error.places) from None
            return make_way(self._scene, search, state, sides, others or sides, reach, error)

    def _begin(self, state: PlanState, sync: str, method: str) -> tuple[float, MotionSearch]:
        """When the request began and the search whose budget runs since; raises for a request or start that is bad."""
        begin = time.monotonic()
        search = MotionSearch(self._scene, max_checks=self._max_checks, seed=self._seed, budget_s=self._budget_s)
        if sync not in SYNC_MODES:
            raise BimanualError(f"unknown sync {sync!r}; choices: {', '.join(SYNC_MODES)}")
        if method not in METHODS:
            raise BimanualError(f"unknown method {method!r}; choices: {', '.join(METHODS)}")
        hit = search.collision(state)
        if hit is not None:
            text = f"start in collision: {hit}; {self._way_out(state, begin + self._budget_s)}"
            raise BimanualError(text, ErrorCode.PLAN_START_INVALID, hit.places)
        return begin, search

    def _way_out(self, state: PlanState, deadline_s: float) -> str:
        """The offer of :meth:`plan_out`, in words; looked for while the request's budget lasts."""
        found = way_out(self._scene, state, self._seed, deadline_s)
        if found is None:
            late = f" within the budget of {self._budget_s:g} s" if time.monotonic() > deadline_s else ""
            return f"no free joints were found near it{late}"
        far = max(float(np.abs(q - state.arm_q(side)).max()) for side, q in found.items())
        joints = ", ".join(f"{side} arm to {np.round(q, 3).tolist()}" for side, q in found.items())
        return f"a way out is to move the {joints}, at most {far:.3f} rad from where it is"

    def _ordered(self, by_side: Mapping[str, Array], objects: Mapping[str, Array]) -> dict[str, Array]:
        """Left before right; raises UnknownNameError for an arm the robot lacks, BimanualError for nothing at all."""
        robot = self._scene.model.robot
        for side in by_side:
            robot.arm(side)
        if not by_side and not objects:
            raise BimanualError("no arm is asked to move")
        return {side: np.asarray(by_side[side], dtype=float) for side in robot.sides if side in by_side}


def _timed(begin: float, motion: PlannedMotion) -> PlannedMotion:
    return replace(motion, plan_seconds=time.monotonic() - begin)
