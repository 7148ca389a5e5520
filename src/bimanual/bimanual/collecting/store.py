"""The folder of a collection: finished episodes by task and seed, ``collection.json``, and hidden what is under way.

An episode is recorded below ``.partial`` and moved to its place when it is complete, so that a folder with an
episode's name is always a whole episode, however the program ended.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from bimanual.collecting.pace import USUAL
from bimanual.collecting.settings import CollectSettings
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_data.bag_metadata import write_whole
from bimanual_data.bag_scan import is_complete, mcap_of
from bimanual_data.episode import load_meta
from bimanual_data.new_folder import check_outside_system

FILE_NAME = "collection.json"
FORMAT_VERSION = 1
PARTIAL, LOCK = ".partial", ".lock"
#: What collections were of that do not say it.
BEFORE = {"pace": USUAL}
_EPISODE = re.compile(r"episode_(\d{6})")


@dataclass
class TaskRecord:
    """How a task stands: seeds with an episode, and seeds that failed with their reason."""

    episodes: int
    succeeded: set[int] = field(default_factory=set)
    failed: dict[int, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For ``collection.json``."""
        return {
            "episodes": self.episodes,
            "attempted": len(self.succeeded) + len(self.failed),
            "succeeded": sorted(self.succeeded),
            "failed": [{"seed": seed, "reason": self.failed[seed]} for seed in sorted(self.failed)],
        }


class CollectionStore:
    """The collection in ``folder``, held by this process alone until :meth:`close`."""

    def __init__(self, folder: Path | str, settings: CollectSettings, resume: bool) -> None:
        """Raises BimanualError for a folder that cannot be written, that another process collects into, that holds
        something else, or a collection of other settings or without ``resume``."""
        self.folder = Path(folder).absolute()
        check_outside_system(self.folder)
        self._settings = settings
        self.tasks: dict[str, TaskRecord] = {}
        self._lock = self._take_lock(resume)
        try:
            if self._path.exists():
                self._load(resume)
            shutil.rmtree(self.folder / PARTIAL, ignore_errors=True)
        except BaseException:
            self.close()
            raise

    @property
    def _path(self) -> Path:
        return self.folder / FILE_NAME

    def want(self, task: str, episodes: int) -> TaskRecord:
        """The record of ``task``, of which ``episodes`` are wanted. Raises BimanualError if more were wanted before."""
        record = self.tasks.setdefault(task, TaskRecord(episodes))
        if episodes < record.episodes:
            raise BimanualError(
                f"{self.folder} was begun for {record.episodes} episodes of {task}, {episodes} are fewer; collect into "
                "another folder"
            )
        record.episodes = episodes
        return record

    def partial_folder(self, task: str, seed: int) -> Path:
        """Where the episode of ``seed`` is recorded."""
        return self.folder / PARTIAL / str(os.getpid()) / task / _name(seed)

    def keep(self, task: str, seed: int) -> Path:
        """Move a recorded episode to its place. Raises BimanualError if that fails."""
        place = self.folder / task / _name(seed)
        try:
            place.parent.mkdir(exist_ok=True)
            os.rename(self.partial_folder(task, seed), place)
        except OSError as error:
            raise _failed(place, error) from None
        self.tasks[task].succeeded.add(seed)
        self.save()
        return place

    def drop(self, task: str, seed: int, reason: str) -> None:
        """Forget the recording of a seed that failed, and note why. Raises BimanualError if that fails."""
        shutil.rmtree(self.partial_folder(task, seed), ignore_errors=True)
        self.tasks[task].failed[seed] = reason
        self.save()

    def save(self) -> None:
        """Write ``collection.json`` at once. Raises BimanualError if that fails."""
        values = {
            "format_version": FORMAT_VERSION,
            **self._settings.as_dict(),
            "tasks": {name: record.as_dict() for name, record in sorted(self.tasks.items())},
        }
        try:
            write_whole(self._path, json.dumps(values, indent=2) + "\n")
        except OSError as error:
            raise _failed(self._path, error) from None

    def close(self) -> None:
        """Clean up what is under way and let others collect here."""
        shutil.rmtree(self.folder / PARTIAL, ignore_errors=True)
        self._lock.close()

    # -- opening ------------------------------------------------------------------------------------------------------
    def _take_lock(self, resume: bool) -> IO[str]:
        try:
            if not resume and self.folder.is_dir() and any(p.name != LOCK for p in self.folder.iterdir()):
                hint = "add --resume to go on" if self._path.exists() else "collect into a new folder"
                raise BimanualError(f"{self.folder} is not empty; {hint}")
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / LOCK).open("w")
        except OSError as error:
            raise _failed(self.folder, error) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise BimanualError(f"another process collects into {self.folder}; wait for it or end it") from None
        return lock

    def _load(self, resume: bool) -> None:
        if not resume:
            raise BimanualError(f"{self.folder} holds a collection; add --resume to go on")
        values = self._read()
        for key, wanted in self._settings.as_dict().items():
            found = values.get(key, BEFORE.get(key))
            if found != wanted:
                raise BimanualError(
                    f"{self._path}: {key} is {found!r}, not {wanted!r} as asked for now; resume with what it "
                    "was begun with, or collect into another folder"
                )
        try:
            for name, record in values["tasks"].items():
                failed = {int(entry["seed"]): str(entry["reason"]) for entry in record["failed"]}
                self.tasks[name] = TaskRecord(int(record["episodes"]), self._find(name), failed)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BimanualError(f"{self._path} is damaged: {error!r}", ErrorCode.DATA_INVALID) from None

    def _read(self) -> dict[str, Any]:
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BimanualError(f"cannot read {self._path}: {error}", ErrorCode.DATA_INVALID) from None
        if not isinstance(values, dict) or values.get("format_version") != FORMAT_VERSION:
            raise BimanualError(f"{self._path} is no collection of version {FORMAT_VERSION}", ErrorCode.DATA_INVALID)
        return values

    def _find(self, task: str) -> set[int]:
        """Seeds whose episodes are in their place. Raises BimanualError for one that is damaged."""
        found = set()
        for path in sorted((self.folder / task).glob("episode_*")):
            match = _EPISODE.fullmatch(path.name)
            if match:
                seed = int(match.group(1))
                _check(path, task, seed)
                found.add(seed)
        return found


def _check(path: Path, task: str, seed: int) -> None:
    meta = load_meta(path)
    whole = meta.complete and meta.success and is_complete(mcap_of(path))
    if not whole or (meta.task, meta.seed) != (task, seed):
        raise BimanualError(
            f"{path} is not the whole episode of {task} seed {seed}; delete it and resume to collect it again",
            ErrorCode.DATA_INVALID,
        )


def _name(seed: int) -> str:
    return f"episode_{seed:06d}"


def _failed(path: Path, error: OSError) -> BimanualError:
    return BimanualError(f"cannot write {path}: {error.strerror or error}", ErrorCode.DATA_WRITE_FAILED)
