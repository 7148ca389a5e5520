"""What a timed motion is held to, and how finely it is written down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TimingConfig:
    """``knot`` [s] is the longest time between trajectory points, unless the motion has ``most_points`` of them;
    ``switch`` [s] the shortest time in which accelerations change sides, also where no jerk is limited."""

    knot: float = 0.02
    switch: float = 0.02
    max_duration: float = 60.0
    most_points: int = 3000

    def __post_init__(self) -> None:
        if not (0.005 <= self.knot <= 0.1 and 0.004 <= self.switch <= 1.0):
            raise ValueError(f"knot {self.knot} must be in [0.005, 0.1] s and switch {self.switch} in [0.004, 1] s")
        if not (self.max_duration > 0.0 and self.most_points >= 100):
            raise ValueError(f"max_duration {self.max_duration} s must be positive, most_points 100 or more")


@dataclass(frozen=True, eq=False)
class MotionLimits:
    """Limits (n,) of every joint [rad/s, rad/s^2, rad/s^3] and of the speed of tool points [m/s].

    Infinite ``jerk`` is no limit. Raises BimanualError naming the joint, the value and what it must be.
    """

    joints: tuple[str, ...]
    velocity: Array
    acceleration: Array
    jerk: Array
    tcp_speed: float | None = None

    def __post_init__(self) -> None:
        for name in ("velocity", "acceleration", "jerk"):
            limit = np.asarray(getattr(self, name), dtype=float)
            object.__setattr__(self, name, limit)
            if limit.shape != (len(self.joints),):
                raise BimanualError(f"{name} limits have shape {limit.shape}, expected {len(self.joints)} numbers")
            good = (limit > 0.0) & (np.isfinite(limit) | (name == "jerk"))
            if not np.all(good):
                j = int(np.argmin(good))
                raise BimanualError(f"{name} limit of {self.joints[j]} is {limit[j]}, it must be positive and finite")
        if self.tcp_speed is not None and not (np.isfinite(self.tcp_speed) and self.tcp_speed > 0.0):
            raise BimanualError(f"tcp_speed is {self.tcp_speed} m/s, it must be positive and finite")
