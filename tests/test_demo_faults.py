"""The demo where something is wrong: names nobody knows, no Vulkan device, a node killed amid the motion."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bimanual.graph.shared_memory import dds_files, mapped_files
from bimanual_data.readers import EpisodeReader

COMMAND = (sys.executable, "-m", "bimanual")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("demo --task nope", "unknown task 'nope'; choices: adjust_bottle, beat_block_hammer"),
        ("demo --variant nope", "unknown variant of handover_block 'nope'; choices: robotwin1, robotwin2"),
        ("demo --robot nope", "unknown robot 'nope'; choices: cobot_magic"),
        ("demo --seed -1", "seed -1 is below the limit 0"),
        ("up sim time_mode:=bogus", "time_mode:='bogus' is not a choice; choices: realtime, lockstep"),
        ("up sim robot:=nope", "unknown robot 'nope'; choices: cobot_magic"),
        ("up sim task:=nope", "unknown task 'nope'; choices: adjust_bottle, beat_block_hammer"),
        ("eval --task nope", "unknown task 'nope'; choices: adjust_bottle, beat_block_hammer"),
        ("nope", "unknown verb 'nope'; choices: assets, bench, collect, demo"),
    ],
)
def test_unknown_names_are_one_line(words: str, told: str) -> None:
    ended = subprocess.run([*COMMAND, *words.split()], capture_output=True, text=True, timeout=30.0)
    assert ended.returncode == 1
    assert f"error: {told}" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "episode" / "kept"
    kept.mkdir(parents=True)
    ended = subprocess.run([*COMMAND, "demo", "--out", str(tmp_path)], capture_output=True, text=True, timeout=30.0)
    assert ended.returncode == 1
    assert f"error: {kept.parent} exists already; name another folder with --out" in ended.stderr
    assert list(kept.parent.iterdir()) == [kept]


@pytest.mark.slow
@pytest.mark.graph
def test_a_missing_vulkan_device_says_what_to_install(tmp_path: Path) -> None:
    environ = os.environ | {"VK_DRIVER_FILES": "/nonexistent", "VK_ICD_FILENAMES": "/nonexistent"}
    command = [*COMMAND, "demo", "--out", str(tmp_path / "out")]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60.0)
    assert ended.returncode == 1
    assert "node sim_bridge died" in ended.stderr
    assert "error: no Vulkan device for rendering" in ended.stderr
    assert "mesa-vulkan-drivers" in ended.stderr
    assert "./bimanual doctor" in ended.stderr
    assert "Traceback" not in ended.stderr


class RunningDemo:
    """A demo as a process, its words as they come."""

    def __init__(self, folder: Path) -> None:
        command = [*COMMAND, "demo", "--json", "--out", str(folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.said: list[str] = []
        self._overdue = threading.Timer(150.0, self.process.kill)
        self._overdue.start()

    def until(self, words: str) -> None:
        """Read until a line of stderr has ``words``."""
        for line in self.process.stderr:
            self.said.append(line)
            if words in line:
                return
        pytest.fail(f"the demo ended without {words!r}: {''.join(self.said)}")

    def nodes(self) -> dict[str, int]:
        """Process by node name of the demo's own children."""
        found = {}
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            for pid in (task / "children").read_text().split():
                words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
                found.update({w.removeprefix("__node:="): int(pid) for w in words if w.startswith("__node:=")})
        return found

    def end(self) -> tuple[str, str]:
        """stdout and all of stderr, once the demo has ended."""
        out, err = self.process.communicate()
        return out, "".join(self.said) + err

    def close(self) -> None:
        self._overdue.cancel()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20.0)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[RunningDemo]:
    running = RunningDemo(tmp_path / "out")
    yield running
    running.close()


def wait_for_motion(episode: Path) -> None:
    """Until the recording has grown past what a resting world leaves in it: about a second of motion [bytes]."""
    file, wait, grown = episode / "episode_0.mcap", threading.Event(), 1_000_000
    for _ in range(600):
        if file.is_file() and file.stat().st_size > grown:
            return
        wait.wait(0.1)
    pytest.fail(f"{file} did not grow")


@pytest.mark.slow
@pytest.mark.graph
@pytest.mark.sim
def test_a_killed_planner_ends_the_demo_and_leaves_a_readable_bag(demo: RunningDemo, tmp_path: Path) -> None:
    files = dds_files()
    demo.until("task: ")
    nodes = demo.nodes()
    assert set(nodes) >= {"sim_bridge", "planner", "recorder", "task_server", "safety", "robot_state_publisher"}
    episode = tmp_path / "out" / "episode"
    wait_for_motion(episode)
    os.kill(nodes["planner"], signal.SIGKILL)
    out, err = demo.end()
    assert demo.process.returncode == 1
    assert "error: node planner died (killed by SIGKILL)" in err
    assert f"the recording up to then: {episode}" in err
    assert "Traceback" not in err
    answer = json.loads(out.splitlines()[-1])
    assert not answer["success"]
    assert "node planner died" in answer["error"]
    assert not [pid for pid in nodes.values() if Path(f"/proc/{pid}").exists()]
    assert (dds_files() - files) <= mapped_files()
    reader = EpisodeReader(episode)
    assert not reader.meta.success
    assert np.ptp(reader.joints().position, axis=0).max() > 0.1
