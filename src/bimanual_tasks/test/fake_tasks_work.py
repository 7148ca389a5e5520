"""Work for tests of the crew: squares, and what may go wrong in a worker."""

import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path

from bimanual_core.errors import BimanualError, ErrorCode


@contextmanager
def squares():
    yield lambda job: job * job


@contextmanager
def dying(folder):
    """Every third job kills its worker the first time it is done; job 99 does always."""

    def work(job):
        marker = Path(folder) / str(job)
        if job == 99 or (job % 3 == 0 and not marker.exists()):
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return job

    yield work


@contextmanager
def failing():
    def work(job):
        raise BimanualError(f"no room for {job}", ErrorCode.DATA_WRITE_FAILED)

    yield work


@contextmanager
def sleeping(folder):
    def work(job):
        (Path(folder) / str(os.getpid())).touch()
        time.sleep(60)

    yield work
