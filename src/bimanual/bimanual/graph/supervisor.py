"""The processes of a graph: started together, watched, and all gone at the end.

Each node is a process of its own in a process group of its own, so a Ctrl-C at the terminal reaches only the
supervisor, which then stops the nodes in order. A node that dies is named with its exit code and last words.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bimanual.graph.description import NodeSpec, Value, ros_arguments
from bimanual.graph.shared_memory import dds_files, mapped_files, remove_unused
from bimanual_core.errors import SilentNodeError, UnknownNameError

#: What a node gets to end by itself after each signal [s].
GRACE_S = {signal.SIGINT: 5.0, signal.SIGTERM: 2.0, signal.SIGKILL: 2.0}
LAST_WORDS = 12
# Looked up before any fork: the child may not load libraries.
_PRCTL = ctypes.CDLL(None, use_errno=True).prctl
_PR_SET_PDEATHSIG = 1
# The kernel takes the thread that made a child for its parent, and would interrupt the child when that thread ends:
# one thread, which lives as long as this process, makes them all.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


@dataclass
class NodeProcess:
    """A running node and the file its output goes to."""

    spec: NodeSpec
    process: subprocess.Popen[bytes]
    log_file: Path

    def last_words(self) -> str:
        """The last lines the node wrote."""
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return "\n".join(lines[-LAST_WORDS:])

    @property
    def dead(self) -> bool:
        return self.process.poll() is not None

    def obituary(self) -> str:
        """How a dead node ended, where its log is and its last words."""
        words = self.last_words()
        told = f"node {self.spec.name} died ({_ending(self.process.returncode)}); its log: {self.log_file}"
        return f"{told}\n{words}" if words else told


class Supervisor:
    """Starts the nodes of a graph and answers for them. Use as a context manager."""

    def __init__(
        self, nodes: Sequence[NodeSpec], arguments: Mapping[str, Value], environ: Mapping[str, str], log_dir: Path
    ) -> None:
        self._nodes = nodes
        self._arguments = arguments
        self._environ = dict(environ)
        self._log_dir = log_dir
        self._others_files = dds_files()
        self.processes: list[NodeProcess] = []

    def __enter__(self) -> Supervisor:
        self._log_dir.mkdir(parents=True, exist_ok=True)
        try:
            for spec in self._nodes:
                self.start(spec)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, spec: NodeSpec) -> NodeProcess:
        """Start one node in a process group of its own, its output in ``<log_dir>/<name>.log``; where that log is of an
        earlier life, in ``<name>.2.log`` and so on."""
        log_file = self._log_dir / f"{spec.name}.log"
        life = 1
        while log_file.exists():
            life += 1
            log_file = self._log_dir / f"{spec.name}.{life}.log"
        command = [sys.executable, "-m", spec.module, *ros_arguments(spec, self._arguments)]
        with log_file.open("wb") as log:
            process = _SPAWNER.submit(
                subprocess.Popen,
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environ,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            ).result()
        node = NodeProcess(spec, process, log_file)
        self.processes.append(node)
        return node

    def restart(self, name: str) -> NodeProcess:
        """Start the node called ``name`` anew, in its place among the others; if it lives, it is ended before.

        What its DDS participant left in /dev/shm is removed: in a small one it would take the room of the next.
        """
        node = self.find(name)
        self._note_files()
        _end([node])
        remove_unused(self._others_files)
        place = self.processes.index(node)
        started = self.start(node.spec)
        self.processes[place] = self.processes.pop()
        return started

    def find(self, name: str) -> NodeProcess:
        """The process of the node called ``name``."""
        for node in self.processes:
            if node.spec.name == name:
                return node
        raise UnknownNameError("node", name, [n.spec.name for n in self.processes])

    def dead(self) -> list[NodeProcess]:
        """The nodes that have ended."""
        return [node for node in self.processes if node.dead]

    def check(self) -> None:
        """Raise SilentNodeError naming the nodes that have died, their exit codes and their last words."""
        dead = self.dead()
        if dead:
            raise SilentNodeError("\n".join(node.obituary() for node in dead))

    def stop(self) -> None:
        """End every node: SIGINT first, then SIGTERM, then SIGKILL; then remove what the dead left in /dev/shm."""
        self._note_files()
        _end(self.processes)
        remove_unused(self._others_files)

    def _note_files(self) -> None:
        """Graphs share some files: one that another graph made, and has left to this one, is this one's to remove."""
        self._others_files -= mapped_files(node.process.pid for node in self.processes)


def _end(nodes: Sequence[NodeProcess]) -> None:
    """End ``nodes``, the last first: SIGINT, then SIGTERM, then SIGKILL. A stopped process is let go on to hear it."""
    for number, grace in GRACE_S.items():
        running = [node for node in nodes if not node.dead]
        for node in reversed(running):
            _signal_group(node.process.pid, number)
            _signal_group(node.process.pid, signal.SIGCONT)
        deadline = time.monotonic() + grace
        for node in running:
            try:
                node.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                continue
        if all(node.dead for node in nodes):
            return


def _end_with_parent() -> None:
    """In a new node's process: be interrupted when the supervisor's process ends, however it ends (Linux)."""
    _PRCTL(_PR_SET_PDEATHSIG, signal.SIGINT)


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return  # ended in the meantime, which is what was asked for


def _ending(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
