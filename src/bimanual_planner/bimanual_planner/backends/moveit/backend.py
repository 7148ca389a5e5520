"""``moveit``: MoveIt's collision checks, kinematics and planners behind the planner's own interface."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import JointTrajectory
from bimanual_kinematics.ik import ik_solutions
from bimanual_kinematics.model import RobotModel
from bimanual_planner.backends.moveit.acceptance import by_side, require_sound
from bimanual_planner.backends.moveit.client import MoveItClient
from bimanual_planner.backends.moveit.codes import SUCCESS, error_of
from bimanual_planner.backends.moveit.scene_mirror import SceneMirror
from bimanual_planner.backends.moveit.screw_path import screw_path
from bimanual_planner.backends.request import PlanRequest
from bimanual_planner.config import PlannerConfig
from bimanual_planner.moveit_config import group_of
from bimanual_planner.planner import PlannedMotion
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.timed_paths import Paths, positions_at, time_paths

Array = NDArray[np.float64]
Trajectories = dict[str, JointTrajectory]

PILZ, OMPL = "pilz_industrial_motion_planner", "ompl"
#: Pipeline and planner of each method that MoveIt times itself.
_PLANNERS = {"lin": (PILZ, "LIN"), "circ": (PILZ, "CIRC"), "ptp": (PILZ, "PTP"), "rrt": (OMPL, "RRTConnect")}
#: The tcp stays on a line: what is held may leave what it stands on, or be set on it.
_STRAIGHT = frozenset(("screw", "lin"))
#: Of one arm to a pose: the others move any group to joints as well.
_SINGLE = frozenset(("lin", "circ"))
_GOALS = 4  # combinations of wrist branches that planners are given, nearest first
_BUDGET = 2.0  # [s], where a request names none


class MoveItBackend:
    """Methods: ``screw`` (our waypoints and timing, MoveIt's IK and checks), ``lin``, ``circ``, ``ptp`` (Pilz), ``rrt``
    (OMPL), and ``auto``, which tries screw, ptp, rrt. Both arms move as the group both_arms."""

    name = "moveit"
    methods: tuple[str, ...] = ("auto", "screw", *_PLANNERS)

    def __init__(self, model: RobotModel, client: MoveItClient, config: PlannerConfig | None = None) -> None:
        self._model = model
        self._client = client
        self._config = config or PlannerConfig()
        self._mirror = SceneMirror(client)
        self._budget = _BUDGET
        self._deadline = 0.0

    def plan(self, scene: PlanningScene, request: PlanRequest) -> PlannedMotion:
        """As :meth:`PlanningBackend.plan`; where several methods are tried the error has the words of each."""
        begin = time.monotonic()
        self._budget = _BUDGET if request.budget is None else request.budget
        self._deadline = begin + self._budget
        self._require_possible(request)
        self._mirror.update(scene, request.state)
        notes: list[str] = []
        last = BimanualError("nothing was tried", ErrorCode.PLAN_UNREACHABLE)
        for method, attempt in self._attempts(request):
            straight = method in _STRAIGHT
            try:
                self._remaining()
                with self._mirror.resting(request.state, straight):
                    self._require_start(request)
                    trajectories = attempt()
                require_sound(scene, request, trajectories, straight)
            except BimanualError as error:
                last = error
                notes.append(f"{method}: {error}")
                continue
            return PlannedMotion(trajectories, method, (), tuple(notes), time.monotonic() - begin)
        raise BimanualError("; ".join(notes) or str(last), last.code)

    def close(self) -> None:
        """End MoveIt."""
        self._client.close()

    # what is tried

    def _attempts(self, request: PlanRequest) -> Iterator[tuple[str, Callable[[], Trajectories]]]:
        if request.method in ("auto", "screw") and request.poses:
            yield "screw", partial(self._screw, request)
        if request.method == "auto" and not _apart(request):
            yield "ptp", partial(self._planned, request, "ptp")
            yield "rrt", partial(self._planned, request, "rrt")
        elif request.method in _PLANNERS:
            yield request.method, partial(self._planned, request, request.method)

    def _screw(self, request: PlanRequest) -> Trajectories:
        q = request.state.q
        found = {
            side: screw_path(self._client, self._model, side, q, request.poses[side], self._config)
            for side in request.sides
        }
        paths = Paths({s: path for s, (path, _) in found.items()}, {s: lengths for s, (_, lengths) in found.items()})
        trajectories = time_paths(self._model.robot, paths, request.sync, self._config)
        times, qs = positions_at(request.state, trajectories, self._config.check_interval)
        hit = self._client.first_invalid(group_of(request.sides), qs)
        if hit is not None:
            text = f"MoveIt finds a collision at {times[hit]:.2f} of {times[-1]:.2f} s"
            raise BimanualError(text, ErrorCode.PLAN_COLLISION)
        return trajectories

    def _planned(self, request: PlanRequest, method: str) -> Trajectories:
        """What a planner of MoveIt answers to the first goal that it has an answer to."""
        last = BimanualError("no joints reach the goal", ErrorCode.PLAN_UNREACHABLE)
        for goal in islice(self._goals(request), _GOALS):
            try:
                return by_side(self._asked(request, method, goal), request)
            except BimanualError as error:
                last = error
        raise last

    def _asked(self, request: PlanRequest, method: str, goal: Mapping[str, Array]) -> JointTrajectory:
        pipeline, planner = _PLANNERS[method]
        via = next(((self._model.robot.arm(s).tcp_frame, point) for s, point in request.via.items()), None)
        code, words, trajectory = self._client.plan(
            group_of(request.sides),
            request.state.q,
            self._flat(request, goal),
            pipeline=pipeline,
            planner=planner,
            seconds=self._remaining(),
            scaling=self._scaling(request.sides),
            via=via,
        )
        if code != SUCCESS or trajectory is None:
            raise error_of(code, words)
        return trajectory

    def _remaining(self) -> float:
        """What is left of the budget [s]; raises BimanualError (TIMEOUT) where nothing is."""
        left = self._deadline - time.monotonic()
        if left <= 0.0:
            raise BimanualError(f"the budget of {self._budget:g} s is spent", ErrorCode.TIMEOUT)
        return left

    # goals

    def _goals(self, request: PlanRequest) -> Iterator[dict[str, Array]]:
        """Joints by side that are at the goal, those with the least travel first.

        They come from the project's own kinematics: a pose of MoveIt's planners is met to a millimetre only.
        """
        if request.joints:
            yield {side: np.asarray(request.joints[side], dtype=float) for side in request.sides}
            return
        found = {side: self._solutions(request, side) for side in request.sides}
        goals = [dict(zip(found, qs, strict=True)) for qs in product(*found.values())]
        yield from sorted(
            goals, key=lambda goal: max(float(np.abs(q - request.state.arm_q(s)).max()) for s, q in goal.items())
        )

    def _solutions(self, request: PlanRequest, side: str) -> list[Array]:
        found = ik_solutions(self._model, side, request.poses[side], request.state.arm_q(side))
        if not found:
            at = np.round(request.poses[side][:3, 3], 3).tolist()
            text = f"{side} arm: no joints within limits reach the pose at {at} m"
            raise BimanualError(text, ErrorCode.PLAN_UNREACHABLE)
        return found

    # checks

    def _require_possible(self, request: PlanRequest) -> None:
        request.require_method(self.name, self.methods)
        if request.objects or request.frames or request.make_room:
            raise BimanualError("backend moveit takes tcp poses in world, or joints: no objects, frames, make_room")
        method = request.method
        if (method == "circ") != bool(request.via):
            raise BimanualError("method circ, and no other, needs a point that its arc leads through (via)")
        if (method in _SINGLE or method == "screw") and not request.poses:
            raise BimanualError(f"method {method} goes to poses; to joints go with ptp, rrt or auto")
        if len(request.sides) > 1 and method in _SINGLE:
            raise BimanualError(f"method {method} moves one arm; for both use screw, ptp, rrt or auto")
        if _apart(request) and method in _PLANNERS:
            raise BimanualError(f"MoveIt moves both arms together: with method {method} sync must be proportional")

    def _require_start(self, request: PlanRequest) -> None:
        if self._client.first_invalid(group_of(request.sides), request.state.q[None]) is not None:
            raise BimanualError("MoveIt finds the start in collision", ErrorCode.PLAN_START_INVALID)

    def _flat(self, request: PlanRequest, goal: Mapping[str, Array]) -> Array:
        state = request.state
        for side, q in goal.items():
            state = state.with_arm(side, q)
        return state.q

    def _scaling(self, sides: tuple[str, ...]) -> tuple[float, float]:
        """Shares of the robot's limits at which no joint is faster than the planner's own speeds."""
        arms = [self._model.robot.arm(side) for side in sides]
        velocity = min(float(np.min(self._config.speeds(a.velocity) / a.velocity)) for a in arms)
        acceleration = min(float(np.min(self._config.accelerations(a.acceleration) / a.acceleration)) for a in arms)
        return velocity, acceleration


def _apart(request: PlanRequest) -> bool:
    """Both arms move, each as fast as it can: only our own timing does that."""
    return len(request.sides) > 1 and request.sync == "independent"
