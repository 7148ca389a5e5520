"""``bench collect``: how many demonstrations a minute worker processes collect, joints only and with cameras."""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path

from bimanual.collecting.collect import Collection
from bimanual.collecting.job import expert_collector
from bimanual.collecting.settings import CAMERAS, CollectSettings
from bimanual.collecting.store import CollectionStore
from bimanual.output import note
from bimanual_core.errors import BimanualError
from bimanual_tasks.seeds import SEEDS_PER_BLOCK

TASK = "stack_blocks_two"
SECONDS, WORKERS = 60.0, 2


def bench_collect(seconds: float = SECONDS, workers: int = WORKERS) -> dict[str, float]:
    """Figures of ``bench collect``: demos_per_minute_state (no pictures) and demos_per_minute_rgbd (three RGB-D cameras
    of 320x240 at 15 Hz), each over ``seconds`` of wall time, expert successes only, written to disk as always.

    The clock starts when as many seeds are done as there are workers: their start-up is not counted.
    """
    if not 0.0 < seconds < float("inf"):
        raise BimanualError(f"seconds {seconds} must be above 0 and finite")
    return {
        "demos_per_minute_state": _rate((), seconds, workers),
        "demos_per_minute_rgbd": _rate(CAMERAS, seconds, workers),
    }


def _rate(cameras: tuple[str, ...], seconds: float, workers: int) -> float:
    """Episodes kept per minute."""
    settings = CollectSettings(cameras=cameras)
    with (
        tempfile.TemporaryDirectory(prefix="bimanual-bench-collect-") as folder,
        closing(CollectionStore(Path(folder) / "collection", settings, resume=False)) as store,
    ):
        # More than any machine does in the time: as many as there are seeds.
        collection = Collection(store, [TASK], SEEDS_PER_BLOCK, partial(expert_collector, settings))
        return _measure(collection, seconds, workers)


def _measure(collection: Collection, seconds: float, workers: int) -> float:
    began, done = 0.0, 0
    with closing(collection.run(workers, note)) as attempts:
        for number, attempt in enumerate(attempts, start=1):
            now = time.monotonic()
            if number == workers:
                began = now
            elif number > workers:
                done += attempt.result.demonstrates
                if now - began >= seconds:
                    return round(done * 60.0 / (now - began), 2)
    raise BimanualError("the seeds were used up before the time was over")
