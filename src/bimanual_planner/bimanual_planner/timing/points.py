"""The points of a trajectory along a path, and how far they are from being within limits."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bimanual_planner.timing.progress import Progress
from bimanual_planner.timing.quintic import Segments
from bimanual_planner.timing.smoothing import slowed

Array = NDArray[np.float64]
_ROUNDED = 1.0 + 1e-9


@dataclass(frozen=True, eq=False)
class Points:
    """A progress along a path as points of a trajectory (N, n), and the ``factor`` of its time that each of the
    N - 1 segments needs to be within limits (1 and less: it is)."""

    progress: Progress
    positions: Array
    velocities: Array
    accelerations: Array
    factors: Array = field(default_factory=lambda: np.ones(1))

    @property
    def factor(self) -> float:
        return max(1.0, float(self.factors.max()))

    @property
    def duration(self) -> float:
        """Time [s] once the whole is slowed down to be within limits."""
        return self.progress.duration * self.factor

    def segments(self) -> Segments:
        """The quintics that a controller samples."""
        h = np.diff(self.progress.times)[:, None]
        return Segments.through(h, self.positions, self.velocities, self.accelerations)

    def within(self) -> Points:
        """The points slowed down as a whole, as far as a limit asks for it; the path stays the same."""
        if self.factor <= 1.0:
            return self
        progress, f = slowed(self.progress, self.factor * _ROUNDED)
        return Points(progress, self.positions, self.velocities / f, self.accelerations / f**2, self.factors / f)
