"""sim/step_simulation and sim/simulate_steps: simulated time by request, answered in words whatever comes between."""

from __future__ import annotations

from typing import Any

from rclpy.action import CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.task import Future

from bimanual_core.stepping import StepJob
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.simulator import Simulator
from simulation_interfaces.action import SimulateSteps
from simulation_interfaces.msg import Result
from simulation_interfaces.srv import StepSimulation

#: Most ticks of one request: an hour of simulated time.
MOST_STEPS = 3600 * 300


class SimStepping:
    """Requests have their steps one after the other. Every request is taken on: one that is refused ends at once with
    words, as a rejected ROS goal has none."""

    def __init__(self, endpoints: Endpoints, simulator: Simulator) -> None:
        self._sim = simulator
        self._goals: dict[bytes, tuple[ServerGoalHandle, StepJob]] = {}
        # Apart: whoever else speaks to the simulator is heard while steps go on.
        endpoints.service("sim/step_simulation", self._step, apart=True)
        endpoints.action_server("sim/simulate_steps", self._simulate, cancel_callback=self._on_cancel)

    def publish_feedback(self) -> None:
        """Feedback of every goal; call this about 20 times a second."""
        for goal, job in list(self._goals.values()):
            goal.publish_feedback(SimulateSteps.Feedback(completed_steps=job.done, remaining_steps=job.remaining))

    async def _step(self, request: StepSimulation.Request, response: StepSimulation.Response) -> Any:
        refusal = self._refusal(request.steps)
        if refusal is None:
            job = self._sim.step(int(request.steps))
            await _ended(job)
            refusal = _result(job)
        response.result = refusal
        return response

    async def _simulate(self, goal: ServerGoalHandle) -> SimulateSteps.Result:
        refusal = self._refusal(goal.request.steps)
        if refusal is not None:
            goal.abort()
            return SimulateSteps.Result(result=refusal)
        key = bytes(goal.goal_id.uuid)
        job = self._sim.step(int(goal.request.steps))
        self._goals[key] = (goal, job)
        if goal.is_cancel_requested:
            job.end("cancelled")
        try:
            await _ended(job)
        finally:
            del self._goals[key]
        goal.publish_feedback(SimulateSteps.Feedback(completed_steps=job.done, remaining_steps=job.asked - job.done))
        if not job.failure:
            goal.succeed()
        elif goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        return SimulateSteps.Result(result=_result(job))

    def _on_cancel(self, goal: ServerGoalHandle) -> CancelResponse:
        _, job = self._goals.get(bytes(goal.goal_id.uuid), (goal, None))
        if job is not None:
            job.end("cancelled")
        return CancelResponse.ACCEPT

    def _refusal(self, steps: int) -> Result | None:
        if self._sim.playing and not self._sim.lockstep:
            text = "simulated time runs freely; pause it first, or use time_mode:=lockstep"
            return Result(result=Result.RESULT_INCORRECT_STATE, error_message=text)
        if not 0 < steps <= MOST_STEPS:
            text = f"steps {steps} is outside 1..{MOST_STEPS}"
            return Result(result=Result.RESULT_OPERATION_FAILED, error_message=text)
        return None


def _ended(job: StepJob) -> Future:
    """A future that is done when ``job`` has ended."""
    future: Future = Future()
    job.on_end(lambda: future.set_result(None))
    return future


def _result(job: StepJob) -> Result:
    code = Result.RESULT_OPERATION_FAILED if job.failure else Result.RESULT_OK
    return Result(result=code, error_message=job.failure)
