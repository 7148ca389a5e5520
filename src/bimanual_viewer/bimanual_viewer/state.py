"""What the viewer knows of the graph: the newest of everything, checked as it comes in, with the time it came.

Times called ``now`` are seconds of a steady wall clock; stamps [ns] are of the world's own time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError
from bimanual_core.observation import ObjectSnapshot

Array = NDArray[np.float64]
#: Longest text of a message that is kept, and most nodes that are listed: a page is no place for a flood.
LONGEST_TEXT, MOST_NODES = 500, 60
LEVELS = ("ok", "warn", "error", "stale")


@dataclass(frozen=True, eq=False)
class Track:
    """What a controller commands and measures of its joints, each (n,) [rad; grippers m]."""

    joints: tuple[str, ...]
    stamp_ns: int
    commanded: Array
    measured: Array


@dataclass(frozen=True)
class NodeHealth:
    """What a node last said of itself; ``level`` is one of LEVELS."""

    level: str
    message: str
    heard: float


@dataclass(frozen=True)
class Table:
    """A box [m] at ``xyz`` of the world, its colour 0..1."""

    size: tuple[float, float, float]
    xyz: tuple[float, float, float]
    rgb: tuple[float, float, float]


@dataclass(frozen=True)
class Request:
    """A service that was asked for, and its answer once it is there."""

    name: str
    asked: float
    answer: str = ""


@dataclass
class GraphState:
    """The newest of everything. Methods called ``take_*`` raise BimanualError for what makes no sense and keep what
    was known."""

    urdf: str = ""
    joints: dict[str, float] = field(default_factory=dict)  # position by joint [rad; m]
    joints_heard: float = -np.inf
    tracks: dict[str, Track] = field(default_factory=dict)  # by part: left_arm, left_gripper, ...
    objects: ObjectSnapshot | None = None
    table: Table | None = None
    stopped: bool | None = None  # None: the safety node was not heard
    stop_reason: str = ""
    task: dict[str, str] = field(default_factory=dict)
    simulation: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, NodeHealth] = field(default_factory=dict)
    pictures: dict[str, NDArray[np.uint8]] = field(default_factory=dict)  # by camera, (H, W, 3) RGB
    request: Request | None = None
    dropped: dict[str, str] = field(default_factory=dict)  # by topic: why its last bad message was dropped

    def take_joints(self, names: Sequence[str], positions: Sequence[float], now: float) -> None:
        """Measured joints."""
        values = _finite(positions, len(names))
        self.joints = dict(zip(names, values.tolist(), strict=True))
        self.joints_heard = now

    def take_track(
        self, part: str, joints: Sequence[str], stamp_ns: int, commanded: Sequence[float], measured: Sequence[float]
    ) -> None:
        """State of one controller."""
        n = len(joints)
        self.tracks[part] = Track(tuple(joints), stamp_ns, _finite(commanded, n), _finite(measured, n))

    def take_safety(self, stopped: bool, reason: str) -> None:
        self.stopped, self.stop_reason = stopped, text(reason)

    def take_owners(self, arms: Sequence[str], owners: Sequence[str]) -> None:
        if len(arms) != len(owners):
            raise BimanualError(f"{len(arms)} arms and {len(owners)} owners")
        self.owners = {text(arm): text(owner) for arm, owner in zip(arms, owners, strict=True)}

    def take_health(self, statuses: Iterable[tuple[str, int, str]], now: float) -> None:
        """Name, level (0 ok, 1 warn, 2 error, 3 stale) and words of nodes."""
        for name, level, message in statuses:
            if not 0 <= level < len(LEVELS):
                raise BimanualError(f"diagnostics of {text(name)!r}: level {level} is outside [0, {len(LEVELS) - 1}]")
            if name in self.nodes or len(self.nodes) < MOST_NODES:
                self.nodes[text(name)] = NodeHealth(LEVELS[level], text(message), now)

    def take_picture(self, camera: str, encoding: str, height: int, width: int, data: bytes) -> None:
        """Pixels of a colour image: rgb8, bgr8 or mono8."""
        channels = {"rgb8": 3, "bgr8": 3, "mono8": 1}.get(encoding)
        if channels is None:
            raise BimanualError(f"encoding {text(encoding)!r} is not shown; choices: rgb8, bgr8, mono8")
        if not height or not width or len(data) != height * width * channels:
            raise BimanualError(f"{len(data)} bytes are no {width} x {height} picture of {encoding}")
        picture = np.frombuffer(data, np.uint8).reshape(height, width, channels)
        if encoding == "bgr8":
            picture = picture[..., ::-1]
        self.pictures[camera] = picture if channels == 3 else np.repeat(picture, 3, axis=2)

    def drop(self, topic: str, error: Exception) -> None:
        """Remember that a message of ``topic`` made no sense."""
        self.dropped[topic] = text(str(error))


def named(values: Mapping[str, object]) -> dict[str, str]:
    """Values as texts that fit a page; empty ones are left out."""
    return {name: text(str(value)) for name, value in values.items() if str(value)}


def text(words: str) -> str:
    """``words`` cut to a length that fits a page."""
    return words if len(words) <= LONGEST_TEXT else words[: LONGEST_TEXT - 1] + "…"


def _finite(values: Sequence[float], count: int) -> Array:
    array = np.array(values, dtype=float)
    if array.shape != (count,):
        raise BimanualError(f"{array.size} positions for {count} joints")
    if not np.all(np.isfinite(array)):
        raise BimanualError("a position is not finite")
    return array
