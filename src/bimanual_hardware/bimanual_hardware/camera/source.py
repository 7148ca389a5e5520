"""What a camera is to the rest of this package: something that is started, gives frames, and is stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.intrinsics import Intrinsics


class CameraError(BimanualError):
    """A camera or recording that cannot be opened or stopped giving frames; names it and what to do.

    Whoever owns the source may try again later: a device may be plugged in.
    """

    code = ErrorCode.HARDWARE_FAULT


@dataclass(frozen=True)
class Profile:
    """The colour pictures that are asked for: ``width`` x ``height`` [px] at ``fps`` [1/s]."""

    width: int
    height: int
    fps: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height} at {self.fps} fps"


@dataclass(frozen=True, eq=False)
class SourceFrame:
    """One picture as a source took it.

    ``number`` counts the device's frames, so a gap tells of lost ones. ``device_ms`` is when it was taken, on the
    host's clock since the epoch if ``host_time``, else on a clock of the device's own. ``rgb`` is (H, W, 3) uint8;
    ``depth_mm`` (H, W) uint16 [mm], 0 where unknown, seen from the colour camera, None if it was not asked for.
    """

    number: int
    device_ms: float
    host_time: bool
    rgb: NDArray[np.uint8]
    depth_mm: NDArray[np.uint16] | None


@runtime_checkable
class CameraSource(Protocol):
    """A device, a recording or a pattern. One thread owns it; after :meth:`stop` it may be started again."""

    @property
    def label(self) -> str:
        """What it is in words, with its serial number or path, for messages and diagnostics."""
        ...

    @property
    def intrinsics(self) -> Intrinsics:
        """Of the colour picture; known once it was started. Raises CameraError before that."""
        ...

    @property
    def fps(self) -> float:
        """Frames per second that it ought to give; known as the intrinsics are."""
        ...

    def start(self) -> None:
        """Open it. Raises CameraError saying what is wrong and what there is to choose from."""
        ...

    def next_frame(self, timeout_s: float, depth: bool = True) -> SourceFrame | None:
        """The next frame that was not handed out yet, or None if there is none within ``timeout_s``.

        Aligning depth costs time: ``depth`` False leaves it out. Raises CameraError once the source is gone.
        """
        ...

    def stop(self) -> None:
        """Close it; allowed in any state."""
        ...
