"""Demonstrations ready to learn from: recorded episodes as arrays, checked, with their point clouds cached beside them.

The cache is keyed by the content of the recording and by how the cloud is made, so that it is never stale.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.robot import RobotSpec
from bimanual_data.bag_scan import mcap_of
from bimanual_data.episode import EpisodeMeta, find_episodes, load_meta
from policy_node.dp3.config import ChunkConfig, CloudConfig
from policy_node.episode_table import EpisodeTable, read_table
from policy_node.points import policy_cloud

Array32 = NDArray[np.float32]
CACHE_FOLDER = ".clouds"
#: Part of the key: raised when the same recording gives another table.
CACHE_VERSION = 1
#: Rows of rest kept before the first command; more teach a policy to wait.
REST_ROWS = 3
#: Commands closer than this are the same [rad; m].
REST_TOLERANCE = 1e-4

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Demonstration:
    """One episode: state and action (T, D), cloud (T, N, 3), all float32, and the camera's picture size (W, H) [px]."""

    name: str
    state: Array32
    action: Array32
    cloud: Array32
    image_size: tuple[int, int]

    def __post_init__(self) -> None:
        rows, width = self.state.shape
        if self.action.shape != (rows, width) or self.cloud.shape[::2] != (rows, 3):
            raise BimanualError(
                f"{self.name}: state {self.state.shape}, action {self.action.shape} and cloud {self.cloud.shape} do "
                "not belong together",
                ErrorCode.DATA_INVALID,
            )
        for what in ("state", "action", "cloud"):
            if not np.all(np.isfinite(getattr(self, what))):
                raise BimanualError(f"{self.name}: {what} holds values that are not finite", ErrorCode.DATA_INVALID)

    @property
    def length(self) -> int:
        return len(self.state)


@dataclass(frozen=True, eq=False)
class DemonstrationSet:
    """All demonstrations of one task by one robot; ``failed`` episodes were skipped."""

    robot: RobotSpec
    task: str
    variant: str
    demonstrations: tuple[Demonstration, ...]
    failed: int
    digest: str

    @property
    def image_size(self) -> tuple[int, int]:
        """Width and height [px] of the camera's pictures."""
        return self.demonstrations[0].image_size

    @property
    def rows(self) -> int:
        return sum(d.length for d in self.demonstrations)


def describe(folder: Path | str) -> EpisodeMeta:
    """Metadata of the first episode below ``folder``; its robot is the data set's. Raises BimanualError."""
    return load_meta(_episodes(Path(folder))[0])


def load_demonstrations(
    folder: Path | str, robot: RobotSpec, cloud: CloudConfig, chunk: ChunkConfig, progress: Progress | None = None
) -> DemonstrationSet:
    """The successful episodes below ``folder``.

    ``progress`` is told how many of how many are read. Raises BimanualError naming the episode for another robot or
    task, missing cameras or joints, values that are not finite, and where no episode succeeded.
    """
    folder = Path(folder)
    episodes = [(path, load_meta(path)) for path in _episodes(folder)]
    kept = [(path, meta) for path, meta in episodes if meta.success]
    if not kept:
        raise BimanualError(
            f"{folder}: none of {len(episodes)} episodes succeeded; nothing to learn from", ErrorCode.DATA_INVALID
        )
    _check_alike(kept, robot)
    demonstrations, digest = [], hashlib.sha256()
    for number, (path, _) in enumerate(kept, start=1):
        key = _key(path, cloud, chunk)
        digest.update(key.encode())
        demonstrations.append(_load(path, folder / CACHE_FOLDER / f"{key}.npz", robot, cloud, chunk))
        if progress is not None:
            progress(number, len(kept))
    sizes = {d.image_size: d.name for d in demonstrations}
    if len(sizes) > 1:
        both = ", ".join(f"{w} x {h} px ({name})" for (w, h), name in sizes.items())
        raise BimanualError(
            f"{folder}: camera {cloud.camera!r} has several picture sizes: {both}", ErrorCode.DATA_INVALID
        )
    meta = kept[0][1]
    failed = len(episodes) - len(kept)
    return DemonstrationSet(robot, meta.task, meta.variant, tuple(demonstrations), failed, digest.hexdigest()[:16])


