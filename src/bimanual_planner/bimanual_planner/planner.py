"""Motions of one or both arms to tcp poses or joints: a screw where one goes, else around what is in the way.

Tried in turn: the constant screw of each tcp; a line in joint space to each wrist branch; RRT-Connect of all moving
arms together. What is timed is what is checked: arms against each other, table and objects, at the same instants.
Where the arms would meet, one waits for the other. Everything is a function of the request and the state.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from bimanual_core import se3
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import JointTrajectory
from bimanual_core.skill import SYNC_MODES
from bimanual_planner.clearance import clear_motion
from bimanual_planner.config import PlannerConfig
from bimanual_planner.detours import MAX_CHECKS, around
from bimanual_planner.goals import at_goal, combinations, joint_goal, pose_goals
from bimanual_planner.lines import screw_step
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState
from bimanual_planner.timed_paths import Paths, time_paths
from bimanual_planner.way_out import way_out

Array = NDArray[np.float64]

GOAL_POSITION_TOLERANCE = 1e-4  # [m]
GOAL_ANGLE_TOLERANCE = float(np.radians(0.05))  # [rad]
_GOALS = 6  # combinations of wrist branches tried on lines, nearest first
_RRT_GOALS = 2  # and around what is in the way
METHODS = ("auto", "screw", "joint", "rrt")


@dataclass(frozen=True, eq=False)
class PlannedMotion:
    """Trajectories by side that start together, and how they were found.

    ``method`` is screw, joint, rrt or out; ``sequence`` names the order of the arms where one waits for the other
    (empty = together); ``notes`` say why what was tried before did not do.
    """

    trajectories: dict[str, JointTrajectory]
    method: str
    sequence: tuple[str, ...]
    notes: tuple[str, ...]
    plan_seconds: float


class MotionPlanner:
    """Plans in one scene; see :meth:`plan_poses` and :meth:`plan_joints`."""

    def __init__(
        self, scene: PlanningScene, *, max_checks: int = MAX_CHECKS, seed: int = 0, budget_s: float = math.inf
    ) -> None:
        """``budget_s``: the longest that a request may take [s]; infinite gives the same plan on any machine."""
        self._scene = scene
        self._model = scene.model
        self._config: PlannerConfig = scene.config
        self._max_checks = max_checks
        self._seed = seed
        self._budget_s = budget_s
        self._deadline_s = math.inf

    def plan_pose(self, side: str, state: PlanState, T_world_tcp: Array, *, method: str = "auto") -> PlannedMotion:
        """One arm's motion to a tcp pose; as :meth:`plan_poses`."""
        return self.plan_poses(state, {side: T_world_tcp}, method=method)

    def plan_poses(
        self,
        state: PlanState,
        targets: Mapping[str, Array],
        *,
        sync: str = "proportional",
        method: str = "auto",
    ) -> PlannedMotion:
        """The arms' motion from ``state`` to tcp poses (4, 4) by side.

        Raises BimanualError with the reason of the last method tried: PLAN_START_INVALID, PLAN_UNREACHABLE,
        PLAN_LIMIT or PLAN_COLLISION with the pair and its depth; UNKNOWN_NAME or INVALID_REQUEST for the request.
        """
        targets = self._ordered(targets)
        for side, target in targets.items():
            if not se3.is_transform(target):
                raise BimanualError(f"{side} target is not a finite rigid transform")
        self._require_start(state, sync, method)
        goals = {side: pose_goals(self._model, side, state.arm_q(side), target) for side, target in targets.items()}
        return self._plan(state, goals, targets, sync, method)

    def plan_joints(self, state: PlanState, goals: Mapping[str, Array], *, sync: str = "proportional") -> PlannedMotion:
        """The arms' motion from ``state`` to joints (n,) by side, on lines or around what is in the way.

        Raises as :meth:`plan_poses`; a goal outside the joints' limits is PLAN_LIMIT.
        """
        self._require_start(state, sync, "auto")
        wanted = {side: [joint_goal(self._model, side, q)] for side, q in self._ordered(goals).items()}
        return self._plan(state, wanted, {}, sync, "auto")

    def plan_out(self, state: PlanState) -> PlannedMotion:
        """From a start in collision to the nearest free joints found, getting deeper into nothing (see ``way_out``).

        Raises BimanualError (PLAN_START_INVALID) if there are none near, or the start is free.
        """
        begin = time.monotonic()
        hit = self._hit(state)
        if hit is None:
            raise BimanualError("the start is free: there is nothing to move out of", ErrorCode.PLAN_START_INVALID)
        found = way_out(self._scene, state, self._seed)
        if found is None:
            text = f"start in collision: {hit}; no free joints were found near it"
            raise BimanualError(text, ErrorCode.PLAN_START_INVALID)
        trajectories = time_paths(state.robot, self._lines(state, found), "proportional", self._config)
        return PlannedMotion(trajectories, "out", (), (f"start in collision: {hit}",), time.monotonic() - begin)

    # the search

    def _plan(
        self, state: PlanState, goals: dict[str, list[Array]], targets: Mapping[str, Array], sync: str, method: str
    ) -> PlannedMotion:
        start = time.monotonic()
        self._deadline_s = start + self._budget_s
        notes: list[str] = []
        last = BimanualError("nothing was tried", ErrorCode.PLAN_UNREACHABLE)
        for name, attempt in self._attempts(state, goals, targets, method):
            if time.monotonic() > self._deadline_s:
                last = BimanualError(f"the budget of {self._budget_s:g} s is spent", ErrorCode.PLAN_UNREACHABLE)
                notes.append(str(last))
                break
            try:
                paths = attempt()
                trajectories, sequence = clear_motion(self._scene, state, paths, sync)
            except BimanualError as error:
                last = error
                notes.append(f"{name}: {error}")
                continue
            self._require_arrival(trajectories, targets)
            seconds = time.monotonic() - start
            return PlannedMotion(trajectories, name, sequence, tuple(notes), seconds)
        raise BimanualError("; ".join(notes) or str(last), last.code)

    def _attempts(
        self, state: PlanState, goals: dict[str, list[Array]], targets: Mapping[str, Array], method: str
    ) -> Iterator[tuple[str, Callable[[], Paths]]]:
        if targets and method in ("auto", "screw"):
            yield "screw", partial(self._screws, state, targets)
        if method == "screw":
            return
        free = list(islice(self._free_goals(state, goals), _GOALS))
        if not free:
            raise self._blocked(state, goals)
        if method in ("auto", "joint"):
            yield from (("joint", partial(self._lines, state, goal)) for goal in free)
        if method in ("auto", "rrt"):
            for goal in free[:_RRT_GOALS]:
                around = cache(partial(self._around, state, goal))
                yield "rrt", around
                yield "rrt", partial(_with_corners, around)

    def _screws(self, state: PlanState, targets: Mapping[str, Array]) -> Paths:
        steps = {s: screw_step(self._model, s, state.arm_q(s), T, self._config) for s, T in targets.items()}
        paths = {s: step.path for s, step in steps.items() if step.path is not None}
        return Paths(paths, {s: step.lengths for s, step in steps.items() if step.lengths is not None})

    def _lines(self, state: PlanState, goal: dict[str, Array]) -> Paths:
        return Paths({side: np.array([state.arm_q(side), q]) for side, q in goal.items()})

    def _around(self, state: PlanState, goal: dict[str, Array]) -> Paths:
        corners = around(self._scene, state, goal, self._max_checks, self._seed, self._deadline_s)
        if corners is None:
            text = f"no way around found in {self._max_checks} checks of the {' and '.join(goal)} arm"
            raise BimanualError(text, ErrorCode.PLAN_COLLISION)
        return Paths(corners, coupled=True)

    # goals

    def _free_goals(self, state: PlanState, goals: dict[str, list[Array]]) -> Iterator[dict[str, Array]]:
        for goal in combinations(state, goals):
            if self._hit(at_goal(state, goal)) is None:
                yield goal

    def _blocked(self, state: PlanState, goals: dict[str, list[Array]]) -> BimanualError:
        hit = self._hit(at_goal(state, combinations(state, goals)[0]))
        return BimanualError(f"goal in collision: {hit}", ErrorCode.PLAN_COLLISION)

    # checks

    def _hit(self, state: PlanState) -> str | None:
        hit = self._scene.first_collision_of(state, {}, state.q[None])
        return None if hit is None else str(hit[1])

    def _require_start(self, state: PlanState, sync: str, method: str) -> None:
        if sync not in SYNC_MODES:
            raise BimanualError(f"unknown sync {sync!r}; choices: {', '.join(SYNC_MODES)}")
        if method not in METHODS:
            raise BimanualError(f"unknown method {method!r}; choices: {', '.join(METHODS)}")
        hit = self._hit(state)
        if hit is not None:
            raise BimanualError(f"start in collision: {hit}; {self._way_out(state)}", ErrorCode.PLAN_START_INVALID)

    def _way_out(self, state: PlanState) -> str:
        """The offer of :meth:`plan_out`, in words."""
        found = way_out(self._scene, state, self._seed)
        if found is None:
            return "no free joints were found near it"
        far = max(float(np.abs(q - state.arm_q(side)).max()) for side, q in found.items())
        joints = ", ".join(f"{side} arm to {np.round(q, 3).tolist()}" for side, q in found.items())
        return f"a way out is to move the {joints}, at most {far:.3f} rad from where it is"

    def _require_arrival(self, trajectories: dict[str, JointTrajectory], targets: Mapping[str, Array]) -> None:
        for side, target in targets.items():
            reached = self._model.fk(side, trajectories[side].positions[-1])
            position, angle = se3.pose_error(reached, target)
            if position > GOAL_POSITION_TOLERANCE or angle > GOAL_ANGLE_TOLERANCE:
                text = f"{side} arm ends {1000 * position:.3f} mm, {np.degrees(angle):.3f} deg from its goal"
                raise BimanualError(text, ErrorCode.PLAN_UNREACHABLE)

    def _ordered(self, by_side: Mapping[str, Array]) -> dict[str, Array]:
        """Left before right; raises UnknownNameError for an arm the robot lacks, BimanualError for none at all."""
        for side in by_side:
            self._model.robot.arm(side)
        if not by_side:
            raise BimanualError("no arm is asked to move")
        return {side: np.asarray(by_side[side], dtype=float) for side in self._model.robot.sides if side in by_side}


def _with_corners(around: Callable[[], Paths]) -> Paths:
    """The path without rounding, for where the rounded one cuts a corner that is in the way."""
    return replace(around(), rounding=0.0)
