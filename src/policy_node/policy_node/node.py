"""``policy_node``: lets a policy act over the graph when policy/run asks for it."""

from __future__ import annotations

import math
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from bimanual_interfaces.action import RunPolicy
from bimanual_interfaces.msg import ActionChunk
from rclpy.action import CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.executors import ExternalShutdownException

from bimanual_core.contract import POLICY
from bimanual_core.errors import BimanualError, ErrorCode, SilentNodeError
from bimanual_core.protocols import Policy
from bimanual_core.rates import OBJECTS_HZ
from bimanual_kinematics.model import RobotModel
from bimanual_ros.conversions.basics import header, time_msg
from bimanual_ros.diagnostics import OK, Diagnostics, Health
from bimanual_ros.graph_world import GraphWorld
from bimanual_ros.lifecycle import ACTIVE, AUTOSTART, ManagedNode, run_managed
from bimanual_ros.parameters import Parameter, declare
from bimanual_ros.robots import GRAPH, ROBOT, robot_of
from bimanual_ros.worker import Worker
from policy_node.contract import PolicyContract
from policy_node.serving.asking import Answer
from policy_node.serving.load import find_checkpoint, load_policy
from policy_node.serving.realtime import RealtimeRunner
from policy_node.serving.report import RunReport
from policy_node.serving.run import check_serving
from policy_node.serving.runner import PolicyRunner

PARAMETERS = (
    ROBOT,
    GRAPH,
    AUTOSTART,
    Parameter("checkpoint", "", "path of a checkpoint, or the name of a policy that comes with the project (dp3)"),
    Parameter("task", "handover_block", "task whose checkpoint a name means"),
    Parameter("rate", 0, "actions per second; 0: as the checkpoint says", low=0, high=OBJECTS_HZ),
    Parameter(
        "delay_ms", 0, "added to every inference, to try what a slow one does", low=0, high=5000, read_only=False
    ),
)
#: A run without max_seconds lasts this long, and none longer than this [s].
USUAL_S, LONGEST_S = 60.0, 3600.0


