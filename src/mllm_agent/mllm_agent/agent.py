"""The agent: look, ask for a plan, do the first actions of it one by one, tell truthfully what came of them, repeat.

It moves the robot only through ``Skills``, whose planner and controllers keep all limits; what a model writes is data.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.protocols import Skills, World
from mllm_agent import feedback
from mllm_agent.actions import Action, Refusal, check
from mllm_agent.budget import Budget
from mllm_agent.executor import Executor
from mllm_agent.log import RunLog
from mllm_agent.plan import Plan, read_plan
from mllm_agent.prompt import Goal, Step, prompt
from mllm_agent.providers.base import Cancelled, Provider, RefusedReply, Reply, Request
from mllm_agent.repair import ReplyError
from mllm_agent.view import CAMERA_NOTES, View, look
from mllm_agent.words import plain

#: After a plan the world runs on for this long [s], so that things come to rest and success can be held.
SETTLE_S = 0.6
#: Characters of a step's actions that are told again.
MOST_TOLD = 4000

#: Told the call, the action in progress ("" between actions) and what came of it ("" before).
Progress = Callable[[int, str, str], None]
DONE, OVER = "done", "over"


@dataclass(frozen=True)
class AgentResult:
    """How a run ended. ``success``: the task is done, or, where nobody judges, the model says so."""

    success: bool
    end: str
    error_code: ErrorCode
    error_msg: str
    calls: int
    requests: int
    actions_done: int
    actions_asked: int
    tokens: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "error_code": int(self.error_code)}


class _End(Exception):
    """How a run ends, be it well."""

    def __init__(self, end: str, code: ErrorCode = ErrorCode.NONE, text: str = "") -> None:
        super().__init__(end)
        self.end, self.code, self.text = end, code, text


class Agent:
    """One run towards one goal.

    ``state`` says whether the task is DONE, its time is OVER, or "" while it goes on; without it the model decides by
    an empty plan. ``cancelled`` is asked between actions and while a reply is awaited.
    """

    def __init__(
        self,
        world: World,
        skills: Skills,
        provider: Provider,
        budget: Budget,
        log: RunLog,
        state: Callable[[], str] | None = None,
        cancelled: Callable[[], bool] | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._world = world
        self._provider = provider
        self._budget = budget
        self._log = log
        self._state = state
        self._cancelled = cancelled or (lambda: False)
        self._progress = progress or (lambda *_: None)
        self._executor = Executor(skills)
        self._cameras = [c.name for c in world.robot.cameras if c.name in CAMERA_NOTES] if provider.sees else []
        self._steps: list[Step] = []
        self._calls = self._requests = self._asked = self._done = self._tokens = 0
        self._start = time.monotonic()

    def run(self, goal: Goal) -> AgentResult:
        """Pursue ``goal`` until it is reached or the run has to end, which the result says.

        Raises SilentNodeError when the graph falls silent and OSError when the log cannot be written; the log says so.
        """
        provider = {"provider": self._provider.name, "model": self._provider.model, "cameras": self._cameras}
        self._log.begin({**asdict(goal), **provider, "robot": self._world.robot.name, **asdict(self._budget)})
        try:
            self._pursue(goal)
        except _End as end:
            return self._result(end)
        except Cancelled as error:
            return self._result(_End("cancelled", error.code, str(error)))
        except BaseException as error:
            self._result(_End("error", getattr(error, "code", ErrorCode.INTERNAL), f"{type(error).__name__}: {error}"))
            raise

    def _pursue(self, goal: Goal) -> NoReturn:
        for call in range(1, self._budget.calls + 1):
            self._calls = call
            self._progress(call, "", "")
            plan, view = self._plan(goal, call)
            told = self._follow(call, plan, view)
            self._log.feedback(told)
            self._steps = [*self._steps, Step(_actions_told(plan), told)]
        text = f"the task is not done after {self._budget.calls} calls, the limit"
        raise _End("calls", ErrorCode.AGENT_BUDGET, text)

    # -- asking -------------------------------------------------------------------------------------------------------
    def _plan(self, goal: Goal, call: int) -> tuple[Plan, View]:
        """A plan that can be read, and what was seen before it was asked for. Raises _End."""
        view = look(self._world, self._cameras)
        problem = ""
        for attempt in range(1, self._budget.attempts + 1):
            left = self._budget.calls - call + 1
            text = prompt(goal, view, self._steps, self._budget.actions, left, problem)
            try:
                reply = self._ask(Request(text, view.pictures, call, attempt, self._done))
                return read_plan(reply.text), view
            except ReplyError as error:
                problem = plain(str(error))
                if reply.cut_off:
                    problem += " (it was cut off at the token limit: be brief)"
            except RefusedReply as error:
                problem = plain(str(error))
            self._log.problem(problem)
            self._progress(call, "", f"the reply could not be used: {problem}")
        attempts = f"no reply could be used in {self._budget.attempts} attempts"
        raise _End("replies", ErrorCode.AGENT_REPLY, f"{attempts}; the last: {problem}")

    def _ask(self, request: Request) -> Reply:
        self._require_budget()
        self._log.request(request)
        self._requests += 1
        begin = time.monotonic()
        try:
            reply = self._provider.ask(request, self._seconds_left(), self._cancelled)
        except RefusedReply:
            raise
        except Cancelled as error:
            raise _End("cancelled", error.code, str(error)) from None
        except BimanualError as error:
            if error.code == ErrorCode.NODE_SILENT:
                raise
            self._log.problem(str(error))
            raise _End("provider", error.code, str(error)) from None
        self._tokens += reply.tokens
        reply = reply if reply.seconds else _timed(reply, time.monotonic() - begin)
        self._log.reply(reply)
        return reply

    def _seconds_left(self) -> float:
        return self._budget.seconds - (time.monotonic() - self._start)

    def _require_budget(self) -> None:
        self._require_wanted()
        if self._seconds_left() <= 0.0:
            raise _End("time", ErrorCode.AGENT_BUDGET, f"not done within {self._budget.seconds:g} s, the limit")
        if self._tokens >= self._budget.tokens:
            text = f"{self._tokens} tokens are used, the limit is {self._budget.tokens}"
            raise _End("tokens", ErrorCode.AGENT_BUDGET, text)

    def _require_wanted(self) -> None:
        if self._cancelled():
            raise _End("cancelled", ErrorCode.CANCELLED, "cancelled by the client")

    # -- acting -------------------------------------------------------------------------------------------------------
    def _follow(self, call: int, plan: Plan, view: View) -> str:
        """Execute the first actions; what the model is told of them. Raises _End when the task is done or over."""
        planned = plan.executable_plan
        self._asked += min(len(planned), self._budget.actions)
        lines = [] if planned else [self._nothing_planned()]
        checked = _checked(plan, view)
        valid = [action for action in checked if isinstance(action, Action)]
        for place, action in enumerate(checked[: self._budget.actions]):
            self._require_wanted()
            if isinstance(action, Refusal):
                lines.append(feedback.refused(str(action)))
                self._tell(call, "", lines)
                break
            self._progress(call, str(action), "")
            self._log.event("action", action=str(action))
            outcome = self._executor.do(action, valid[place + 1 :])
            lines.append(outcome.text)
            self._done += outcome.success
            self._tell(call, str(action), lines)
            self._require_going_on(lines)
            if not outcome.success:
                break
        else:
            if len(planned) > self._budget.actions:
                lines.append(feedback.only_first(self._budget.actions, len(planned)))
        self._world.wait(SETTLE_S)
        self._require_going_on(lines)
        if planned and self._state is not None:
            lines.append(feedback.not_done())
        return "\n".join(lines)

    def _nothing_planned(self) -> str:
        if self._state is None:
            raise _End("finished")
        return feedback.empty_plan()

    def _tell(self, call: int, action: str, lines: Sequence[str]) -> None:
        self._log.event("outcome", text=lines[-1])
        self._progress(call, action, lines[-1])

    def _require_going_on(self, lines: Sequence[str]) -> None:
        state = self._state() if self._state is not None else ""
        if state:
            self._log.feedback("\n".join([*lines, "The goal is reached." if state == DONE else "The time is over."]))
        if state == DONE:
            raise _End("done")
        if state == OVER:
            raise _End("over", ErrorCode.AGENT_UNFINISHED, "the task's time is over")

    def _result(self, end: _End) -> AgentResult:
        result = AgentResult(
            success=end.code == ErrorCode.NONE,
            end=end.end,
            error_code=end.code,
            error_msg=end.text,
            calls=self._calls,
            requests=self._requests,
            actions_done=self._done,
            actions_asked=self._asked,
            tokens=self._tokens,
            seconds=round(time.monotonic() - self._start, 3),
        )
        self._log.end(result.as_dict())
        return result


def _checked(plan: Plan, view: View) -> list[Action | Refusal]:
    """The actions up to and including the first that makes no sense."""
    found: list[Action | Refusal] = []
    for number, raw in enumerate(plan.executable_plan, start=1):
        try:
            found.append(check(number, raw.action_id, raw.action_name, raw.parameters, view.sides, set(view.objects)))
        except Refusal as refusal:
            return [*found, refusal]
    return found


def _actions_told(plan: Plan) -> str:
    told = json.dumps([raw.model_dump() for raw in plan.executable_plan], default=str)
    return told if len(told) <= MOST_TOLD else told[:MOST_TOLD] + " ..."


def _timed(reply: Reply, seconds: float) -> Reply:
    return Reply(reply.text, reply.prompt_tokens, reply.completion_tokens, reply.cut_off, seconds, reply.raw)
