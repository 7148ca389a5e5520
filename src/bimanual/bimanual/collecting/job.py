"""What a collecting process is asked for. The simulator is loaded there, not where jobs are handed out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bimanual.collecting.settings import CollectSettings
from bimanual_tasks.episode import EpisodeResult


@dataclass(frozen=True)
class CollectJob:
    """One seed of a task, recorded into ``folder``; what an earlier worker left there goes away."""

    task: str
    seed: int
    folder: str

    def __str__(self) -> str:
        return f"{self.task} seed {self.seed}"


@contextmanager
def expert_collector(settings: CollectSettings) -> Iterator[Callable[[CollectJob], EpisodeResult]]:
    """What does one job after another, by the task's expert."""
    from bimanual.collecting.worker import collector

    with collector(settings) as collect:
        yield collect
