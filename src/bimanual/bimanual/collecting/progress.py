"""How a collection goes: a bar with rate and remaining time on a terminal, one line per seed elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bimanual.collecting.collect import Attempt, Collection
from bimanual.output import note


class CollectProgress:
    """Shows ``collection`` while the block runs."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._began = time.monotonic()
        self._before = collection.succeeded
        self._bar: Progress | None = None
        if sys.stderr.isatty():
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeElapsedColumn(),
            )
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._row = self._bar.add_task("collecting", total=collection.wanted, completed=self._before, rate="")

    def __enter__(self) -> CollectProgress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    @property
    def seconds(self) -> float:
        """Wall time since the start [s]."""
        return time.monotonic() - self._began

    @property
    def per_minute(self) -> float:
        """Episodes collected per minute of this run."""
        return (self._collection.succeeded - self._before) * 60.0 / max(self.seconds, 1e-9)

    def tell(self, text: str) -> None:
        """Say what a person should know, without disturbing the bar."""
        if self._bar is None:
            note(text)
        else:
            self._bar.console.print(text, highlight=False, markup=False)

    def show(self, attempt: Attempt) -> None:
        """One more seed was done."""
        result, done, wanted = attempt.result, self._collection.succeeded, self._collection.wanted
        if not result.demonstrates:
            why = result.reason or f"not what the instruction says: {result.disagreement}"
            self.tell(f"{attempt.task} seed {result.seed} failed, not kept: {why}")
        rate = f"{self.per_minute:.1f}/min, {_clock(self._remaining(done, wanted))} left"
        if self._bar is not None:
            self._bar.update(self._row, completed=done, rate=rate, description=attempt.task)
        elif result.demonstrates:
            note(f"[{done}/{wanted}] {attempt.task} seed {result.seed}: {result.wall_seconds:.1f} s; {rate}")

    def _remaining(self, done: int, wanted: int) -> float:
        new = done - self._before
        return (wanted - done) * self.seconds / new if new else 0.0


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
