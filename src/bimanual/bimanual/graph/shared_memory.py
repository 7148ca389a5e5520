"""What Fast DDS leaves in /dev/shm when a process is killed: only one graph's files, only when nobody uses them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

SHM = Path("/dev/shm")
PREFIXES = ("fastrtps_", "sem.fastrtps_", "fastdds_", "sem.fastdds_")
#: What a graph wants of /dev/shm [MiB]: a participant takes up to 35, a full graph with tools has about a dozen.
NEEDED_MIB = 512


def room_mib(folder: Path = SHM) -> tuple[int, int]:
    """Free and total room of /dev/shm [MiB]; 0, 0 where there is none."""
    if not folder.is_dir():
        return 0, 0
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize // 2**20, stat.f_blocks * stat.f_frsize // 2**20


def lacks_room(folder: Path = SHM) -> str:
    """Why a graph cannot use much shared memory and how to mend that; empty if it can."""
    free, total = room_mib(folder)
    if free >= NEEDED_MIB:
        return ""
    return (
        f"{folder} has {free} of {total} MiB free, a graph wants {NEEDED_MIB}: it speaks mostly by UDP instead, images "
        "may come late; mount -o remount,size=2G /dev/shm, or docker run --shm-size=2g"
    )


def dds_files() -> set[Path]:
    """The shared-memory files of Fast DDS on this machine."""
    if not SHM.is_dir():
        return set()
    return {path for path in SHM.iterdir() if path.name.startswith(PREFIXES)}


def mapped_files(pids: Iterable[int] | None = None) -> set[Path]:
    """Files of /dev/shm that living processes (all, or ``pids``) have open or mapped, as far as this user may see."""
    if pids is None:
        pids = [int(process.name) for process in Path("/proc").iterdir() if process.name.isdigit()]
    used: set[Path] = set()
    for process in (Path("/proc") / str(pid) for pid in pids):
        try:
            maps = (process / "maps").read_text(encoding="utf-8", errors="replace")
            opened = [str(link.readlink()) for link in (process / "fd").iterdir()]
        except OSError:
            continue  # ended meanwhile, or another user's
        words = [line.split(maxsplit=5)[-1] for line in maps.splitlines() if "/dev/shm/" in line]
        used.update(Path(word) for word in [*words, *opened] if word.startswith("/dev/shm/"))
    return used


def unused(files: set[Path]) -> set[Path]:
    """Those of ``files`` that belong to nothing a living process has mapped. A port's lock file and semaphore are open
    for moments only, so they count as used as long as the port itself is."""
    used = {_base(path) for path in mapped_files()} if files else set()
    return {path for path in files if _base(path) not in used}


def _base(path: Path) -> str:
    """The port or segment that a file belongs to."""
    return path.name.removeprefix("sem.").removesuffix("_mutex").removesuffix("_el")


def remove_unused(before: set[Path]) -> list[Path]:
    """Remove Fast DDS files that appeared since ``before`` and that no living process uses; returns them."""
    stale = sorted(unused(dds_files() - before))
    for path in stale:
        path.unlink(missing_ok=True)
    return stale
