"""``agent``: agent/run over the skills and the world of the graph, judged by the task server.

A goal with an instruction of its own and no task is a free one: it ends when the model says that it is done.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from bimanual_interfaces.action import RunAgent
from bimanual_interfaces.msg import TaskStatus
from bimanual_interfaces.srv import EvaluateTask
from rclpy.action import CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from bimanual_core.contract import AGENT, TASK_SERVER
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.rates import OBJECTS_HZ, seconds_to_ns
from bimanual_kinematics.model import RobotModel
from bimanual_ros.conversions.basics import stamp_ns, time_msg
from bimanual_ros.diagnostics import OK, Diagnostics, Health
from bimanual_ros.feed import call
from bimanual_ros.graph_skills import GraphSkills
from bimanual_ros.graph_world import GraphWorld
from bimanual_ros.main import run_node
from bimanual_ros.parameters import Parameter, declare
from bimanual_ros.robots import GRAPH, ROBOT, robot_of
from bimanual_ros.worker import Worker
from bimanual_tasks.registry import get_task
from bimanual_tasks.sampler import drawn_task
from bimanual_tasks.task import Task
from mllm_agent.agent import DONE, OVER, Agent, AgentResult
from mllm_agent.budget import budget_of
from mllm_agent.log import RunLog, new_log_folder
from mllm_agent.prompt import Goal
from mllm_agent.providers.base import Cancelled
from mllm_agent.providers.registry import NAMES, ProviderSettings, make_provider
from mllm_agent.words import plain

PARAMETERS = (
    ROBOT,
    GRAPH,
    Parameter("provider", "scripted", "where replies come from", NAMES),
    Parameter("model", "", "name of the model at the endpoint (openai)"),
    Parameter("base_url", "", "address of the endpoint (openai); empty: OPENAI_BASE_URL, or OpenAI's own"),
    Parameter("replay", "", "log folder of the run whose replies are given again (replay)"),
    Parameter("pictures", True, "whether the model is shown pictures (openai)"),
    Parameter("timeout", 120.0, "longest wait for a reply [s]", low=1.0, high=3600.0),
    Parameter("log_dir", "", "where runs leave their logs; empty: runs/agent below the current folder"),
)
#: The task server may be this far behind the newest motion [s of wall time]; its samples come at 30 Hz.
JUDGING_S, SAMPLE_NS = 1.0, seconds_to_ns(1 / OBJECTS_HZ) + 1_000_000
#: Characters of feedback in one message.
MOST_SENT = 2000


class AgentNode(Node):
    """One run at a time, in a thread of its own, so that the node keeps listening meanwhile."""

    def __init__(self) -> None:
        super().__init__(AGENT)
        values = declare(self, PARAMETERS)
        self._settings = ProviderSettings(
            values["provider"],
            values["model"],
            values["base_url"],
            values["replay"],
            values["pictures"],
            values["timeout"],
        )
        self._logs = Path(values["log_dir"] or Path(os.environ.get("BIMANUAL_RUNS", "runs")) / "agent")
        robot = robot_of(values)
        self._ending = threading.Event()
        self._cancelled = False
        self._doing = ""
        self._goal_id: object = None
        self._worker = Worker(self)
        self._status = TaskStatus()
        model = RobotModel.of(robot)
        self._world = GraphWorld(self, robot, model, self._check, values["graph"], at_rest_until_asked=True)
        self._skills = GraphSkills(self._world)
        endpoints = self._world.endpoints
        self._evaluate = endpoints.client("task/evaluate")
        self._world.feed.expect(TASK_SERVER, "task/status")
        endpoints.subscription("task/status", self._world.feed.hears(TASK_SERVER, self._on_status))
        endpoints.action_server("agent/run", self._execute, cancel_callback=self._on_cancel)
        self._diagnostics = Diagnostics(self, self._health)

    # -- agent/run ----------------------------------------------------------------------------------------------------
    def _on_cancel(self, goal: ServerGoalHandle) -> CancelResponse:
        if goal.goal_id == self._goal_id:
            self._cancelled = True
            self._world.feed.poke()
        return CancelResponse.ACCEPT

    async def _execute(self, goal: ServerGoalHandle) -> RunAgent.Result:
        if self._doing:
            goal.abort()
            text = f"the agent is busy with {self._doing!r}; ask again when it is done, or cancel it"
            return RunAgent.Result(error_code=int(ErrorCode.INVALID_REQUEST), error_msg=text)
        self._doing = goal.request.instruction or goal.request.task or "the task"
        self._goal_id, self._cancelled = goal.goal_id, goal.is_cancel_requested
        try:
            result = await self._worker.start(lambda: self._run(goal))
        finally:
            self._doing = ""
        result.stamp = time_msg(self._world.since_ns)
        if result.error_code == ErrorCode.CANCELLED and goal.is_cancel_requested:
            goal.canceled()
        elif result.success:
            goal.succeed()
        else:
            goal.abort()
        return result

    def _run(self, handle: ServerGoalHandle) -> RunAgent.Result:
        try:
            self._world.wait_ready()
            self._skills.wait_ready()
            task, goal = self._goal(handle.request)
            log = RunLog(new_log_folder(self._logs))
            return _result(self._pursue(handle, task, goal, log), log.folder)
        except Cancelled:
            return RunAgent.Result(error_code=int(ErrorCode.CANCELLED), error_msg="cancelled by the client")
        except BimanualError as error:
            return RunAgent.Result(error_code=int(error.code), error_msg=str(error))
        except OSError as error:
            text = f"the log cannot be written: {error}"
            return RunAgent.Result(error_code=int(ErrorCode.DATA_WRITE_FAILED), error_msg=text)

    def _pursue(self, handle: ServerGoalHandle, task: Task | None, goal: Goal, log: RunLog) -> AgentResult:
        def tell(step: int, action: str, text: str) -> None:
            handle.publish_feedback(RunAgent.Feedback(step=step, action=action, text=plain(text, MOST_SENT)))

        with closing(make_provider(self._settings, task, self._skills, self._world)) as provider:
            state = None if task is None else lambda: self._state(task)
            agent = Agent(
                self._world,
                self._skills,
                provider,
                budget_of(goal.task),
                log,
                state=state,
                cancelled=lambda: self._cancelled or self._ending.is_set(),
                progress=tell,
            )
            result = agent.run(goal)
        if result.error_code == ErrorCode.CANCELLED and not self._ending.is_set():
            self._cancelled = False  # what follows is waited for
            self._skills.await_end()
        return result

    def _goal(self, request: RunAgent.Goal) -> tuple[Task | None, Goal]:
        """What is asked for. Raises BimanualError for a task that is not the one in progress, or nothing to do."""
        status = self._status
        if request.instruction and not request.task:
            return None, Goal(request.instruction)
        if not status.task:
            raise BimanualError("no task is loaded: call task/load first, or give an instruction and no task")
        if request.task not in ("", status.task):
            raise BimanualError(f"task {request.task!r} is not the one in progress, which is {status.task!r}")
        task = drawn_task(get_task(status.task, status.variant), int(status.seed))
        return task, Goal(request.instruction or status.instruction, task.name, task.description)

    def _state(self, task: Task) -> str:
        """What the task server says once it has judged all that has happened."""
        limit = time.monotonic() + JUDGING_S
        start_ns = stamp_ns(self._status.header.stamp) - seconds_to_ns(self._status.seconds)
        while True:
            answer: Any = call(self._world.feed, self._evaluate, EvaluateTask.Request(), TASK_SERVER)
            if not answer.success:
                raise BimanualError(answer.error_msg, ErrorCode(answer.error_code))
            if answer.task_success:
                return DONE
            judged_ns = start_ns + seconds_to_ns(answer.seconds)
            if judged_ns + SAMPLE_NS >= self._world.since_ns or time.monotonic() > limit:
                return OVER if answer.seconds > task.limit_seconds else ""

    def _on_status(self, message: TaskStatus) -> None:
        self._status = message

    # -- helpers ------------------------------------------------------------------------------------------------------
    def _check(self) -> None:
        """What ends waiting: the node's end, or that nobody wants the run any more."""
        if self._ending.is_set():
            raise ExternalShutdownException
        if self._cancelled:
            raise Cancelled("cancelled by the client")

    def _health(self) -> Health:
        return OK, f"busy with {plain(self._doing, 80)}" if self._doing else "running", {}

    def close(self) -> None:
        """End the run under way."""
        self._ending.set()
        self._worker.end(2.0)
        self._world.close()


def _result(result: AgentResult, folder: Path) -> RunAgent.Result:
    return RunAgent.Result(
        error_code=int(result.error_code),
        error_msg=plain(result.error_msg, MOST_SENT),
        success=result.success,
        calls=result.calls,
        actions=result.actions_done,
        log_dir=str(folder),
    )


def main() -> int:
    """Entry point of the executable ``agent``."""
    return run_node(AgentNode)


if __name__ == "__main__":
    sys.exit(main())
