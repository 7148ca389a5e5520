"""Collects: hands seeds to worker processes, keeps the episodes that succeed, until every task has enough."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from bimanual.collecting.job import CollectJob
from bimanual.collecting.store import CollectionStore
from bimanual_tasks.crew import Crew, OpenWork
from bimanual_tasks.episode import EpisodeResult
from bimanual_tasks.quota import SeedQuota


@dataclass(frozen=True)
class Attempt:
    """One seed that was done."""

    task: str
    result: EpisodeResult


class Collection:
    """``episodes`` successes of each task, from ``seed0`` on, into ``store``, which it does not close."""

    def __init__(
        self, store: CollectionStore, tasks: Sequence[str], episodes: int, open_work: OpenWork, seed0: int = 0
    ) -> None:
        """``open_work`` opens in a worker what answers a CollectJob with an EpisodeResult. Raises BimanualError for
        seeds out of range, or fewer episodes than the store was begun for."""
        self._store = store
        self._open_work = open_work
        self.quotas: dict[str, SeedQuota] = {}
        for task in tasks:
            record = store.want(task, episodes)
            self.quotas[task] = SeedQuota(seed0, episodes, record.succeeded, record.failed)
        store.save()

    @property
    def succeeded(self) -> int:
        """Episodes that are there, earlier ones included."""
        return sum(len(quota.succeeded) for quota in self.quotas.values())

    @property
    def attempted(self) -> int:
        """Seeds that were done, earlier ones included."""
        return sum(quota.attempted for quota in self.quotas.values())

    @property
    def wanted(self) -> int:
        """Episodes of all tasks."""
        return sum(quota.wanted for quota in self.quotas.values())

    def run(self, workers: int, tell: Callable[[str], None]) -> Generator[Attempt, None, None]:
        """Yield each seed when its outcome is on disk. A consumer that stops (Ctrl-C) ends the workers; what it was
        given stays. Raises BimanualError as ``Crew.run`` and ``SeedQuota.next_seed``."""
        crew = Crew(self._open_work, workers, tell)
        with closing(crew.run(self._next_job)) as answers:  # type: ignore[type-var]
            for job, result in answers:
                self._settle(job, result)
                yield Attempt(job.task, result)

    def _next_job(self) -> CollectJob | None:
        for task, quota in self.quotas.items():
            seed = quota.next_seed()
            if seed is not None:
                return CollectJob(task, seed, str(self._store.partial_folder(task, seed)))
        return None

    def _settle(self, job: CollectJob, result: EpisodeResult) -> None:
        if result.demonstrates:
            self._store.keep(job.task, job.seed)
        else:
            said = f"the demonstration is not what the instruction says: {result.disagreement}"
            self._store.drop(job.task, job.seed, result.reason or said)
        self.quotas[job.task].done(job.seed, result.demonstrates)
