"""The agent of a running graph as the performer of the task that is loaded in it."""

from __future__ import annotations

from collections.abc import Callable

from bimanual.graph.session import GraphSession
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.skill import SkillReport
from bimanual_ros.graph_agent import GraphAgent, Progress, code_of
from bimanual_tasks.performer import Assignment
from bimanual_tasks.session import Session


class GraphAgentPerformer:
    """Asks the node ``agent`` of the session's graph; ``tell`` hears of its log. Done and asked count actions."""

    def __init__(self, tell: Callable[[str], None], progress: Progress | None = None) -> None:
        self._tell = tell
        self._progress = progress

    def __call__(self, session: Session, assignment: Assignment) -> SkillReport:
        if not isinstance(session, GraphSession):
            raise BimanualError("the agent of a graph acts only in that graph")
        result = GraphAgent(session.world).run(assignment.task.name, progress=self._progress)
        if result.log_dir:
            self._tell(f"{result.calls} calls, {result.actions} actions; the agent's log: {result.log_dir}")
        code = code_of(result)
        layer = "" if code is ErrorCode.NONE else "agent"
        return SkillReport(int(result.actions), int(result.actions), code, result.error_msg, layer=layer)
