"""The evaluation loop: every seed of a task once, results as they come, resumable, on one or many processes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence

from bimanual_tasks.assets import find_asset
from bimanual_tasks.episode import EpisodeResult, run_episode
from bimanual_tasks.geometry import AssetLookup
from bimanual_tasks.performer import PerformerLookup, expert_performer
from bimanual_tasks.randomise import EASY
from bimanual_tasks.registry import get_task
from bimanual_tasks.results import Evaluation, ResultsFile
from bimanual_tasks.session import Session

SessionFactory = Callable[[], Session]

#: Yields results of the given seeds, in any order.
EpisodeRunner = Callable[[str, str, Sequence[int]], Iterator[EpisodeResult]]


def run_in_session(
    session: Session,
    performer_for: PerformerLookup = expert_performer,
    assets: AssetLookup = find_asset,
    randomisation: str = EASY,
) -> EpisodeRunner:
    """A runner that does one seed after the other in ``session``."""

    def run(task_name: str, variant: str, seeds: Sequence[int]) -> Iterator[EpisodeResult]:
        task, perform = get_task(task_name, variant), performer_for(task_name)
        for seed in seeds:
            yield run_episode(session, task, perform, seed, assets, randomisation=randomisation)

    return run


def evaluate(
    evaluation: Evaluation, seeds: Sequence[int], run: EpisodeRunner, file: ResultsFile | None = None
) -> Generator[EpisodeResult, None, None]:
    """Results of all ``seeds``: those in ``file`` first, then the rest as they finish, each appended to ``file``.

    A consumer that stops (Ctrl-C) has every result it was given, and the file too.
    """
    done = file.load(evaluation) if file else {}
    yield from (done[seed] for seed in seeds if seed in done)
    remaining = [seed for seed in seeds if seed not in done]
    if not remaining:
        return
    for result in run(evaluation.task, evaluation.variant, remaining):
        if file:
            file.append(evaluation, result)
        yield result
