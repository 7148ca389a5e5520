"""Maps joints and points to [-1, 1] by the limits seen in training, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array32 = NDArray[np.float32]
#: A joint that hardly moves in the data is not blown up: its range counts as this [rad; m].
SMALLEST_RANGE = 1e-2


@dataclass(frozen=True)
class Normaliser:
    """Limits of the joints, lower and upper (D,) of measured and commanded together so that both mean the same, and one
    centre (3,) and half size [m] of the cloud so that it keeps its shape."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    cloud_centre: tuple[float, float, float]
    cloud_half: float

    def __post_init__(self) -> None:
        values = np.array([*self.lower, *self.upper, *self.cloud_centre, self.cloud_half])
        if len(self.lower) != len(self.upper) or not np.all(np.isfinite(values)):
            raise ValueError("limits must be finite, as many lower as upper ones")
        if self.cloud_half <= 0.0 or any(h < l for l, h in zip(self.lower, self.upper, strict=True)):
            raise ValueError("an upper limit is below its lower one, or cloud_half is not positive")

    @property
    def _middle(self) -> Array32:
        return ((np.array(self.lower) + np.array(self.upper)) / 2).astype(np.float32)

    @property
    def _half(self) -> Array32:
        return (np.maximum(np.array(self.upper) - np.array(self.lower), SMALLEST_RANGE) / 2).astype(np.float32)

    def joints(self, values: Array32) -> Array32:
        """Joints (..., D) [rad; m] to about [-1, 1]."""
        return (values - self._middle) / self._half

    def joints_back(self, values: Array32) -> Array32:
        """The inverse of :meth:`joints`."""
        return values * self._half + self._middle

    def cloud(self, values: Array32) -> Array32:
        """Points (..., 3) [m] to about [-1, 1]."""
        return (values - np.array(self.cloud_centre, np.float32)) / np.float32(self.cloud_half)


def fit(state: Array32, action: Array32, cloud: Array32) -> Normaliser:
    """The limits of joints (T, D), commands (T, D) and points (..., 3)."""
    both = np.concatenate([state, action]).astype(float)
    points = cloud.reshape(-1, 3)
    low, high = points.min(0).astype(float), points.max(0).astype(float)
    centre = (low + high) / 2
    half = max(float(np.max(high - low)) / 2, SMALLEST_RANGE)
    lower, upper = both.min(0).tolist(), both.max(0).tolist()
    return Normaliser(tuple(lower), tuple(upper), tuple(centre.tolist()), half)
