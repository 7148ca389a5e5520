"""A RealSense device, found by its serial number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bimanual_hardware.camera.librealsense import (
    colour_profile,
    connected_devices,
    depth_profile,
    library,
    name_of,
    pick,
    profiles,
)
from bimanual_hardware.camera.pipelines import PipelineSource
from bimanual_hardware.camera.source import Profile


class DeviceSource(PipelineSource):
    """Colour as asked for, and depth in the smallest size that is no coarser, aligned to it.

    An empty ``serial`` takes the first device. ``devices`` finds what is plugged in; tests put the library's software
    devices there.
    """

    def __init__(self, serial: str, wanted: Profile, devices: Callable[[], Sequence[Any]] = connected_devices) -> None:
        super().__init__(f"RealSense {serial}" if serial else "the first RealSense")
        self._serial = serial
        self._wanted = wanted
        self._devices = devices

    def _open(self, pipeline: Any) -> Any:
        rs = library()
        device = pick(self._devices(), self._serial)
        self.label = name_of(device)
        offers = profiles(device, rs.stream.color, rs.format.rgb8)
        colour = colour_profile(offers, self._wanted, self.label)
        depth = depth_profile(profiles(device, rs.stream.depth, rs.format.z16), colour, self.label)
        config = rs.config()
        config.enable_stream(rs.stream.color, colour.width, colour.height, rs.format.rgb8, colour.fps)
        config.enable_stream(rs.stream.depth, depth.width, depth.height, rs.format.z16, depth.fps)
        pipeline.set_device(device)
        return pipeline.start(config)
