"""Nodes that die are told of with their last words, and come up again: not at once, and not for ever."""

import os
import signal
import threading
from pathlib import Path

import pytest

from bimanual.graph.description import NodeSpec, resolve
from bimanual.graph.respawn import Respawner, RestartPolicy
from bimanual.graph.supervisor import Supervisor
from bimanual_core.errors import SilentNodeError

PROGRAMS = {
    "waiting": "import time\nprint('ready', flush=True)\ntime.sleep(60)\n",
    "dying": "import sys\nprint('no Vulkan device')\nsys.exit(3)\n",
}


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    for name, text in PROGRAMS.items():
        package = tmp_path / name
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "node.py").write_text(text)
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    return Supervisor((NodeSpec("waiting", "waiting"),), resolve({}), env, tmp_path / "log")


def test_a_restarted_node_takes_the_place_of_the_dead_whose_log_stays(supervisor: Supervisor) -> None:
    with supervisor:
        supervisor.start(NodeSpec("waiting", "second"))
        first = supervisor.find("waiting")
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait(10.0)
        with pytest.raises(SilentNodeError, match=r"node waiting died \(killed by SIGKILL\)"):
            supervisor.check()
        again = supervisor.restart("waiting")
        supervisor.check()
        assert [node.spec.name for node in supervisor.processes] == ["waiting", "second"]
        assert supervisor.find("waiting") is again
        assert again.process.pid != first.process.pid
        assert (first.log_file.name, again.log_file.name) == ("waiting.log", "waiting.2.log")
    assert again.process.returncode == -signal.SIGINT


def test_a_living_or_stopped_node_ends_before_it_starts_again(supervisor: Supervisor) -> None:
    with supervisor:
        first = supervisor.find("waiting")
        os.kill(first.process.pid, signal.SIGSTOP)
        supervisor.restart("waiting")
        assert first.process.returncode == -signal.SIGINT


def test_nodes_outlive_the_thread_that_started_them(supervisor: Supervisor) -> None:
    try:
        thread = threading.Thread(target=supervisor.__enter__)
        thread.start()
        thread.join()
        node = supervisor.find("waiting")
        with pytest.raises(TimeoutError):
            wait(node.process.pid, 0.5)
        supervisor.check()
    finally:
        supervisor.stop()


def wait(pid: int, seconds: float) -> None:
    """Wait for a process's end; raises TimeoutError."""
    ended = threading.Event()
    watcher = threading.Thread(target=lambda: (os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT), ended.set()))
    watcher.daemon = True
    watcher.start()
    if not ended.wait(seconds):
        raise TimeoutError


def test_a_node_that_dies_again_and_again_is_given_up(supervisor: Supervisor) -> None:
    told: list[str] = []
    respawner = Respawner(supervisor, told.append, RestartPolicy(1.0, 3.0, limit=3, window_s=60.0))
    started: list[float] = []

    def look_on(now: float) -> None:
        for at in range(20):
            supervisor.find("dying").process.wait(20.0)
            started.extend([now + at] * len(respawner.look(now + at)))

    with supervisor:
        supervisor.start(NodeSpec("dying", "dying"))
        with pytest.raises(SilentNodeError, match=r"(?s)no Vulkan device.*died 4 times within 60 s, at most 3"):
            look_on(100.0)
        assert started == [101.0, 104.0, 108.0]  # delays of 1, 2 and 3 s, and a second until the death is seen
        assert "died (exit code 3)" in told[0]
        assert "it starts again in 1 s (1 of at most 3)" in told[0]
        assert "node dying was started again" in told[1]
        assert not supervisor.find("waiting").dead


def test_old_deaths_are_forgiven(supervisor: Supervisor) -> None:
    respawner = Respawner(supervisor, lambda _: None, RestartPolicy(1.0, limit=1, window_s=10.0))
    with supervisor:
        supervisor.start(NodeSpec("dying", "dying"))
        for day in range(3):
            supervisor.find("dying").process.wait(20.0)
            respawner.look(100.0 * day)
            assert respawner.look(100.0 * day + 1.0) == ["dying"]
