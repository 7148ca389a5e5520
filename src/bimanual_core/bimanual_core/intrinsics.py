"""How a camera maps what it sees to pixels, with lens distortion where it has some."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bimanual_core.robot import CameraSpec

Array = NDArray[np.float64]

#: Distortion models as sensor_msgs/CameraInfo names them, with the number of their coefficients.
DISTORTION_SIZES = {"plumb_bob": 5, "equidistant": 4}


@dataclass(frozen=True, eq=False)
class Intrinsics:
    """A picture of ``width`` x ``height`` pixels with K (3, 3) [px] and the coefficients ``D`` of ``model``."""

    width: int
    height: int
    K: Array
    D: Array = field(default_factory=lambda: np.zeros(5))
    model: str = "plumb_bob"

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a picture of {self.width} x {self.height} pixels: at least 1 x 1 is needed")
        if self.K.shape != (3, 3) or not np.all(np.isfinite(self.K)) or min(self.K[0, 0], self.K[1, 1]) <= 0.0:
            raise ValueError(f"K must be a finite (3, 3) matrix with positive focal lengths, got {self.K.tolist()}")
        size = DISTORTION_SIZES.get(self.model)
        if size is None:
            raise ValueError(f"distortion model {self.model!r}; models: {', '.join(DISTORTION_SIZES)}")
        if self.D.shape != (size,) or not np.all(np.isfinite(self.D)):
            raise ValueError(f"{self.model} has {size} finite coefficients, got {self.D.tolist()}")

    def same_as(self, other: Intrinsics) -> bool:
        """Whether both describe the same pictures."""
        sizes = (self.width, self.height, self.model) == (other.width, other.height, other.model)
        return sizes and np.array_equal(self.K, other.K) and np.array_equal(self.D, other.D)


def pinhole(camera: CameraSpec, width: int = 0, height: int = 0) -> Intrinsics:
    """The undistorted camera of a robot's YAML; ``width`` and ``height`` [px] replace its size where not 0."""
    sized = replace(camera, width=width or camera.width, height=height or camera.height)
    return Intrinsics(sized.width, sized.height, sized.K)
