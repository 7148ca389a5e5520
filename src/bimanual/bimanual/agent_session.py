"""The agent as a performer of tasks, in process or over the graph, with a log folder for each episode."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bimanual.runs import new_run_folder
from bimanual_core.errors import ErrorCode, SilentNodeError
from bimanual_core.skill import SkillReport
from bimanual_tasks.performer import Assignment, Performer
from bimanual_tasks.session import Session
from mllm_agent.agent import OVER, Agent, AgentResult
from mllm_agent.budget import budget_of
from mllm_agent.log import RunLog
from mllm_agent.prompt import Goal
from mllm_agent.providers.base import ProviderError
from mllm_agent.providers.registry import ProviderSettings, make_provider
from mllm_agent.view import CAMERA_NOTES


@dataclass(frozen=True)
class AgentPerformers:
    """An agent with a provider of ``settings`` as the performer of every task; picklable.

    Each episode leaves its log in ``folder/<task>-<seed>`` ("": a new folder below ``runs/agent``).
    """

    settings: ProviderSettings
    folder: str = field(default_factory=lambda: str(new_run_folder("agent")))

    def __call__(self, task_name: str) -> Performer:
        return self.perform

    @property
    def cameras(self) -> tuple[str, ...]:
        """What the session must show."""
        return tuple(CAMERA_NOTES) if self.settings.name == "openai" and self.settings.pictures else ()

    def perform(self, session: Session, assignment: Assignment) -> SkillReport:
        """One episode. Raises SilentNodeError where the endpoint gives no reply, since no episode can run without."""
        log = Path(self.folder) / f"{assignment.task.name}-{assignment.seed}"
        try:
            result = run_agent(session, assignment, self.settings, log)
        except ProviderError as error:
            raise SilentNodeError(str(error), error.code) from None
        if result.error_code == ErrorCode.AGENT_ENDPOINT:
            raise SilentNodeError(result.error_msg, ErrorCode.AGENT_ENDPOINT)
        layer = "" if result.success or result.end == OVER else "agent"
        return SkillReport(
            asked=result.actions_asked,
            done=result.actions_done,
            error_code=result.error_code if layer else ErrorCode.NONE,
            error_msg=result.error_msg if layer else "",
            layer=layer,
        )


def run_agent(
    session: Session,
    assignment: Assignment,
    settings: ProviderSettings,
    folder: Path,
    progress: Callable[[int, str, str], None] | None = None,
) -> AgentResult:
    """Let an agent do the assignment on the scene that is loaded; its log goes to ``folder``."""
    task = assignment.task
    with closing(make_provider(settings, task, session.skills, session.world)) as provider:
        agent = Agent(
            session.world,
            session.skills,
            provider,
            budget_of(task.name),
            RunLog(folder),
            state=lambda: OVER if assignment.over() else "",
            progress=progress,
        )
        return agent.run(Goal(assignment.instruction, task.name, task.description))
