"""Motions of one or both arms to tcp poses or joints: a screw where one goes, else around what is in the way.

Tried in turn: the constant screw of each tcp; a line in joint space to each wrist branch; RRT-Connect of all moving
arms together. What is timed is what is checked: arms against each other, table and objects, at the same instants.
Where the arms would meet, one waits for the other, or is parked until the other has passed. What both hands hold goes
on screws only, where need be over a place above. Everything is a function of the request and the state.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from bimanual_core import se3
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import JointTrajectory
from bimanual_core.skill import SYNC_MODES
from bimanual_kinematics.collision import Collision
from bimanual_planner.clearance import ArmsMeetError, clear_motion, touch
from bimanual_planner.config import PlannerConfig
from bimanual_planner.detours import MAX_CHECKS, around
from bimanual_planner.goals import at_goal, combinations, joint_goal, pose_goals
from bimanual_planner.in_turn import in_turn
from bimanual_planner.lines import follow_way
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.room import ends, parking
from bimanual_planner.state import PlanState
from bimanual_planner.timed_paths import Paths, time_paths
from bimanual_planner.tool_goals import GripError, ToolGoals, require_grip, tool_goals
from bimanual_planner.way_out import way_out

Array = NDArray[np.float64]

GOAL_POSITION_TOLERANCE = 1e-4  # [m]
GOAL_ANGLE_TOLERANCE = float(np.radians(0.05))  # [rad]
_GOALS = 6  # combinations of wrist branches tried on lines, nearest first
_RRT_GOALS = 2  # and around what is in the way
_FINER = (1.0, 2.0, 4.0)  # steps of screws that keep a grip, tried in turn
_OVER = (0.05, 0.1, 0.2)  # [m] that what both hands hold is raised by, tried in turn
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
        begin = self._begin(state, sync, method)
        targets = self._ordered(targets, objects or {})
        for name, target in {**targets, **(objects or {})}.items():
            if not se3.is_transform(target):
                raise BimanualError(f"{name} target is not a finite rigid transform")
        goals = tool_goals(self._model, state, targets, frames, objects)
        if goals.bound:
            return self._timed(begin, self._bound(state, goals, sync, method, objects or {}))
        wanted = goals.targets

        def reach(state: PlanState, sides: Sequence[str]) -> PlannedMotion:
            return self._reach(state, tool_goals(self._model, state, {s: wanted[s] for s in sides}), sync, method)

        return self._timed(begin, self._with_room(state, tuple(wanted), reach, make_room))

    def plan_joints(
        self, state: PlanState, goals: Mapping[str, Array], *, sync: str = "proportional", make_room: bool = False
    ) -> PlannedMotion:
        """The arms' motion from ``state`` to joints (n,) by side, on lines or around what is in the way.

        Raises as :meth:`plan_poses`; a goal outside the joints' limits is PLAN_LIMIT.
        """
        begin = self._begin(state, sync, "auto")
        wanted = {side: joint_goal(self._model, side, q) for side, q in self._ordered(goals, {}).items()}

        def reach(state: PlanState, sides: Sequence[str]) -> PlannedMotion:
            return self._search(state, {s: [wanted[s]] for s in sides}, ToolGoals({}), sync, "auto")

        return self._timed(begin, self._with_room(state, tuple(wanted), reach, make_room))

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

    # room and grips

    def _with_room(
        self, state: PlanState, sides: tuple[str, ...], reach: Callable[..., PlannedMotion], make_room: bool
    ) -> PlannedMotion:
        """What ``reach`` finds; or, where the arms are in each other's way, with one of them parked meanwhile."""
        may_park = sides if len(sides) > 1 else tuple(s for s in state.robot.sides if s not in sides and make_room)
        try:
            return reach(state, sides)
        except ArmsMeetError as error:
            met = error

        def retreat(state: PlanState, side: str, q: Array) -> dict[str, JointTrajectory]:
            return self._search(state, {side: [q]}, ToolGoals({}), "proportional", "auto").trajectories

        found = parking(
            self._scene, state, sides, may_park, lambda state, sides: reach(state, sides).trajectories, retreat
        )
        for parked in found:
            if touch(self._scene, state, parked.trajectories) is None:
                note = f"{parked.side} arm is parked at {np.round(parked.q, 3).tolist()} to make room"
                return PlannedMotion(parked.trajectories, "parked", parked.order, (str(met), note), 0.0)
            self._require_time()
        if not may_park:
            raise BimanualError(f"{met}; with make_room the other arm might give way", met.code)
        raise BimanualError(f"{met}; parking the {' or '.join(may_park)} arm does not help", met.code)

    def _bound(
        self, state: PlanState, goals: ToolGoals, sync: str, method: str, objects: Mapping[str, Array]
    ) -> PlannedMotion:
        if sync != "proportional" or method not in ("auto", "screw"):
            text = "what moves with what the other arm moves goes on screws at equal shares"
            raise BimanualError(f"{text}: sync proportional and method auto or screw, not {sync} and {method}")
        try:
            return self._search(state, {}, goals, sync, "screw")
        except BimanualError as error:
            only_shared = bool(goals.shared) and set(objects) == {goals.shared} and len(goals.ways) == 2
            found = self._over(state, goals.shared, objects, str(error)) if only_shared and method == "auto" else None
            if found is None:
                raise
            return found

    def _over(self, state: PlanState, name: str, objects: Mapping[str, Array], why: str) -> PlannedMotion | None:
        """What both hands hold on three screws: up, across and down; None where no height tried does."""
        T_start, T_goal = self._scene.object_pose(state, name), objects[name]
        for height in _OVER:
            parts: list[dict[str, JointTrajectory]] = []
            at = state
            self._require_time()
            try:
                for T in (_at_height(T_start, T_goal, height), _at_height(T_goal, T_start, height), T_goal):
                    goals = tool_goals(self._model, at, {}, {}, {name: T})
                    parts.append(self._search(at, {}, goals, "proportional", "screw").trajectories)
                    at = ends(at, parts[-1])
            except BimanualError:
                continue
            begins = np.cumsum([0.0, *(next(iter(part.values())).duration for part in parts[:-1])])
            joined = in_turn(state.robot.sides, list(zip(begins.tolist(), parts, strict=True)))
            notes = (why, f"{name} goes over a place {1000 * height:.0f} mm higher")
            return PlannedMotion(joined, "screw", (), notes, 0.0)
        return None

    # the search

    def _begin(self, state: PlanState, sync: str, method: str) -> float:
        begin = time.monotonic()
        self._deadline_s = begin + self._budget_s
        self._require_start(state, sync, method)
        return begin

    def _timed(self, begin: float, motion: PlannedMotion) -> PlannedMotion:
        return replace(motion, plan_seconds=time.monotonic() - begin)

    def _require_time(self) -> None:
        if time.monotonic() > self._deadline_s:
            raise BimanualError(f"the budget of {self._budget_s:g} s is spent", ErrorCode.PLAN_UNREACHABLE)

    def _reach(self, state: PlanState, goals: ToolGoals, sync: str, method: str) -> PlannedMotion:
        """To tcp poses, on screws or to any of their wrist branches."""
        found = {side: pose_goals(self._model, side, state.arm_q(side), T) for side, T in goals.targets.items()}
        return self._search(state, found, goals, sync, method)

    def _search(
        self, state: PlanState, goals: dict[str, list[Array]], tools: ToolGoals, sync: str, method: str
    ) -> PlannedMotion:
        notes: list[str] = []
        errors: list[BimanualError] = []
        for name, attempt in self._attempts(state, goals, tools, method):
            try:
                self._require_time()
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
            return PlannedMotion(clear.trajectories, name, clear.sequence, tuple(notes), 0.0)
        if not errors:
            raise BimanualError("nothing was tried", ErrorCode.PLAN_UNREACHABLE)
        kind = ArmsMeetError if any(isinstance(error, ArmsMeetError) for error in errors) else BimanualError
        raise kind("; ".join(notes), errors[-1].code)

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
            raise self._blocked(state, goals)
        if method in ("auto", "joint"):
            yield from (("joint", partial(self._lines, state, goal)) for goal in free)
        if method in ("auto", "rrt"):
            for goal in free[:_RRT_GOALS]:
                around = cache(partial(self._around, state, goal))
                yield "rrt", around
                yield "rrt", partial(_with_corners, around)

    def _screws(self, state: PlanState, tools: ToolGoals, finer: float) -> Paths:
        model, config = self._model, self._config
        steps = {s: follow_way(model, s, state.arm_q(s), way, config, finer) for s, way in tools.ways.items()}
        paths = {s: step.path for s, step in steps.items() if step.path is not None}
        lengths = {s: step.lengths for s, step in steps.items() if step.lengths is not None}
        return Paths(paths, lengths, bound=tools.bound)

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
        """What is in the way of the nearest goals; of the arms, if they are in the way of any."""
        hits = [self._collision(at_goal(state, goal)) for goal in combinations(state, goals)]
        met = next((hit for hit in hits if hit is not None and self._scene.joins_arms(hit)), None)
        kind = BimanualError if met is None else ArmsMeetError
        return kind(f"goal in collision: {met or hits[0]}", ErrorCode.PLAN_COLLISION)

    # checks

    def _collision(self, state: PlanState) -> Collision | None:
        hit = self._scene.first_collision_of(state, {}, state.q[None])
        return None if hit is None else hit[1]

    def _hit(self, state: PlanState) -> str | None:
        hit = self._collision(state)
        return None if hit is None else str(hit)

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

    def _require_arrival(self, state: PlanState, trajectories: dict[str, JointTrajectory], tools: ToolGoals) -> None:
        for side, target in tools.targets.items():
            reached = self._model.fk(side, trajectories[side].positions[-1])
            position, angle = se3.pose_error(reached, target)
            if position > GOAL_POSITION_TOLERANCE or angle > GOAL_ANGLE_TOLERANCE:
                text = f"{side} arm ends {1000 * position:.3f} mm, {np.degrees(angle):.3f} deg from its goal"
                raise BimanualError(text, ErrorCode.PLAN_UNREACHABLE)
        if tools.shared:
            require_grip(self._model, state, trajectories, tools.shared)

    def _ordered(self, by_side: Mapping[str, Array], objects: Mapping[str, Array]) -> dict[str, Array]:
        """Left before right; raises UnknownNameError for an arm the robot lacks, BimanualError for nothing at all."""
        for side in by_side:
            self._model.robot.arm(side)
        if not by_side and not objects:
            raise BimanualError("no arm is asked to move")
        return {side: np.asarray(by_side[side], dtype=float) for side in self._model.robot.sides if side in by_side}


def _at_height(T_near: Array, T_far: Array, height: float) -> Array:
    """``T_near`` (4, 4) raised to ``height`` [m] above the higher of both."""
    T = T_near.copy()
    T[2, 3] = max(T_near[2, 3], T_far[2, 3]) + height
    return T


def _with_corners(around: Callable[[], Paths]) -> Paths:
    """The path without rounding, for where the rounded one cuts a corner that is in the way."""
    return replace(around(), rounding=0.0)
