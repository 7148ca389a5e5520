"""``<name>_camera``: publishes one camera of the robot, from a RealSense device, a recording or a test pattern.

A lifecycle node. A thread of its own opens the camera, reads it and publishes; what fails there stays in the
diagnostics while it is tried again, so that a node outlives its camera's cable.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Mapping
from typing import Any

from rclpy._rclpy_pybind11 import RCLError

from bimanual_core.contract import CAMERA_HZ
from bimanual_core.errors import BimanualError, ConfigError, ErrorCode, UnknownNameError
from bimanual_core.intrinsics import Intrinsics, pinhole
from bimanual_core.robot import CameraSpec, RobotSpec
from bimanual_hardware.camera.device import DeviceSource
from bimanual_hardware.camera.link import CameraLink
from bimanual_hardware.camera.monitor import Level
from bimanual_hardware.camera.pattern import PatternSource
from bimanual_hardware.camera.playback import SUFFIXES, PlaybackSource
from bimanual_hardware.camera.source import CameraSource, Profile, SourceFrame
from bimanual_ros.camera_publisher import CameraPublisher
from bimanual_ros.diagnostics import ERROR, OK, Diagnostics, Health
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.lifecycle import ACTIVE, AUTOSTART, ManagedNode, run_managed
from bimanual_ros.parameters import Parameter, declare
from bimanual_ros.robots import ROBOT, robot_of

DEVICE, PATTERN = "device", "pattern"
PARAMETERS = (
    ROBOT,
    AUTOSTART,
    Parameter("camera", "", "name of the camera in the robot's YAML, without _camera"),
    Parameter("source", DEVICE, f"device, pattern, or the path of a recording ({' or '.join(SUFFIXES)})"),
    Parameter("serial", "", "serial number of the device; empty: the first that is found"),
    Parameter("width", 0, "width of the colour picture [px]; 0: as in the robot's YAML", low=0, high=4096),
    Parameter("height", 0, "height of the colour picture [px]; 0: as in the robot's YAML", low=0, high=4096),
    Parameter("fps", CAMERA_HZ, "frames per second", low=1, high=120),
)
#: A device may take this long to open or close [s].
LONGEST_CLOSING_S = 10.0


class RealSenseCamera(ManagedNode):
    """The executor's thread answers; the camera's thread publishes."""

    def __init__(self) -> None:
        super().__init__("realsense_camera")
        values = declare(self, PARAMETERS)
        robot = robot_of(values)
        camera = _camera_of(robot, values["camera"])
        self._values = values
        self._pictures = _pictures_of(camera, values)
        self._publisher = CameraPublisher(Endpoints(self, robot, "real"), camera)
        self._shown = pinhole(camera)
        self._source: CameraSource | None = None
        self._link: CameraLink | None = None
        self._thread: threading.Thread | None = None
        self._bug = ""
        self._diagnostics = Diagnostics(self, self._health)

    # -- lifecycle ----------------------------------------------------------------------------------------------------
    def configure(self) -> None:
        self._source = _source_of(self._values, self._pictures)

    def activate(self) -> None:
        if self._source is None:
            raise BimanualError("the camera is not configured", ErrorCode.HARDWARE_NOT_READY)
        self._bug = ""
        self._link = CameraLink(
            self._source,
            self._deliver,
            lambda: self.get_clock().now().nanoseconds,
            lambda: self._publisher.depth_wanted,
            self._log,
        )
        self._thread = threading.Thread(target=self._work, args=(self._link,), name="camera", daemon=True)
        self._thread.start()

    def deactivate(self) -> None:
        link, thread = self._link, self._thread
        if link is None or thread is None:
            return
        link.end()
        thread.join(LONGEST_CLOSING_S)
        if thread.is_alive():
            raise BimanualError(f"the camera did not close within {LONGEST_CLOSING_S:g} s", ErrorCode.HARDWARE_FAULT)
        self._link = self._thread = None

    def cleanup(self) -> None:
        self._source = None

    # -- the camera's thread ------------------------------------------------------------------------------------------
    def _work(self, link: CameraLink) -> None:
        try:
            link.run()
        except Exception as error:  # noqa: BLE001 - a thread would end unseen: it is said in log and diagnostics
            if not self.context.ok():
                return  # the process is ending, and what is published on has gone before this thread
            self._bug = f"the camera's thread ended: {type(error).__name__}: {error}"
            self.get_logger().fatal(f"{self._bug}\n{traceback.format_exc()}")

    def _deliver(self, frame: SourceFrame, stamp_ns: int) -> None:
        if self._source is not None and not self._source.intrinsics.same_as(self._shown):
            self._shown = self._source.intrinsics
            self._publisher.use(self._shown)
        try:
            self._publisher.publish_images(stamp_ns, frame.rgb, frame.depth_mm)
        except RCLError:
            if self.context.ok():
                raise  # else the process is ending, and nobody can be told of this frame

    def _log(self, level: Level, text: str) -> None:
        if level is Level.OK:
            self.get_logger().info(text)
        else:
            self.get_logger().error(text)

    # -- graph --------------------------------------------------------------------------------------------------------
    def _health(self) -> Health:
        link = self._link
        if self._bug:
            return ERROR, self._bug, {}
        if link is None or self.state != ACTIVE:
            return OK, self.state, {}
        report = link.report()
        return int(report.level), report.text, {"listeners": self._publisher.listeners, **report.values}


def _camera_of(robot: RobotSpec, name: str) -> CameraSpec:
    """The camera called ``name``. Raises UnknownNameError listing the real cameras of the robot."""
    real = {camera.name: camera for camera in robot.cameras if not camera.simulation_only}
    if name not in real:
        raise UnknownNameError(f"camera of {robot.name}", name, real)
    return real[name]


def _pictures_of(camera: CameraSpec, values: Mapping[str, Any]) -> Intrinsics:
    """The pictures that are asked for. Raises ConfigError where only one of width and height is given."""
    width, height = values["width"], values["height"]
    if (width == 0) != (height == 0):
        raise ConfigError(f"width {width} and height {height}: give both, or 0 for both to take the robot's YAML")
    return pinhole(camera, width, height)


def _source_of(values: Mapping[str, Any], pictures: Intrinsics) -> CameraSource:
    """What the parameter ``source`` names. Raises BimanualError for what it cannot be."""
    source = values["source"]
    if source == PATTERN:
        return PatternSource(pictures, values["fps"])
    if source == DEVICE:
        return DeviceSource(values["serial"], Profile(pictures.width, pictures.height, values["fps"]))
    if source.endswith(SUFFIXES):
        return PlaybackSource(source)
    raise ConfigError(f"source {source!r}; choices: {DEVICE}, {PATTERN}, the path of a {' or '.join(SUFFIXES)} file")


def main() -> int:
    """Entry point of the executable ``realsense_camera``."""
    return run_managed(RealSenseCamera)


if __name__ == "__main__":
    sys.exit(main())
