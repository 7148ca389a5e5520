"""A test pattern: pictures without a camera that move, and whose depth is that of what they show."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Event

import numpy as np
from numpy.typing import NDArray

from bimanual_core.intrinsics import Intrinsics
from bimanual_hardware.camera.source import SourceFrame

WALL_MM, BOARD_MM = 1500, 800
BOARD_RGB = (230, 60, 40)
#: The board's edge as a share of the picture's height, and the time [s] in which it goes to and fro.
BOARD_SHARE, PERIOD_S = 0.3, 4.0
FIELDS = 8  # squares of the wall across the picture's height


class PatternSource:
    """A red board, 0.8 m away, that goes to and fro before a checkered wall at 1.5 m. Frame n is always the same.

    Frames come at their own times and one that nobody fetched is lost, as with a camera. ``now`` [s] and ``wait``
    (called with seconds) are replaced by tests.
    """

    def __init__(
        self,
        intrinsics: Intrinsics,
        fps: float,
        now: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self.intrinsics = intrinsics
        self.fps = fps
        self._now = now
        self._wait = wait or Event().wait
        self._wall = _wall(intrinsics.width, intrinsics.height)
        self._start_s: float | None = None
        self._given = -1

    @property
    def label(self) -> str:
        return "test pattern"

    def start(self) -> None:
        self._start_s, self._given = self._now(), -1

    def stop(self) -> None:
        self._start_s = None

    def next_frame(self, timeout_s: float, depth: bool = True) -> SourceFrame | None:
        if self._start_s is None:
            return None
        until_due = self._start_s + (self._given + 1) / self.fps - self._now()
        if until_due > 0.0:
            self._wait(min(until_due, timeout_s))
            if until_due > timeout_s:
                return None
        newest = math.floor((self._now() - self._start_s) * self.fps + 1e-6)
        self._given = max(self._given + 1, newest)
        rgb, depth_mm = self.picture(self._given)
        return SourceFrame(self._given, 1000.0 * self._given / self.fps, False, rgb, depth_mm if depth else None)

    def picture(self, number: int) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """Colour (H, W, 3) and depth (H, W) [mm] of frame ``number``."""
        rgb = self._wall.copy()
        depth_mm = np.full(rgb.shape[:2], WALL_MM, np.uint16)
        rows, columns = self.board(number)
        rgb[rows, columns] = BOARD_RGB
        depth_mm[rows, columns] = BOARD_MM
        return rgb, depth_mm

    def board(self, number: int) -> tuple[slice, slice]:
        """The rows and columns that the board covers in frame ``number``."""
        width, height = self.intrinsics.width, self.intrinsics.height
        edge = max(1, min(width, round(BOARD_SHARE * height)))
        swing = 0.5 - 0.5 * math.cos(2.0 * math.pi * number / self.fps / PERIOD_S)
        left, top = round(swing * (width - edge)), (height - edge) // 2
        return slice(top, top + edge), slice(left, left + edge)


def _wall(width: int, height: int) -> NDArray[np.uint8]:
    """Grey squares (H, W, 3)."""
    field = max(1, height // FIELDS)
    rows, columns = np.arange(height)[:, None] // field, np.arange(width)[None, :] // field
    grey = np.where((rows + columns) % 2 == 0, 90, 160).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))
