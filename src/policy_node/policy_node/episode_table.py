"""One recorded episode as a table at a policy's rate: joints measured and commanded, and the camera frame of each row.

Every value is the newest at or before its row's instant, so that no row knows the future.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode, UnknownNameError
from bimanual_core.observation import CameraFrame
from bimanual_core.robot import RobotSpec
from bimanual_data.image_messages import DEPTH_SUFFIX, depth_of
from bimanual_data.readers import NS, EpisodeReader, header_ns
from policy_node.static_frames import world_pose

Array = NDArray[np.float64]
Stamps = NDArray[np.int64]
#: A stream whose newest message is older than this has gone silent [s].
SILENCE_S = 0.2
JOINTS = "joint_states"
STATIC_FRAMES = "/tf_static"
OBJECTS = "scene/objects"


@dataclass(frozen=True, eq=False)
class EpisodeTable:
    """Rows at a policy's rate: stamps (T,) [ns], state and action (T, D) in flat order [rad; grippers m], and the depth
    message of each row with its camera's K (3, 3) [px] and pose in the world."""

    stamps_ns: Stamps
    state: Array
    action: Array
    depth_messages: tuple[Any, ...]
    camera: str
    K: Array
    T_world_camera: Array

    def frames(self) -> Iterator[CameraFrame]:
        """The camera frame of each row, with depth alone: its colour is black."""
        for message in self.depth_messages:
            depth = depth_of(message)
            black = np.zeros((*depth.shape, 3), np.uint8)
            yield CameraFrame(self.camera, header_ns(message.header), black, depth, self.K, self.T_world_camera)


@dataclass(frozen=True)
class _Topics:
    """The bag's own names of what is read."""

    joints: str
    depth: str
    info: str
    controllers: tuple[str, ...]
    static_frames: str
    objects: str | None

    @property
    def all(self) -> tuple[str, ...]:
        """Those that the bag has."""
        names = (self.joints, self.depth, self.info, *self.controllers, self.static_frames, self.objects)
        return tuple(name for name in names if name is not None)


def read_table(folder: Path, robot: RobotSpec, camera: str, rate_hz: int) -> EpisodeTable:
    """The table of the episode in ``folder``.

    Raises BimanualError naming the episode for a topic, joint or camera frame that is missing, a stream that goes
    silent, a camera that is not fixed in the world, or values that are not finite.
    """
    try:
        return _read(EpisodeReader(folder), robot, camera, rate_hz)
    except BimanualError as error:
        raise BimanualError(f"{folder}: {error}", ErrorCode.DATA_INVALID) from None


def _read(reader: EpisodeReader, robot: RobotSpec, camera: str, rate_hz: int) -> EpisodeTable:
    topics = _topics(reader, robot, camera)
    streams: dict[str, list[Any]] = defaultdict(list)
    for message in reader.messages(*topics.all):
        streams[message.topic].append(message.decoded)
    info = streams[topics.info][0]
    frames = [t for m in streams[topics.static_frames] for t in m.transforms]
    measured = _Stream.of_joints(JOINTS, streams[topics.joints])
    depth = _Stream.of_messages(f"camera {camera!r}", streams[topics.depth])
    commanded = [_Stream.of_references(name, streams[name]) for name in topics.controllers]
    scene_ns = _scene_start(streams[topics.objects]) if topics.objects else 0
    instants = _instants(depth, [measured, *commanded], scene_ns, rate_hz)
    return EpisodeTable(
        instants,
        _flat(robot, [measured], instants),
        _flat(robot, commanded, instants),
        tuple(depth.values[i] for i in depth.newest(instants)),
        camera,
        np.asarray(info.k, float).reshape(3, 3),
        world_pose(frames, info.header.frame_id),
    )


def _topics(reader: EpisodeReader, robot: RobotSpec, camera: str) -> _Topics:
    base = f"{camera}_camera/aligned_depth_to_color"
    groups = robot.joints.groups
    return _Topics(
        reader.topic(JOINTS),
        _camera_topic(reader, camera, f"{base}/image_raw{DEPTH_SUFFIX}"),
        _camera_topic(reader, camera, f"{base}/camera_info"),
        tuple(reader.topic(f"{group}_controller/controller_state") for group in groups),
        reader.topic(STATIC_FRAMES),
        reader.topic(OBJECTS) if reader.has(OBJECTS) else None,
    )


