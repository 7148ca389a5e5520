"""The recorder's disk is full."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bimanual.faults.outcome import Outcome
from bimanual.faults.registry import kind
from bimanual.faults.rig import Rig
from bimanual.faults.watching import PATIENCE_S, Harm
from bimanual.graph.session import CLIENT
from bimanual_core.contract import RECORDER
from bimanual_core.errors import BimanualError

ROOM_KIB = 64


@kind(4.0)
def disk_full(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """No room for the bag, amid a motion that is recorded: the recorder says so, and records again when there is."""
    task = rig.start(CLIENT)
    harm = Harm(rig, outcome)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = _small_disk if os.geteuid() == 0 and rng.random() < 0.5 else _small_files
        with small(rig, folder):
            outcome.detail = "no space on the device" if small is _small_disk else "no larger file is allowed"
            rig.session.request("recorder/start", directory=str(folder / "full"), meta_json="{}")
            errors = rig.session.health.errors
            harm.noticed("watcher", rig.wait_for(lambda: errors().get(f"{RECORDER} error", ""), PATIENCE_S, 0.05))
            answer = rig.intruder.ask("recorder/stop")
            if answer.success:
                outcome.failure = "recorder/stop told of no loss"
            harm.expect_unharmed(task)
        harm.recover(lambda: _record(rig, folder / "again"))


@contextmanager
def _small_disk(_: Rig, folder: Path) -> Iterator[None]:
    """A file system with almost no room on ``folder``; for root only."""
    options = f"size={ROOM_KIB}k"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True, timeout=10.0)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, timeout=10.0)


@contextmanager
def _small_files(rig: Rig, _: Path) -> Iterator[None]:
    """The recorder's process may write no file beyond the limit; what it gets is an error all the same."""
    pid = rig.pid(RECORDER)
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (ROOM_KIB * 1024, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def _record(rig: Rig, folder: Path) -> None:
    """Record a moment. Raises BimanualError if nothing is in the bag."""
    rig.session.request("recorder/start", directory=str(folder), meta_json="{}")
    rig.session.world.wait(0.3)
    answer = rig.session.request("recorder/stop")
    if not sum(answer.counts):
        raise BimanualError("the bag is empty")
