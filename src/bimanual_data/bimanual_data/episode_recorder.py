"""Records an episode in the process that simulates it: the same folder, topics and bytes as the recorder node's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bimanual_core.contract import endpoint
from bimanual_core.intrinsics import pinhole
from bimanual_core.message_template import MessageTemplate
from bimanual_core.observation import CameraFrame, JointSample, ObjectSnapshot, Setpoint
from bimanual_core.robot import RobotSpec
from bimanual_data import world_messages as encoded
from bimanual_data.image_messages import (
    COLOUR_SUFFIX,
    COMPRESSED_IMAGE,
    DEPTH_SUFFIX,
    Encoded,
    colour_message,
    depth_message,
)
from bimanual_data.recorder import Recorder, RecordingSummary

Array = NDArray[np.float64]

_COLOUR, _DEPTH = "color", "aligned_depth_to_color"


@dataclass(frozen=True, eq=False)
class FrameTree:
    """The robot's frames: its URDF, (parent, child, translation [m] and quaternion xyzw (7,)) of the fixed ones, and
    (parent, child) of the moving ones."""

    urdf: str
    fixed: Sequence[tuple[str, str, Array]]
    moving: Sequence[tuple[str, str]]


class EpisodeRecorder:
    """Writes one episode after the other; each stream is handed over when it is due, stamps as they are.

    Encoding of pictures and writing happen in threads. Any call raises BimanualError (DATA_WRITE_FAILED) once the bag
    cannot be written.
    """

    def __init__(self, robot: RobotSpec, frames: FrameTree, cameras: Sequence[str] = ()) -> None:
        self._robot = robot
        self._frames = frames
        self._messages = encoded.RobotMessages(robot)
        self._clock = encoded.clock_template()
        self._tf = encoded.transforms_template(frames.moving)
        self._infos: dict[str, MessageTemplate] = {}
        for name in cameras:
            camera = robot.camera(name)
            self._infos[name] = encoded.camera_info_template(camera.optical_frame, pinhole(camera))
        self._recorder = Recorder()

    @property
    def topics(self) -> dict[str, tuple[str, str]]:
        """Type and QoS preset of every topic of an episode."""
        names = ["/clock", "joint_states", "robot_description", "/tf", "/tf_static", "scene/objects", "task/status"]
        names += [f"{part}_controller/controller_state" for part in self._messages.parts]
        names += [f"{c}_camera/{stream}/camera_info" for c in self._infos for stream in (_COLOUR, _DEPTH)]
        found = {}
        for name in names:
            entry = endpoint(self._robot, name)
            found[_absolute(name)] = (entry.type, entry.qos.value)
        for camera in self._infos:
            for stream, suffix in ((_COLOUR, COLOUR_SUFFIX), (_DEPTH, DEPTH_SUFFIX)):
                entry = endpoint(self._robot, f"{camera}_camera/{stream}/image_raw")
                found[_absolute(entry.name) + suffix] = (COMPRESSED_IMAGE, entry.qos.value)
        return found

    def start(self, folder: Path | str, stamp_ns: int, meta: Mapping[str, Any]) -> None:
        """Begin an episode in a new folder, with what is said once. Raises BimanualError as ``Recorder.start``."""
        self._recorder.start(folder, {"robot": self._robot.name, **meta}, self.topics)
        self._put("/robot_description", encoded.STRING, stamp_ns, encoded.text(self._frames.urdf))
        self._put("/tf_static", encoded.TF, stamp_ns, encoded.transforms(0, self._frames.fixed))

    def joints(self, sample: JointSample, moving: Array) -> None:
        """/clock, joint_states and /tf of one instant; ``moving`` (N, 7) are the poses of the moving frames."""
        at = sample.stamp_ns
        self._put("/clock", encoded.CLOCK, at, self._clock.encode(at))
        self._put("/joint_states", encoded.JOINT_STATE, at, self._messages.joints(sample))
        poses = {child: pose for (_, child), pose in zip(self._frames.moving, moving, strict=True)}
        self._put("/tf", encoded.TF, at, self._tf.encode(at, **poses))

    def states(self, sample: JointSample, commanded: Setpoint) -> None:
        """Every controller's state."""
        for part in self._messages.parts:
            data = self._messages.state(part, sample, commanded)
            self._put(f"/{part}_controller/controller_state", encoded.CONTROLLER_STATE, sample.stamp_ns, data)

    def objects(self, snapshot: ObjectSnapshot) -> None:
        """scene/objects."""
        self._put("/scene/objects", encoded.OBJECTS, snapshot.stamp_ns, encoded.objects(snapshot))

    def task_status(self, stamp_ns: int, **fields: Any) -> None:
        """task/status with the fields of that message."""
        self._put("/task/status", encoded.TASK_STATUS, stamp_ns, encoded.task_status(stamp_ns, **fields))

    def frame(self, frame: CameraFrame) -> None:
        """Infos, colour and depth of one camera; the frame's arrays must not change afterwards."""
        at = frame.stamp_ns
        info = self._infos[frame.name].encode(at)
        header = encoded.header(at, self._robot.camera(frame.name).optical_frame)
        prefix = f"/{frame.name}_camera"
        for stream in (_COLOUR, _DEPTH):
            self._put(f"{prefix}/{stream}/camera_info", encoded.CAMERA_INFO, at, info)
        topic = f"{prefix}/{_COLOUR}/image_raw"
        self._recorder.on_picture(at, partial(colour_message, topic, header, frame.rgb))
        topic = f"{prefix}/{_DEPTH}/image_raw"
        self._recorder.on_picture(at, partial(depth_message, topic, header, frame.depth_mm))

    def stop(self) -> RecordingSummary:
        """Finish the episode. Raises BimanualError if nothing is recorded."""
        return self._recorder.stop()

    def annotate(self, values: Mapping[str, Any]) -> None:
        """Merge values into the running or last episode's ``episode.json``."""
        self._recorder.annotate(values)

    def close(self) -> None:
        """Stop what runs and end the threads."""
        self._recorder.close()

    def _put(self, topic: str, type_name: str, stamp_ns: int, data: bytes) -> None:
        self._recorder.on_exact(stamp_ns, Encoded(topic, type_name, data))


def _absolute(name: str) -> str:
    return f"/{name.lstrip('/')}"
