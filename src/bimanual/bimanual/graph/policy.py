"""The policy of a running graph as the performer of tasks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bimanual.graph.session import GraphSession
from bimanual_core.errors import BimanualError
from bimanual_core.skill import SkillReport
from bimanual_ros.graph_policy import GraphPolicy
from bimanual_tasks.performer import Assignment, Performer
from bimanual_tasks.session import Session


class GraphPolicyPerformer:
    """Asks policy_node of the session's graph to act until the episode is over; picks up its world when first used."""

    def __init__(self) -> None:
        self._policies: dict[GraphSession, GraphPolicy] = {}

    def __call__(self, session: Session, assignment: Assignment) -> SkillReport:
        if not isinstance(session, GraphSession):
            raise BimanualError("the policy of a graph acts only in that graph")
        if session not in self._policies:
            self._policies[session] = GraphPolicy(session.world)
        task = assignment.task
        policy = self._policies[session]
        return policy.run(task.name, assignment.instruction, task.limit_seconds, assignment.over)

    def for_task(self, task_name: str) -> Performer:
        """The same performer for every task: there is one policy in a graph."""
        return self


@dataclass(frozen=True)
class PolicyGraph:
    """Opens sessions with a graph in which ``checkpoint`` is loaded and its ``cameras`` run."""

    robot: str
    checkpoint: Path
    cameras: tuple[str, ...]

    def __call__(self) -> GraphSession:
        given = {"policy": str(self.checkpoint), "cameras": ",".join(self.cameras) or "none"}
        return GraphSession(self.robot, given)
