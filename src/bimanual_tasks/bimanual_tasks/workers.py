"""Episodes on several processes, each with a session of its own. The outcome of a seed does not depend on how many
there are, because every episode starts from a fresh scene."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from bimanual_tasks.crew import Crew
from bimanual_tasks.episode import EpisodeResult
from bimanual_tasks.evaluate import EpisodeRunner, SessionFactory, run_in_session
from bimanual_tasks.performer import PerformerLookup, expert_performer
from bimanual_tasks.randomise import EASY


def run_in_workers(
    factory: SessionFactory,
    workers: int,
    performer_for: PerformerLookup = expert_performer,
    randomisation: str = EASY,
) -> EpisodeRunner:
    """A runner that spreads the seeds over ``workers`` processes. ``factory`` and ``performer_for`` must be
    picklable."""

    def run(task_name: str, variant: str, seeds: Sequence[int]) -> Iterator[EpisodeResult]:
        todo = iter(seeds)
        crew = Crew(partial(_episodes, factory, performer_for, randomisation, task_name, variant), workers)
        for _, result in crew.run(lambda: next(todo, None)):
            yield result

    return run


@contextmanager
def _episodes(
    factory: SessionFactory, performer_for: PerformerLookup, randomisation: str, task: str, variant: str
) -> Iterator[Callable[[int], EpisodeResult]]:
    """What does one seed after another in a worker."""
    session = factory()
    try:
        run = run_in_session(session, performer_for, randomisation=randomisation)
        yield lambda seed: next(run(task, variant, [seed]))
    finally:
        session.close()
