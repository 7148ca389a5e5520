"""Processes that each do one job after another; one that dies is replaced and its job done again.

Every worker has a pipe of its own, so that one that is killed at any instant holds up no other. Workers end by
themselves when the process that started them is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from bimanual_core.errors import BimanualError, ErrorCode

#: A job on which this many workers died is given up.
MOST_DEATHS = 3
#: What a worker gets to end by itself [s].
END_SECONDS = 5.0

Job = Any
#: Opens, in a worker, what answers its jobs. Job, answer and this function must be picklable.
OpenWork = Callable[[], AbstractContextManager[Callable[[Job], Any]]]
#: The next job, or None where there is none now; it is asked again after each answer.
NextJob = Callable[[], Job | None]


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    job: Job | None = None


class Crew:
    """``count`` workers, started as jobs come. ``tell`` hears of each that died."""

    def __init__(self, open_work: OpenWork, count: int, tell: Callable[[str], None] = lambda _: None) -> None:
        if count < 1:
            raise BimanualError(f"workers {count} is below the limit 1")
        self._open_work = open_work
        self._count = count
        self._tell = tell
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._again: list[Job] = []
        self._deaths: Counter[Any] = Counter()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.process.pid for worker in self._workers if worker.process.pid is not None]

    def run(self, next_job: NextJob) -> Iterator[tuple[Job, Any]]:
        """Yield (job, answer) as they come, until there is no job and none runs; then the workers have ended.

        Jobs must be hashable. Raises the BimanualError of a worker, and one for a job on which MOST_DEATHS workers
        died.
        """
        patience = 0.0
        try:
            while True:
                self._hand_out(next_job)
                busy = {worker.pipe: worker for worker in self._workers if worker.job is not None}
                if not busy:
                    break
                for pipe in connection.wait(list(busy)):
                    yield from self._answers(busy[pipe])  # type: ignore[index]
            patience = END_SECONDS
        finally:
            self._end(patience)

    def _hand_out(self, next_job: NextJob) -> None:
        """Give every idle worker a job, starting workers as long as there are jobs."""
        idle = [worker for worker in self._workers if worker.job is None]
        while idle or len(self._workers) < self._count:
            job = self._again.pop(0) if self._again else next_job()
            if job is None:
                return
            worker = idle.pop() if idle else self._start()
            worker.job = job
            try:
                worker.pipe.send(job)
            except OSError:
                self._lost(worker)

    def _answers(self, worker: _Worker) -> Iterator[tuple[Job, Any]]:
        try:
            kind, *content = worker.pipe.recv()
        except (EOFError, OSError):
            self._lost(worker)
            return
        if kind == "error":
            raise BimanualError(content[0], ErrorCode(content[1]))
        job, worker.job = worker.job, None
        yield job, content[0]

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._open_work), daemon=True)
        # The parent decides what a Ctrl-C means; a worker that took it, too, would print a traceback.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _lost(self, worker: _Worker) -> None:
        """Let go of a worker that died; its job comes first again. Raises BimanualError if it is given up."""
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join(END_SECONDS)
        job, code = worker.job, worker.process.exitcode
        self._deaths[job] += 1
        if self._deaths[job] >= MOST_DEATHS:
            raise BimanualError(
                f"{MOST_DEATHS} workers died one after the other at {job}, the last with exit code {code}",
                ErrorCode.EXECUTION_FAILED,
            )
        self._tell(f"a worker died with exit code {code} at {job}; another does it again")
        self._again.append(job)

    def _end(self, patience: float) -> None:
        for worker in self._workers:
            if patience:
                _dismiss(worker.pipe)
            else:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join(END_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.pipe.close()
        self._workers = []


def _dismiss(pipe: Connection) -> None:
    try:
        pipe.send(None)
    except OSError:
        return  # it ended already


def _serve(pipe: Connection, open_work: OpenWork) -> None:
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    try:
        with open_work() as work:
            while (job := pipe.recv()) is not None:
                pipe.send(("answer", work(job)))
    except BimanualError as error:
        pipe.send(("error", str(error), int(error.code)))
    except EOFError:
        return  # the parent is gone


def _end_with_parent() -> None:
    """Nobody waits for what this process does once its parent is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
