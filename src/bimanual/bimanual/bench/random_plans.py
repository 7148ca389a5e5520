"""Random plans of both arms by worker processes, each held by the independent checker."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

import bimanual_description
from bimanual.bench.plan_tally import Tally
from bimanual.output import note
from bimanual_core.errors import BimanualError
from bimanual_kinematics.model import RobotModel
from bimanual_planner.bench.problems import PER_SCENE, random_problems
from bimanual_planner.planner import MotionPlanner
from bimanual_tasks.crew import Crew

#: Where there is no terminal, a line is said this often [s].
_SAY_SECONDS = 30.0


@dataclass(frozen=True)
class SceneJob:
    """The first ``count`` problems of cluttered scene number ``index``, drawn from ``seed``."""

    seed: int
    index: int
    count: int

    def __str__(self) -> str:
        return f"scene {self.index} of seed {self.seed}"


@contextmanager
def open_planning(robot: str) -> Iterator[Callable[[SceneJob], Tally]]:
    """In a worker: what plans and checks one scene's problems after another."""
    model = RobotModel.of(bimanual_description.load(robot))

    def plan(job: SceneJob) -> Tally:
        tally = Tally()
        for problem in random_problems(model, job.seed, job.index, job.count):
            planner = MotionPlanner(problem.scene)
            tally.take(problem, lambda p=planner, q=problem: p.plan_poses(q.state, q.targets))  # type: ignore[misc]
        return tally

    yield plan


def plan_randomly(robot: str, plans: int, seed: int, workers: int) -> Tally:
    """Ask for ``plans`` plans, ``workers`` processes at once; the plans are the same for any number of workers.

    Ctrl-C ends the workers. Raises BimanualError as ``Crew``.
    """
    if plans < 0:
        raise BimanualError(f"plans {plans} is below 0")
    jobs = iter(scene_jobs(plans, seed))
    found: dict[int, Tally] = {}
    crew = Crew(partial(open_planning, robot), workers, note)
    with _progress(plans) as done, closing(crew.run(lambda: next(jobs, None))) as answers:  # type: ignore[type-var]
        for job, tally in answers:
            found[job.index] = tally
            done(tally.asked)
    total = Tally()
    for index in sorted(found):
        total.add(found[index])
    return total


def scene_jobs(plans: int, seed: int) -> list[SceneJob]:
    """``plans`` problems, PER_SCENE of them in each scene."""
    starts = range(0, plans, PER_SCENE)
    return [SceneJob(seed, index, min(PER_SCENE, plans - start)) for index, start in enumerate(starts)]


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """What is told of each batch that is done: a bar on a terminal, a line now and then elsewhere."""
    if sys.stderr.isatty():
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            row = bar.add_task("planning", total=total)
            yield lambda count: bar.advance(row, count)
        return
    said, finished = time.monotonic(), 0

    def tell(count: int) -> None:
        nonlocal said, finished
        finished += count
        if time.monotonic() - said > _SAY_SECONDS:
            said = time.monotonic()
            note(f"[{finished}/{total}] plans made and checked")

    yield tell
