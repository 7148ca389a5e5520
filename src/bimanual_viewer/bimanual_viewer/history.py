"""The last seconds of a controller's joints, for plots."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from bimanual_core.rates import NS_PER_S
from bimanual_viewer.state import Track

Array = NDArray[np.float64]
SECONDS, SAMPLES_HZ = 20.0, 20.0


class History:
    """Samples of one part, at most SAMPLES_HZ of them a second of the world's time, over the last SECONDS of it."""

    def __init__(self) -> None:
        self._samples: deque[Track] = deque()

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, track: Track) -> None:
        """Take ``track`` in if it is newer than the last; an older one, or other joints, begin anew."""
        if self._samples:
            last = self._samples[-1]
            if track.stamp_ns < last.stamp_ns or track.joints != last.joints:
                self._samples.clear()
            elif track.stamp_ns - last.stamp_ns < 0.99 * NS_PER_S / SAMPLES_HZ:
                return
        self._samples.append(track)
        while track.stamp_ns - self._samples[0].stamp_ns > SECONDS * NS_PER_S:
            self._samples.popleft()

    @property
    def seconds(self) -> Array:
        """Stamps (N,) [s] of the world's time."""
        return np.array([track.stamp_ns for track in self._samples]) / NS_PER_S

    @property
    def commanded(self) -> Array:
        """(N, n) [rad; grippers m]."""
        return np.array([track.commanded for track in self._samples])

    @property
    def measured(self) -> Array:
        """(N, n) [rad; grippers m]."""
        return np.array([track.measured for track in self._samples])

    @property
    def error(self) -> Array:
        """Commanded less measured (N, n) [mrad; grippers mm]."""
        return 1000.0 * (self.commanded - self.measured)
