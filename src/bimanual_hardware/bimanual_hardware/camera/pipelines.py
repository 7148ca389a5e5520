"""What a device and a recording share: a pipeline of the library that is started, read and stopped."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any

from bimanual_core.intrinsics import Intrinsics
from bimanual_hardware.camera.framesets import FrameReader
from bimanual_hardware.camera.librealsense import library
from bimanual_hardware.camera.source import CameraError, SourceFrame


class PipelineSource(ABC):
    """A camera source over an ``rs.pipeline``; :meth:`_open` of a subclass starts one."""

    def __init__(self, label: str) -> None:
        library()  # without it there is nothing to wait for
        self.label = label
        self._pipeline: Any = None
        self._reader: FrameReader | None = None

    @abstractmethod
    def _open(self, pipeline: Any) -> Any:
        """Start ``pipeline`` and return its profile. Raises CameraError, or RuntimeError as the library does."""

    @property
    def intrinsics(self) -> Intrinsics:
        return self._opened().intrinsics

    @property
    def fps(self) -> float:
        return self._opened().fps

    def start(self) -> None:
        self.stop()
        self._pipeline = library().pipeline()
        try:
            self._reader = FrameReader(self._open(self._pipeline).get_streams(), self.label)
        except RuntimeError as error:  # the one kind that the library raises
            self.stop()
            raise CameraError(f"{self.label} does not start: {error}") from None
        except CameraError:
            self.stop()
            raise

    def next_frame(self, timeout_s: float, depth: bool = True) -> SourceFrame | None:
        reader = self._opened()
        end = time.monotonic() + timeout_s
        while (left := end - time.monotonic()) > 0.0:
            try:
                came, frameset = self._pipeline.try_wait_for_frames(max(1, round(1000 * left)))
                if not came:
                    return None
                frame = reader.frame(frameset, depth)
            except RuntimeError as error:
                raise CameraError(f"{self.label} gives no more frames: {error}") from None
            if frame is not None:
                return frame
        return None

    def stop(self) -> None:
        pipeline, self._pipeline, self._reader = self._pipeline, None, None
        if pipeline is not None:
            with suppress(RuntimeError):  # a device that is gone cannot be told to stop
                pipeline.stop()

    def _opened(self) -> FrameReader:
        if self._reader is None:
            raise CameraError(f"{self.label} is not started")
        return self._reader