def _episodes(folder: Path) -> list[Path]:
    found = find_episodes(folder) if folder.is_dir() else []
    if not found:
        raise BimanualError(f"{folder}: no episodes there (folders with an episode.json)", ErrorCode.DATA_INVALID)
    return found


def _check_alike(episodes: Sequence[tuple[Path, EpisodeMeta]], robot: RobotSpec) -> None:
    first = episodes[0][1]
    for path, meta in episodes:
        if meta.robot != robot.name:
            raise BimanualError(
                f"{path}: recorded with robot {meta.robot!r}, expected {robot.name!r}", ErrorCode.DATA_INVALID
            )
        if (meta.task, meta.variant) != (first.task, first.variant):
            raise BimanualError(
                f"{path}: task {meta.task!r} ({meta.variant}) among episodes of {first.task!r} ({first.variant}); "
                "one policy learns one task: keep them in folders of their own",
                ErrorCode.DATA_INVALID,
            )


def _key(episode: Path, cloud: CloudConfig, chunk: ChunkConfig) -> str:
    """Name of the cache of an episode: its recording's content and what the table is made with."""
    with mcap_of(episode).open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    how = json.dumps([CACHE_VERSION, content, asdict(cloud), chunk.rate_hz])
    return hashlib.sha256(how.encode()).hexdigest()[:24]


def _load(episode: Path, cache: Path, robot: RobotSpec, cloud: CloudConfig, chunk: ChunkConfig) -> Demonstration:
    cached = _from_cache(episode, cache, cloud.points, robot.joints.size)
    if cached is not None:
        return cached
    made = demonstration_of(episode.name, read_table(episode, robot, cloud.camera, chunk.rate_hz), cloud, str(episode))
    _to_cache(cache, made)
    return made


def demonstration_of(name: str, table: EpisodeTable, cloud: CloudConfig, where: str) -> Demonstration:
    """The demonstration in a table, without the rest before its first command. Raises BimanualError at ``where``."""
    start = lead_in(table.action)
    clouds, size = [], (0, 0)
    try:
        for row, frame in enumerate(table.frames()):
            if row >= start:
                clouds.append(policy_cloud(frame, cloud.crop, cloud.points))
                size = frame.depth_mm.shape[::-1]
    except BimanualError as error:
        raise BimanualError(f"{where}: {error}", ErrorCode.DATA_INVALID) from None
    state, action = (a[start:].astype(np.float32) for a in (table.state, table.action))
    return Demonstration(name, state, action, np.stack(clouds), size)


def lead_in(action: NDArray[np.float64]) -> int:
    """Rows of rest that may go: all but REST_ROWS of those before the commands (T, D) first change."""
    moved = np.flatnonzero(np.any(np.abs(action - action[0]) > REST_TOLERANCE, axis=1))
    return max(0, int(moved[0]) - REST_ROWS) if moved.size else 0


def _from_cache(episode: Path, cache: Path, points: int, joints: int) -> Demonstration | None:
    """What the cache holds; None where it holds nothing, or nothing whole."""
    try:
        with np.load(cache, allow_pickle=False) as held:
            size = tuple(int(n) for n in held["image_size"])
            made = Demonstration(episode.name, held["state"], held["action"], held["cloud"], (size[0], size[1]))
    except (OSError, KeyError, ValueError, IndexError, EOFError, BadZipFile, BimanualError):
        return None
    return made if made.cloud.shape[1] == points and made.state.shape[1] == joints else None


def _to_cache(cache: Path, made: Demonstration) -> None:
    """Write the cache at once; data that cannot be written beside is read anew each time."""
    fresh = cache.with_name(f"{cache.stem}.{os.getpid()}.new.npz")
    try:
        cache.parent.mkdir(exist_ok=True)
        np.savez(fresh, state=made.state, action=made.action, cloud=made.cloud, image_size=made.image_size)
        fresh.replace(cache)
    except OSError:
        fresh.unlink(missing_ok=True)
