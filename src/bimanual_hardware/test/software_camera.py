"""A RealSense made of software, for tests of the code that drives the real ones: it is fed with pictures by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pyrealsense2 as rs

W, H, FPS = 64, 48, 30


def K_of(width: int, height: int, f: float) -> np.ndarray:
    """RealSense counts pixels by their centres, so the middle of a picture lies half a pixel before width / 2."""
    return np.array([[f, 0.0, width / 2 - 0.5], [0.0, f, height / 2 - 0.5], [0.0, 0.0, 1.0]])


class SoftwareCamera:
    """Colour and depth of sizes (width, height) and intrinsics; ``t_colour_depth`` [m] places the depth camera."""

    def __init__(
        self,
        serial: str,
        colour: tuple[int, int] = (W, H),
        depth: tuple[int, int] = (W, H),
        K_colour: np.ndarray | None = None,
        K_depth: np.ndarray | None = None,
        t_colour_depth: tuple[float, float, float] = (0.0, 0.0, 0.0),
        depth_units: float = 0.001,
        fps: int = FPS,
        colour_format: rs.format = rs.format.rgb8,
        distortion: rs.distortion = rs.distortion.brown_conrady,
        coefficients: tuple[float, ...] = (0.0,) * 5,
    ) -> None:
        self.serial, self.fps, self._units = serial, fps, depth_units
        self.device = rs.software_device()
        self.device.register_info(rs.camera_info.serial_number, serial)
        self.device.register_info(rs.camera_info.name, "Software D435")
        self._depth = self.device.add_sensor("Stereo Module")
        self._colour = self.device.add_sensor("RGB Camera")
        none = (rs.distortion.brown_conrady, (0.0,) * 5)
        K_colour = K_of(*colour, 50.0) if K_colour is None else K_colour
        K_depth = K_of(*depth, 50.0) if K_depth is None else K_depth
        streams = (
            (self._depth, rs.stream.depth, rs.format.z16, depth, 2, K_depth, none),
            (self._colour, rs.stream.color, colour_format, colour, 3, K_colour, (distortion, coefficients)),
        )
        self._profiles = [
            sensor.add_video_stream(_stream(kind, pixels, size, bpp, fps, K, lens), True)
            for sensor, kind, pixels, size, bpp, K, lens in streams
        ]
        self._depth.add_read_only_option(rs.option.depth_units, depth_units)
        between = rs.extrinsics()
        between.rotation = list(np.eye(3).ravel())
        between.translation = list(t_colour_depth)
        self._profiles[0].register_extrinsics_to(self._profiles[1], between)
        self.device.create_matcher(rs.matchers.default)

    def send(
        self,
        number: int,
        ms: float,
        rgb: np.ndarray,
        depth: np.ndarray,
        domain: rs.timestamp_domain = rs.timestamp_domain.hardware_clock,
    ) -> None:
        """One frame of both streams."""
        self.send_one("depth", number, ms, depth, domain)
        self.send_one("colour", number, ms, rgb, domain)

    def send_one(
        self,
        stream: str,
        number: int,
        ms: float,
        pixels: np.ndarray,
        domain: rs.timestamp_domain = rs.timestamp_domain.hardware_clock,
    ) -> None:
        """One frame of ``depth`` or ``colour``."""
        sensor, profile = {"depth": (self._depth, self._profiles[0]), "colour": (self._colour, self._profiles[1])}[
            stream
        ]
        frame = rs.software_video_frame()
        frame.pixels = np.ascontiguousarray(pixels)
        frame.bpp = pixels.dtype.itemsize * (pixels.shape[2] if pixels.ndim == 3 else 1)
        frame.stride = pixels.shape[1] * frame.bpp
        frame.timestamp, frame.domain, frame.frame_number = ms, domain, number
        frame.profile = profile.as_video_stream_profile()
        if stream == "depth":
            frame.depth_units = self._units
        sensor.on_video_frame(frame)

    @contextmanager
    def streaming(self, frame: Callable[[int], tuple[np.ndarray, np.ndarray]] | None = None) -> Iterator[None]:
        """Sends a frame every period from a thread of its own."""
        ending = threading.Event()
        frame = frame or grey

        def send() -> None:
            begin, number = time.monotonic(), 0
            while not ending.wait(max(0.0, begin + number / self.fps - time.monotonic())):
                self.send(number, 1000.0 * number / self.fps, *frame(number))
                number += 1

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join()


def grey(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture that carries its number, a metre away."""
    return np.full((H, W, 3), number % 256, np.uint8), np.full((H, W), 1000, np.uint16)


def _stream(kind, pixels, size, bpp, fps, K, lens) -> rs.video_stream:
    stream = rs.video_stream()
    stream.type, stream.fmt, stream.index = kind, pixels, 0
    stream.uid = _stream.count = getattr(_stream, "count", 0) + 1
    (stream.width, stream.height), stream.fps, stream.bpp = size, fps, bpp
    given = rs.intrinsics()
    given.width, given.height = size
    given.fx, given.fy, given.ppx, given.ppy = K[0, 0], K[1, 1], K[0, 2], K[1, 2]
    given.model, given.coeffs = lens[0], list(lens[1])
    stream.intrinsics = given
    return stream
