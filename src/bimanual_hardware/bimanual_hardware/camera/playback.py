"""A recording of a RealSense camera as a source: ``.bag`` of older and ``.db3`` of newer libraries, over and over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from bimanual_core.errors import BimanualError
from bimanual_hardware.camera.librealsense import library
from bimanual_hardware.camera.pipelines import PipelineSource
from bimanual_hardware.camera.source import SourceFrame

SUFFIXES = (".bag", ".db3")


class PlaybackSource(PipelineSource):
    """Plays a file at its own pace and from the start again; numbers and times go on as if it were one recording."""

    def __init__(self, path: str | Path) -> None:
        """Raises BimanualError for what is no recording by its name or not there."""
        path = Path(path).expanduser()
        if path.suffix not in SUFFIXES:
            raise BimanualError(f"recording {str(path)!r} is no {' or '.join(SUFFIXES)} file of a RealSense camera")
        if not path.is_file():
            raise BimanualError(f"recording {str(path)!r} does not exist or is no file")
        super().__init__(f"recording {path}")
        self._path = path
        self._line = Unrolled()

    def _open(self, pipeline: Any) -> Any:
        config = library().config()
        config.enable_device_from_file(str(self._path), True)
        profile = pipeline.start(config)
        profile.get_device().as_playback().set_real_time(True)
        self._line = Unrolled()
        return profile

    def next_frame(self, timeout_s: float, depth: bool = True) -> SourceFrame | None:
        frame = super().next_frame(timeout_s, depth)
        return None if frame is None else self._line.place(frame, 1000.0 / self.fps)


class Unrolled:
    """Puts the rounds of a looped recording one behind the other."""

    def __init__(self) -> None:
        self._newest: SourceFrame | None = None
        self._number_shift = 0
        self._shift_ms = 0.0

    def place(self, frame: SourceFrame, period_ms: float) -> SourceFrame:
        """``frame`` with its number and time in the endless recording; times are no longer the host's."""
        newest = self._newest
        if newest is not None and frame.number + self._number_shift <= newest.number:
            self._number_shift = newest.number + 1 - frame.number
            self._shift_ms = newest.device_ms + period_ms - frame.device_ms
        self._newest = replace(
            frame,
            number=frame.number + self._number_shift,
            device_ms=frame.device_ms + self._shift_ms,
            host_time=False,
        )
        return self._newest
