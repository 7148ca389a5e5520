"""From the library's framesets to frames: the same for a device and for a recording."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bimanual_core.intrinsics import Intrinsics
from bimanual_hardware.camera.librealsense import library
from bimanual_hardware.camera.source import CameraError, SourceFrame

#: RealSense's names of lens models as CameraInfo's; the library's own ROS node names them so too.
_MODELS = {
    "none": "plumb_bob",
    "brown_conrady": "plumb_bob",
    "modified_brown_conrady": "plumb_bob",
    "inverse_brown_conrady": "plumb_bob",
    "kannala_brandt4": "equidistant",
}
#: Channels of red, green and blue by the format's name.
_CHANNELS = {"rgb8": (0, 1, 2), "rgba8": (0, 1, 2), "bgr8": (2, 1, 0), "bgra8": (2, 1, 0)}
COLOUR_FORMATS = tuple(_CHANNELS)


def intrinsics_of(profile: Any, label: str) -> Intrinsics:
    """Of a video stream's profile. Raises CameraError for a lens model that CameraInfo cannot name."""
    given = profile.as_video_stream_profile().get_intrinsics()
    name = str(given.model).rpartition(".")[2]
    if name not in _MODELS:
        raise CameraError(f"{label}: lens model {name!r} has no name in CameraInfo; models: {', '.join(_MODELS)}")
    model = _MODELS[name]
    D = np.array(given.coeffs[:4] if model == "equidistant" else given.coeffs, dtype=np.float64)
    K = np.array([[given.fx, 0.0, given.ppx], [0.0, given.fy, given.ppy], [0.0, 0.0, 1.0]])
    try:
        return Intrinsics(given.width, given.height, K, D, model)
    except ValueError as error:
        raise CameraError(f"{label}: its calibration is no use: {error}") from None


class FrameReader:
    """Turns framesets of one started pipeline into frames; hands out none twice."""

    def __init__(self, streams: Any, label: str) -> None:
        rs = library()
        kinds = {stream.stream_type(): stream for stream in streams}
        for kind in (rs.stream.color, rs.stream.depth):
            if kind not in kinds:
                raise CameraError(f"{label} has no {str(kind).rpartition('.')[2]} stream")
        colour = kinds[rs.stream.color]
        self._format = str(colour.format()).rpartition(".")[2]
        if self._format not in _CHANNELS:
            raise CameraError(f"{label}: colour format {self._format!r} is not one of {', '.join(_CHANNELS)}")
        self.intrinsics = intrinsics_of(colour, label)
        self.fps = float(colour.fps())
        # The library's alignment would leave holes, where rounding falls between pixels, if there is nothing to align.
        self._align = None if _same_view(kinds[rs.stream.depth], colour, label) else rs.align(rs.stream.color)
        self._device_clock = rs.timestamp_domain.hardware_clock
        self._number: int | None = None

    def frame(self, frameset: Any, depth: bool) -> SourceFrame | None:
        """The frame of a frameset, or None if it was handed out before or its depth is of another instant."""
        colour, range_ = frameset.get_color_frame(), frameset.get_depth_frame()
        if not colour or not range_ or colour.frame_number == self._number or not self._together(colour, range_):
            return None
        self._number = colour.frame_number
        host_time = colour.get_frame_timestamp_domain() != self._device_clock
        if depth and self._align is not None:
            range_ = self._align.process(frameset).get_depth_frame()
        depth_mm = _depth_mm(range_) if depth else None
        return SourceFrame(colour.frame_number, colour.get_timestamp(), host_time, self._rgb(colour), depth_mm)

    def _together(self, colour: Any, range_: Any) -> bool:
        """The library also joins a picture with the depth before or after it when one of them was late."""
        if colour.get_frame_timestamp_domain() != range_.get_frame_timestamp_domain():
            return True  # two clocks say nothing about each other
        return abs(colour.get_timestamp() - range_.get_timestamp()) <= 500.0 / self.fps

    def _rgb(self, colour: Any) -> NDArray[np.uint8]:
        pixels = np.asanyarray(colour.get_data())
        if self._format == "rgb8":
            return pixels.copy()  # the library takes its memory back
        return np.stack([pixels[..., channel] for channel in _CHANNELS[self._format]], axis=-1)


def _same_view(depth: Any, colour: Any, label: str) -> bool:
    """Whether both streams see through one lens from one place, as where colour comes from a stereo imager."""
    between = depth.get_extrinsics_to(colour)
    still = np.array_equal(between.rotation, np.eye(3).ravel()) and not np.any(between.translation)
    return still and intrinsics_of(depth, label).same_as(intrinsics_of(colour, label))


def _depth_mm(depth: Any) -> NDArray[np.uint16]:
    """Depth (H, W) [mm] of a depth frame in whatever units it has."""
    raw = np.asanyarray(depth.get_data())
    mm_per_unit = 1000.0 * depth.get_units()
    if abs(mm_per_unit - 1.0) < 1e-6:
        return raw.copy()
    return np.clip(np.rint(raw * mm_per_unit), 0, np.iinfo(np.uint16).max).astype(np.uint16)
