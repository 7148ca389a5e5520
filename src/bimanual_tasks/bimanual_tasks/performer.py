"""What acts in an episode: an expert program, a policy, an agent. Episodes and evaluations cannot tell which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bimanual_core.skill import SkillReport
from bimanual_tasks.registry import Expert, get_expert
from bimanual_tasks.session import Session
from bimanual_tasks.task import Task


@dataclass(frozen=True)
class Assignment:
    """What is to be done: the task on the scene that is loaded, in words, and whether the episode is over (the task is
    done, or its time is). Who ends by itself, as experts do, need not ask."""

    task: Task
    seed: int
    instruction: str
    over: Callable[[], bool]


class Performer(Protocol):
    """Does a task once. Raises BimanualError, or reports, what went wrong; the episode is judged all the same."""

    def __call__(self, session: Session, assignment: Assignment) -> SkillReport: ...


#: The performer of a task, by the task's name.
PerformerLookup = Callable[[str], Performer]


@dataclass(frozen=True)
class ExpertPerformer:
    """An expert program as a performer."""

    expert: Expert

    def __call__(self, session: Session, assignment: Assignment) -> SkillReport:
        return self.expert(session.skills, session.world, assignment.task)


def expert_performer(task_name: str) -> Performer:
    """The expert of a task; raises UnknownNameError listing those that exist."""
    return ExpertPerformer(get_expert(task_name))
