"""Workers: answers to every job, deaths made good, errors passed on, nobody left behind."""

import importlib
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_tasks.crew import MOST_DEATHS, Crew

sys.path.insert(0, str(Path(__file__).parent))  # so that spawned workers can import it, too
work = importlib.import_module("fake_tasks_work")


def jobs(values):
    todo = iter(values)
    return lambda: next(todo, None)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pid, seconds=10.0):
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


def test_every_job_is_answered_and_the_workers_end():
    crew = Crew(work.squares, 2)
    seen, pids = {}, set()
    for job, answer in crew.run(jobs(range(1, 8))):
        seen[job] = answer
        pids |= set(crew.pids)
    assert seen == {job: job * job for job in range(1, 8)}
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)


def test_workers_that_die_are_replaced_and_their_jobs_done_once(tmp_path):
    told = []
    answers = [job for job, _ in Crew(partial(work.dying, str(tmp_path)), 2, told.append).run(jobs(range(1, 8)))]
    assert sorted(answers) == list(range(1, 8))
    assert len(told) == 2
    assert "exit code -9 at 3" in "".join(told)


def test_a_job_that_kills_every_worker_is_given_up(tmp_path):
    with pytest.raises(BimanualError, match=f"{MOST_DEATHS} workers died one after the other at 99") as caught:
        list(Crew(partial(work.dying, str(tmp_path)), 2).run(jobs([1, 99, 2])))
    assert caught.value.code == ErrorCode.EXECUTION_FAILED


def test_an_error_of_the_work_is_passed_on():
    with pytest.raises(BimanualError, match="no room for 5") as caught:
        list(Crew(work.failing, 1).run(jobs([5])))
    assert caught.value.code == ErrorCode.DATA_WRITE_FAILED


def test_no_workers_are_refused():
    with pytest.raises(BimanualError, match="below the limit 1"):
        Crew(work.squares, 0)


def test_workers_end_with_the_process_that_started_them(tmp_path):
    script = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "import fake_tasks_work as work\n"
        "from functools import partial\n"
        "from bimanual_tasks.crew import Crew\n"
        "if __name__ == '__main__':\n"
        "    list(Crew(partial(work.sleeping, sys.argv[1]), 2).run(iter([1, 2]).__next__))\n"
    )
    program = tmp_path / "program.py"
    program.write_text(script)
    folder = tmp_path / "pids"
    folder.mkdir()
    parent = subprocess.Popen([sys.executable, str(program), str(folder), str(Path(__file__).parent)])
    try:
        end = time.monotonic() + 60.0
        while len(list(folder.iterdir())) < 2 and time.monotonic() < end:
            time.sleep(0.02)
        pids = [int(path.name) for path in folder.iterdir()]
        assert len(pids) == 2
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
    assert all(gone(pid) for pid in pids)
