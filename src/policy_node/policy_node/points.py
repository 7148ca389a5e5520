"""From a depth picture to the point cloud that a policy sees: world frame, cropped to a box, evenly thinned out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.observation import CameraFrame

Array = NDArray[np.float64]
Cloud = NDArray[np.float32]

#: Height of the sampler's tree: clouds here have some ten thousand points.
TREE_HEIGHT = 5


@dataclass(frozen=True)
class CropBox:
    """An axis-aligned box in the world [m]; what lies strictly inside is kept.

    The default holds what stands on the table, neither its top nor what lies beyond its edges.
    """

    lower: tuple[float, float, float] = (-0.6, -0.4, 0.745)
    upper: tuple[float, float, float] = (0.6, 0.4, 1.3)

    def __post_init__(self) -> None:
        for axis, low, high in zip("xyz", self.lower, self.upper, strict=True):
            if not low < high:
                raise ValueError(f"crop along {axis}: lower {low} is not below upper {high}")


def world_cloud(depth_mm: NDArray[np.uint16], K: Array, T_world_camera: Array) -> Cloud:
    """Points (P, 3) [m, world] of the pixels of ``depth_mm`` (H, W) [mm] that have a depth, row by row.

    ``T_world_camera`` (4, 4) is the pose of the optical frame. Raises BimanualError for other shapes or NaN.
    """
    _check(depth_mm, K, T_world_camera)
    height, width = depth_mm.shape
    rays = _rays(height, width, K.astype(np.float64).tobytes(), T_world_camera.astype(np.float64).tobytes())
    depth = depth_mm.reshape(-1)
    seen = depth > 0
    metres = depth[seen].astype(np.float32) * np.float32(1e-3)
    return rays[seen] * metres[:, None] + T_world_camera[:3, 3].astype(np.float32)


@lru_cache(maxsize=8)
def _rays(height: int, width: int, K_bytes: bytes, T_bytes: bytes) -> Cloud:
    """For each pixel, row by row, the step (H * W, 3) in the world per metre of depth. Cameras seldom move."""
    K, T_world_camera = np.frombuffer(K_bytes).reshape(3, 3), np.frombuffer(T_bytes).reshape(4, 4)
    rows, columns = np.mgrid[0:height, 0:width].reshape(2, -1)
    pixels = np.stack([columns, rows, np.ones_like(rows)], axis=1)
    return np.asarray(pixels @ (T_world_camera[:3, :3] @ np.linalg.inv(K)).T, np.float32)


def crop(cloud: Cloud, box: CropBox) -> Cloud:
    """The points of ``cloud`` (P, 3) inside ``box``, in their order."""
    inside = np.ones(len(cloud), bool)
    for axis in range(3):
        column = cloud[:, axis]
        inside &= (column > np.float32(box.lower[axis])) & (column < np.float32(box.upper[axis]))
    return cloud[inside]


def sample(cloud: Cloud, count: int) -> Cloud:
    """``count`` points of ``cloud`` (P, 3), each the farthest from those before it.

    The same cloud gives the same points: the sampler is told where to begin. Where there are fewer, they come again in
    order. Raises BimanualError for an empty cloud.
    """
    if len(cloud) == 0:
        raise BimanualError("the point cloud is empty: the camera sees nothing inside the crop", ErrorCode.DATA_INVALID)
    if len(cloud) <= count:
        return cloud[np.arange(count) % len(cloud)]
    import fpsample

    return cloud[fpsample.bucket_fps_kdline_sampling(cloud, count, h=TREE_HEIGHT, start_idx=0)]


def policy_cloud(frame: CameraFrame, box: CropBox, count: int) -> Cloud:
    """The cloud (count, 3) [m, world] that a policy sees of a camera frame. Raises BimanualError naming the camera."""
    try:
        return sample(crop(world_cloud(frame.depth_mm, frame.K, frame.T_world_camera), box), count)
    except BimanualError as error:
        raise BimanualError(f"camera {frame.name!r}: {error}", error.code) from None


def _check(depth_mm: NDArray[np.uint16], K: Array, T_world_camera: Array) -> None:
    if depth_mm.ndim != 2 or depth_mm.dtype != np.uint16:
        raise BimanualError(
            f"depth is {depth_mm.shape} {depth_mm.dtype}, expected (H, W) uint16 [mm]", ErrorCode.DATA_INVALID
        )
    for name, value, shape in (("K", K, (3, 3)), ("T_world_camera", T_world_camera, (4, 4))):
        if value.shape != shape or not np.all(np.isfinite(value)):
            raise BimanualError(f"{name} must be a finite {shape} matrix, got {value.tolist()}", ErrorCode.DATA_INVALID)