class PolicyNode(ManagedNode):
    """One run at a time, in a thread of its own, so that the node keeps listening meanwhile."""

    def __init__(self) -> None:
        super().__init__(POLICY)
        values = self._values = declare(self, PARAMETERS)
        robot = robot_of(values)
        self._ending = threading.Event()
        self._world = GraphWorld(
            self, robot, RobotModel.of(robot), self._check_ending, values["graph"], at_rest_until_asked=True
        )
        self._loaded: tuple[Policy, PolicyContract] | None = None
        self._goal: ServerGoalHandle | None = None
        self._cancelled = False
        self._worker = Worker(self)
        endpoints = self._world.endpoints
        self._server = endpoints.action_server("policy/run", self._execute, cancel_callback=self._on_cancel)
        self._chunks = endpoints.publisher("policy/action_chunk")
        self._diagnostics = Diagnostics(self, self._health)

    # -- lifecycle ----------------------------------------------------------------------------------------------------
    def configure(self) -> None:
        """Load the checkpoint. Raises BimanualError (POLICY_CHECKPOINT) for one that does not fit."""
        checkpoint = self._values["checkpoint"]
        if not checkpoint:
            raise BimanualError("the parameter checkpoint is empty", ErrorCode.POLICY_CHECKPOINT)
        path: Path = find_checkpoint(checkpoint, self._values["task"])
        policy, contract = load_policy(path)
        if self._values["rate"]:
            contract = replace(contract, rate_hz=self._values["rate"])
        check_serving(contract, self._world.robot)
        self._loaded = policy, contract
        self.get_logger().info(f"{path.name}: {contract.rate_hz} Hz, cameras {', '.join(contract.cameras) or 'none'}")

    def deactivate(self) -> None:
        self._cancelled = True

    def cleanup(self) -> None:
        self._loaded = None

    # -- policy/run ---------------------------------------------------------------------------------------------------
    def _on_cancel(self, goal: ServerGoalHandle) -> CancelResponse:
        if self._goal is not None and goal.goal_id == self._goal.goal_id:
            self._cancelled = True
        return CancelResponse.ACCEPT

    async def _execute(self, goal: ServerGoalHandle) -> RunPolicy.Result:
        # Taken on and ended at once where it is refused: a rejected goal has no words.
        loaded, refusal = self._loaded, self._refusal(goal.request)
        if loaded is None or refusal:
            goal.abort()
            return _result(RunReport(0, error_code=ErrorCode.INVALID_REQUEST, error_msg=refusal), self._world.since_ns)
        self._goal, self._cancelled = goal, goal.is_cancel_requested
        try:
            report: RunReport = await self._worker.start(lambda: self._run(goal, *loaded))
        finally:
            self._goal = None
        if report.success and self._cancelled:
            words = f"cancelled after {report.steps} actions"
            report = replace(report, error_code=ErrorCode.CANCELLED, error_msg=words)
        if goal.is_cancel_requested:
            goal.canceled()
        elif report.success:
            goal.succeed()
        else:
            goal.abort()
        return _result(report, self._world.since_ns)

    def _refusal(self, request: RunPolicy.Goal) -> str:
        """Why a request is not taken on, in words; empty if it is."""
        if self.state != ACTIVE or self._loaded is None:
            return f"{POLICY} is {self.state}; it has to be active"
        if self._goal is not None:
            return f"{POLICY} is busy with another run; ask again when it is done"
        task = self._loaded[1].task
        if request.task and task and request.task != task:
            return f"the checkpoint is for task {task!r}, not {request.task!r}"
        if not math.isfinite(request.max_seconds) or not 0.0 <= request.max_seconds <= LONGEST_S:
            return f"max_seconds {request.max_seconds} is outside [0, {LONGEST_S:g}]"
        return ""

    def _run(self, goal: ServerGoalHandle, policy: Policy, contract: PolicyContract) -> RunReport:
        most_steps = round((goal.request.max_seconds or USUAL_S) * contract.rate_hz)

        def tell(answer: Answer, steps: int) -> None:
            self._chunks.publish(_chunk(answer, contract))
            goal.publish_feedback(RunPolicy.Feedback(steps=steps, chunk_ms=answer.chunk_ms))

        try:
            self._world.wait_ready()
            self._world.hold()
            kind = PolicyRunner if self._world.lockstep else RealtimeRunner
            delay_s = self.get_parameter("delay_ms").value * 1e-3
            return kind(policy, contract, self._world, tell, delay_s).run(
                goal.request.instruction, most_steps, self._is_over
            )
        except BimanualError as error:
            return RunReport(most_steps, error_code=error.code, error_msg=str(error))
        finally:
            with suppress(SilentNodeError):  # a driver that is gone holds no lease
                self._world.release()

    def _is_over(self) -> bool:
        self._world.check_stop()
        return self._cancelled

    # -- helpers ------------------------------------------------------------------------------------------------------
    def _check_ending(self) -> None:
        if self._ending.is_set():
            raise ExternalShutdownException

    def _health(self) -> Health:
        return OK, "acting" if self._goal is not None else self.state, {"checkpoint": self._values["checkpoint"]}

    def close(self) -> None:
        """End the run under way and give the lease back."""
        self._ending.set()
        self._worker.end(2.0)
        self._world.close()
        super().close()


def _chunk(answer: Answer, contract: PolicyContract) -> ActionChunk:
    return ActionChunk(
        header=header(answer.stamp_ns),
        rate_hz=float(contract.rate_hz),
        joint_names=list(contract.joint_names),
        steps=len(answer.actions),
        positions=answer.actions.reshape(-1).tolist(),
        chunk_ms=answer.chunk_ms,
    )


def _result(report: RunReport, at_ns: int) -> RunPolicy.Result:
    return RunPolicy.Result(
        error_code=int(report.error_code),
        error_msg=report.error_msg,
        asked=report.asked,
        steps=report.steps,
        seconds=report.seconds,
        clamped=report.clamped,
        slowed=report.slowed,
        stall_seconds=report.stall_s,
        chunk_ms_p50=report.chunk_ms_p50,
        chunk_ms_p99=report.chunk_ms_p99,
        stamp=time_msg(max(at_ns, 0)),
    )


def main() -> int:
    """Entry point of the executable ``policy_node``."""
    return run_managed(PolicyNode)


if __name__ == "__main__":
    sys.exit(main())