def _camera_topic(reader: EpisodeReader, camera: str, name: str) -> str:
    try:
        return reader.topic(name)
    except UnknownNameError:
        raise BimanualError(f"no depth of camera {camera!r} was recorded ({name} is missing)") from None


@dataclass(frozen=True, eq=False)
class _Stream:
    """Stamped values of one topic, by increasing stamps; ``names`` are the joints of vector values."""

    what: str
    stamps_ns: Stamps
    values: Any
    names: tuple[str, ...] = ()

    @classmethod
    def of_messages(cls, what: str, messages: list[Any]) -> _Stream:
        stamps = np.array([header_ns(m.header) for m in messages], np.int64)
        order = np.argsort(stamps, kind="stable")
        return cls(what, stamps[order], [messages[i] for i in order])

    @classmethod
    def of_joints(cls, what: str, messages: list[Any]) -> _Stream:
        return cls._of_vectors(what, messages, lambda m: (m.name, m.position))

    @classmethod
    def of_references(cls, what: str, messages: list[Any]) -> _Stream:
        return cls._of_vectors(what, messages, lambda m: (m.joint_names, m.reference.positions))

    @classmethod
    def _of_vectors(cls, what: str, messages: list[Any], read: Any) -> _Stream:
        plain = cls.of_messages(what, messages)
        names = tuple(read(plain.values[0])[0])
        rows = []
        for message in plain.values:
            found, positions = read(message)
            if tuple(found) != names or len(positions) != len(names):
                raise BimanualError(f"{what}: {len(positions)} positions of {list(found)}, expected {list(names)}")
            rows.append(positions)
        return cls(what, plain.stamps_ns, np.array(rows, float), names)

    def newest(self, instants_ns: Stamps) -> NDArray[np.int64]:
        """Index of the newest value at or before each instant. Raises BimanualError where it is too old."""
        index = np.searchsorted(self.stamps_ns, instants_ns, side="right") - 1
        age = (instants_ns - self.stamps_ns[index]) / NS
        late = np.flatnonzero((index < 0) | (age > SILENCE_S))
        if late.size:
            row = int(late[0])
            when = (instants_ns[row] - instants_ns[0]) / NS
            raise BimanualError(
                f"{self.what} is silent for {age[row]:.2f} s at {when:.2f} s of the episode (limit {SILENCE_S} s)"
            )
        return index


def _scene_start(objects: list[Any]) -> int:
    """Stamp [ns] from which on the episode's own scene is there: a recording may begin in the one before."""
    newest = max(message.scene_id for message in objects)
    return min(header_ns(message.header) for message in objects if message.scene_id == newest)


def _instants(depth: _Stream, others: list[_Stream], scene_ns: int, rate_hz: int) -> Stamps:
    """Instants [ns] from the first picture after the scene and every stream have begun to where the first one ends."""
    last = min(int(s.stamps_ns[-1]) for s in (depth, *others))
    begun = max(scene_ns, *(int(s.stamps_ns[0]) for s in others))
    pictures = depth.stamps_ns[(depth.stamps_ns >= begun) & (depth.stamps_ns <= last)]
    if pictures.size == 0:
        raise BimanualError(f"{depth.what} has no picture of the scene while the joints are recorded")
    first = int(pictures[0])
    return first + np.arange((last - first) * rate_hz // NS + 1) * NS // rate_hz


def _flat(robot: RobotSpec, streams: list[_Stream], instants: Stamps) -> Array:
    """Joint positions (T, D) in flat order from streams that together have every joint."""
    columns = {name: stream.values[:, i] for stream in streams for i, name in enumerate(stream.names)}
    missing = [name for name in robot.joints.names if name not in columns]
    if missing:
        what = ", ".join(stream.what for stream in streams)
        raise BimanualError(f"{what}: joint {missing[0]!r} of robot {robot.name!r} is missing")
    newest = {name: stream.newest(instants) for stream in streams for name in stream.names}
    table = np.stack([columns[name][newest[name]] for name in robot.joints.names], axis=1)
    bad = np.argwhere(~np.isfinite(table))
    if bad.size:
        row, column = bad[0]
        what = ", ".join(stream.what for stream in streams)
        raise BimanualError(f"{what}: {robot.joints.names[column]} is {table[row, column]} in row {row}")
    return table
