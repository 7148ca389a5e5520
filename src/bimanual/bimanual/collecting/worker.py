"""What a collecting process does: one seed of a task, recorded into a folder of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bimanual.collecting.job import CollectJob
from bimanual.collecting.pace import planner_config
from bimanual.collecting.settings import CollectSettings
from bimanual.collecting.tap import EpisodeTap
from bimanual.process_session import ProcessSession
from bimanual_tasks.episode import EpisodeResult, run_episode
from bimanual_tasks.performer import expert_performer
from bimanual_tasks.registry import get_task


@contextmanager
def collector(settings: CollectSettings) -> Iterator[Callable[[CollectJob], EpisodeResult]]:
    """What does one job after another."""
    session = ProcessSession(settings.robot, settings.cameras, planner_config(settings.pace))
    try:
        tap = EpisodeTap(session.world, settings)
        try:
            yield partial(_collect, session, tap, settings)
        finally:
            tap.close()
    finally:
        session.close()


def _collect(session: ProcessSession, tap: EpisodeTap, settings: CollectSettings, job: CollectJob) -> EpisodeResult:
    folder = Path(job.folder)
    shutil.rmtree(folder, ignore_errors=True)
    extra = {
        "policy": "expert",
        "randomize": settings.randomize,
        "camera_hz": settings.camera_hz,
        "pace": settings.pace,
    }
    return run_episode(
        session,
        get_task(job.task, settings.variant),
        expert_performer(job.task),
        job.seed,
        watch=lambda start: tap.recorded(start, folder, extra),
        randomisation=settings.randomize,
    )
