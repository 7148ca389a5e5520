"""``planner``: skills/execute and planner/plan over LocalSkills in the world of the graph."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from typing import Any

import numpy as np
from bimanual_interfaces.action import ExecuteSkill
from bimanual_interfaces.srv import PlanMotion
from rclpy.action import CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from bimanual_core.contract import PLANNER
from bimanual_core.errors import BimanualError, ErrorCode, SilentNodeError
from bimanual_core.skill import Skill, SkillReport
from bimanual_kinematics.model import RobotModel
from bimanual_planner.backends import BACKENDS, BackendContext, make_backend
from bimanual_planner.requests import plan, plan_request
from bimanual_planner.skills import LocalSkills
from bimanual_planner.steps import along
from bimanual_ros.conversions.plans import asked_plan, fill_plan
from bimanual_ros.conversions.skills import report_msg, skill_of
from bimanual_ros.diagnostics import OK, Diagnostics, Health
from bimanual_ros.graph_world import GraphWorld
from bimanual_ros.main import run_node
from bimanual_ros.moveit_py import connect as connect_moveit
from bimanual_ros.parameters import Parameter, declare
from bimanual_ros.plan_markers import collision_markers, no_markers, plan_markers
from bimanual_ros.robots import GRAPH, ROBOT, robot_of
from bimanual_ros.worker import Worker

BACKEND = Parameter("backend", "screw", "who plans the motions of planner/plan", tuple(BACKENDS))
BUDGET = Parameter(
    "plan_budget", 5.0, "longest time that planner/plan thinks where a request names none [s]", low=0.01, high=60.0
)
PARAMETERS = (ROBOT, GRAPH, BACKEND, BUDGET)
#: Poses that a tcp's way is drawn through.
SHOWN_POSES = 30


class Planner(Node):
    """One request at a time, worked on in a thread of its own, so that the node keeps listening meanwhile."""

    def __init__(self) -> None:
        super().__init__(PLANNER)
        values = declare(self, PARAMETERS)
        robot = robot_of(values)
        model = RobotModel.of(robot)
        context = BackendContext(
            model,
            use_sim_time=values[GRAPH.name] == "sim",
            connect_moveit=lambda text: connect_moveit(robot, text, self.get_namespace()),
        )
        self._backend = make_backend(values[BACKEND.name], context)
        self._budget = float(values[BUDGET.name])
        self._ending = threading.Event()
        self._world = GraphWorld(self, robot, model, self._check_ending, values["graph"], at_rest_until_asked=True)
        self._skills = LocalSkills(self._world, model=model)
        self._doing = ""
        self._cancelled = False
        self._goal_id: object = None
        self._worker = Worker(self)
        endpoints = self._world.endpoints
        self._server = endpoints.action_server("skills/execute", self._execute, cancel_callback=self._on_cancel)
        endpoints.service("planner/plan", self._plan, apart=True)
        self._markers = endpoints.publisher("planner/markers")
        self._markers.publish(no_markers(0))
        self._diagnostics = Diagnostics(self, self._health)

    # -- skills/execute -----------------------------------------------------------------------------------------------
    def _on_cancel(self, goal: ServerGoalHandle) -> CancelResponse:
        if goal.goal_id == self._goal_id:
            self._cancelled = True
            self._world.cancel()
        return CancelResponse.ACCEPT

    async def _execute(self, goal: ServerGoalHandle) -> ExecuteSkill.Result:
        if self._doing:
            # Taken on and ended at once: a rejected goal has no words.
            goal.abort()
            text = f"the planner is busy with {self._doing}; ask again when it is done"
            asked = max(len(goal.request.left), len(goal.request.right))
            report = SkillReport(asked, 0, ErrorCode.INVALID_REQUEST, text, 0, layer="request")
            return report_msg(report, self._world.since_ns)
        self._doing, self._goal_id, self._cancelled = "skills/execute", goal.goal_id, goal.is_cancel_requested
        try:
            report = await self._worker.start(lambda: self._run(goal))
        finally:
            self._doing = ""
        if report.error_code == ErrorCode.CANCELLED and goal.is_cancel_requested:
            goal.canceled()
        elif report.success:
            goal.succeed()
        else:
            goal.abort()
        return report_msg(report, self._world.since_ns)

    def _run(self, goal: ServerGoalHandle) -> SkillReport:
        request: ExecuteSkill.Goal = goal.request
        report = SkillReport(max(len(request.left), len(request.right)), 0)
        try:
            left, right = _skills(request.left, "left"), _skills(request.right, "right")
            report = self._skills.execute(
                left,
                right,
                request.sync or "proportional",
                ahead=int(request.ahead),
                progress=lambda index, left, right, phase: goal.publish_feedback(
                    ExecuteSkill.Feedback(index=index, left=left, right=right, phase=phase)
                ),
                cancelled=lambda: self._cancelled,
                preview=self._show,
            )
        except BimanualError as error:
            report = SkillReport(report.asked, 0, error.code, str(error), 0, layer="request")
        finally:
            self._markers.publish(collision_markers(self._world.since_ns, report.places))
            with suppress(SilentNodeError):  # a driver that is gone holds no lease
                self._world.release()
        return report

    def _show(self, names: dict[str, str], paths: dict[str, Any]) -> None:
        """The ways (N, n) of the arms that are about to go, or were planned, as markers."""
        fk = self._skills.model.fk
        poses = {side: np.array([fk(side, q) for q in along(path, SHOWN_POSES)]) for side, path in paths.items()}
        self._markers.publish(plan_markers(self._world.since_ns, poses, names))

    # -- planner/plan -------------------------------------------------------------------------------------------------
    async def _plan(self, request: PlanMotion.Request, response: PlanMotion.Response) -> PlanMotion.Response:
        if self._doing:
            response.error_code = int(ErrorCode.INVALID_REQUEST)
            response.error_msg = f"the planner is busy with {self._doing}; ask again when it is done"
            return response
        self._doing = "planner/plan"
        begin = time.monotonic()
        try:
            await self._worker.start(lambda: self._fill_plan(request, response))
        finally:
            self._doing = ""
        response.plan_seconds = time.monotonic() - begin
        return response

    def _fill_plan(self, request: PlanMotion.Request, response: PlanMotion.Response) -> None:
        try:
            asked = asked_plan(request)
            state, scene = self._skills.state()
            wanted = plan_request(
                state,
                poses=asked.poses,
                frames=asked.frames,
                joints=asked.joints,
                objects=asked.objects,
                sync=asked.sync,
                method=asked.method,
                budget=asked.budget or self._budget,
                make_room=asked.make_room,
            )
            found = plan(self._backend, scene, wanted)
            fill_plan(response, found.trajectories, found.method, found.sequence, found.notes)
            self._show(
                dict.fromkeys(found.trajectories, found.method),
                {side: trajectory.positions for side, trajectory in found.trajectories.items()},
            )
        except BimanualError as error:
            response.error_code, response.error_msg = int(error.code), str(error)
            self._markers.publish(collision_markers(self._world.since_ns, error.places))

    # -- helpers ------------------------------------------------------------------------------------------------------
    def _check_ending(self) -> None:
        if self._ending.is_set():
            raise ExternalShutdownException

    def _health(self) -> Health:
        return OK, f"busy with {self._doing}" if self._doing else "running", {}

    def close(self) -> None:
        """End the work under way and give the lease back."""
        self._ending.set()
        self._worker.end(2.0)
        self._backend.close()
        self._world.close()


def _skills(messages: list[Any], side: str) -> list[Skill]:
    skills = []
    for index, message in enumerate(messages):
        try:
            skills.append(skill_of(message))
        except BimanualError as error:
            raise BimanualError(f"{side}[{index}]: {error}", error.code) from None
    return skills


def main() -> int:
    """Entry point of the executable ``planner``."""
    return run_node(Planner)


if __name__ == "__main__":
    sys.exit(main())
