"""The search for one motion: screws, lines in joint space, ways around; each is timed and held against contact."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from bimanual_core import se3
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import JointTrajectory
from bimanual_kinematics.collision import Collision
from bimanual_planner.clearance import ArmsMeetError, clear_motion
from bimanual_planner.detours import MAX_CHECKS, around
from bimanual_planner.goals import at_goal, combinations, pose_goals
from bimanual_planner.lines import follow_way
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState
from bimanual_planner.timed_paths import Paths
from bimanual_planner.tool_goals import GripError, ToolGoals, require_grip

Array = NDArray[np.float64]

GOAL_POSITION_TOLERANCE = 1e-4  # [m]
GOAL_ANGLE_TOLERANCE = float(np.radians(0.05))  # [rad]
_GOALS = 6  # combinations of wrist branches tried on lines, nearest first
_RRT_GOALS = 2  # and around what is in the way
#: What follows a search for a way around, its timing and its check, may take about this long [s].
_AFTERWARDS_S = 0.05
#: A request may take longer than its budget by this share of it.
_OVER_BUDGET = 0.1
_FINER = (1.0, 2.0, 4.0)  # steps of screws that keep a grip, tried in turn
_CLOSER = 3.0  # times as many looks, where what lies between them was in the way
METHODS = ("auto", "screw", "joint", "rrt")


@dataclass(frozen=True, eq=False)
class PlannedMotion:
    """Trajectories by side that start together, and how they were found.

    ``method`` is screw, joint, rrt, parked or out; ``sequence`` names the arms in the order in which they move where
    one waits for the other (empty = together); ``notes`` say why what was tried before did not do, and who makes room.
    """

    trajectories: dict[str, JointTrajectory]
    method: str
    sequence: tuple[str, ...]
    notes: tuple[str, ...]
    plan_seconds: float = 0.0


class MotionSearch:
    """Searches in one scene, as long as one request may last."""

    def __init__(
        self, scene: PlanningScene, *, max_checks: int = MAX_CHECKS, seed: int = 0, budget_s: float = math.inf
    ) -> None:
        self._scene = scene
        self._max_checks = max_checks
        self._seed = seed
        self._budget_s = budget_s
        self._deadline_s = time.monotonic() + budget_s
        # Of short budgets enough is left to time and check what is found last.
        left = max(0.0, min(_AFTERWARDS_S - _OVER_BUDGET * budget_s, 0.5 * budget_s))
        self._search_deadline_s = self._deadline_s - left

    def require_time(self) -> None:
        """Raises BimanualError (PLAN_UNREACHABLE) once the budget is spent."""
        if time.monotonic() > self._deadline_s:
            raise BimanualError(f"the budget of {self._budget_s:g} s is spent", ErrorCode.PLAN_UNREACHABLE)

    def reach(self, state: PlanState, goals: ToolGoals, sync: str, method: str) -> PlannedMotion:
        """To tcp poses, on screws or to any of their wrist branches."""
        found = {side: pose_goals(self._scene.model, side, state.arm_q(side), T) for side, T in goals.targets.items()}
        return self.run(state, found, goals, sync, method)

    def run(
        self, state: PlanState, goals: dict[str, list[Array]], tools: ToolGoals, sync: str, method: str
    ) -> PlannedMotion:
        """The first motion that goes: along the ways of ``tools``, or to joints (n,) of ``goals`` by side.

        Raises BimanualError with what stood against each attempt; ArmsMeetError where it was the other arm in any.
        """
        notes: list[str] = []
        errors: list[BimanualError] = []
        for name, attempt in self._attempts(state, goals, tools, method):
            try:
                self.require_time()
                clear = clear_motion(self._scene, state, attempt(), sync)
                self._require_arrival(state, clear.trajectories, tools)
            except BimanualError as error:
                errors.append(error)
                notes.append(f"{name}: {error}")
                if time.monotonic() > self._deadline_s or (tools.bound and not isinstance(error, GripError)):
                    break
                continue
            if clear.sequence:
                notes.append(f"{clear.sequence[-1]} arm waits {clear.wait:.2f} s for the {clear.sequence[0]} arm")
            elif name == "rrt" and any(isinstance(error, ArmsMeetError) for error in errors):
                notes.append(f"the {' and '.join(clear.trajectories)} arm go around each other")
            return PlannedMotion(clear.trajectories, name, clear.sequence, tuple(notes))
        if not errors:
            raise BimanualError("nothing was tried", ErrorCode.PLAN_UNREACHABLE)
        kind = ArmsMeetError if any(isinstance(error, ArmsMeetError) for error in errors) else BimanualError
        places = {words: place for error in errors for words, place in error.places.items()}
        raise kind("; ".join(notes), errors[-1].code, places)

    def _attempts(
        self, state: PlanState, goals: dict[str, list[Array]], tools: ToolGoals, method: str
    ) -> Iterator[tuple[str, Callable[[], Paths]]]:
        if tools.ways and method in ("auto", "screw"):
            for finer in _FINER if tools.bound else (1.0,):
                yield "screw", partial(self._screws, state, tools, finer)
        if method == "screw":
            return
        free = list(islice(self._free_goals(state, goals), _GOALS))
        if not free:
            yield "goal", partial(self._raise_blocked, state, goals)
        if method in ("auto", "joint"):
            yield from (("joint", partial(self._lines, state, goal)) for goal in free)
        if method in ("auto", "rrt"):
            for goal in free[:_RRT_GOALS]:
                around = cache(partial(self._around, state, goal))
                yield "rrt", around
                if around.cache_info().currsize:  # there is a way, and it comes too near to something
                    yield "rrt", partial(_with_corners, around)
                    yield "rrt", partial(self._around, state, goal, _CLOSER)

    def _screws(self, state: PlanState, tools: ToolGoals, finer: float) -> Paths:
        model, config = self._scene.model, self._scene.config
        steps = {s: follow_way(model, s, state.arm_q(s), way, config, finer) for s, way in tools.ways.items()}
        paths = {s: step.path for s, step in steps.items() if step.path is not None}
        lengths = {s: step.lengths for s, step in steps.items() if step.lengths is not None}
        return Paths(paths, lengths, bound=tools.bound)

    @staticmethod
    def _lines(state: PlanState, goal: dict[str, Array]) -> Paths:
        return Paths({side: np.array([state.arm_q(side), q]) for side, q in goal.items()})

    def _around(self, state: PlanState, goal: dict[str, Array], closer: float = 1.0) -> Paths:
        corners = around(self._scene, state, goal, self._max_checks, self._seed, self._search_deadline_s, closer)
        if corners is None:
            late = time.monotonic() > self._search_deadline_s
            limit = f"the budget of {self._budget_s:g} s" if late else f"{self._max_checks} checks"
            text = f"no way around found in {limit} for the {' and '.join(goal)} arm"
            raise BimanualError(text, ErrorCode.PLAN_COLLISION)
        return Paths(corners, coupled=True)

    # goals

    def _free_goals(self, state: PlanState, goals: dict[str, list[Array]]) -> Iterator[dict[str, Array]]:
        for goal in combinations(state, goals):
            if self.collision(at_goal(state, goal)) is None:
                yield goal

    def _raise_blocked(self, state: PlanState, goals: dict[str, list[Array]]) -> Paths:
        """Say what is in the way of the nearest goals; of the arms, if they are in the way of any."""
        hits = [self.collision(at_goal(state, goal)) for goal in combinations(state, goals)]
        met = next((hit for hit in hits if hit is not None and self._scene.joins_arms(hit)), None)
        kind = BimanualError if met is None else ArmsMeetError
        hit = met or hits[0]
        raise kind(f"goal in collision: {hit}", ErrorCode.PLAN_COLLISION, {} if hit is None else hit.places)

    # checks

    def collision(self, state: PlanState) -> Collision | None:
        """What touches in a state in which every arm rests."""
        hit = self._scene.first_collision_of(state, {}, state.q[None])
        return None if hit is None else hit[1]

    def _require_arrival(self, state: PlanState, trajectories: dict[str, JointTrajectory], tools: ToolGoals) -> None:
        for side, target in tools.targets.items():
            reached = self._scene.model.fk(side, trajectories[side].positions[-1])
            position, angle = se3.pose_error(reached, target)
            if position > GOAL_POSITION_TOLERANCE or angle > GOAL_ANGLE_TOLERANCE:
                text = f"{side} arm ends {1000 * position:.3f} mm, {np.degrees(angle):.3f} deg from its goal"
                raise BimanualError(text, ErrorCode.PLAN_UNREACHABLE)
        if tools.shared:
            require_grip(self._scene.model, state, trajectories, tools.shared)


def _with_corners(around: Callable[[], Paths]) -> Paths:
    """The path without rounding, for where the rounded one cuts a corner that is in the way."""
    return replace(around(), rounding=0.0)
