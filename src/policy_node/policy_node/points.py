"""From a depth picture to the point cloud that a policy sees: world frame, cropped to a box, evenly thinned out."""

from __future__ import annotations

from dataclasses import dataclass

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
    rows, columns = np.nonzero(depth_mm)
    depth = depth_mm[rows, columns].astype(np.float32) * np.float32(1e-3)
    # One product per pixel: (u d, v d, d) by the inverse of K, turned into the world.
    M = (T_world_camera[:3, :3] @ np.linalg.inv(K)).astype(np.float32)
    pixels = np.stack([columns * depth, rows * depth, depth], axis=1).astype(np.float32)
    return pixels @ M.T + T_world_camera[:3, 3].astype(np.float32)


def crop(cloud: Cloud, box: CropBox) -> Cloud:
    """The points of ``cloud`` (P, 3) inside ``box``, in their order."""
    inside = np.all((cloud > np.float32(box.lower)) & (cloud < np.float32(box.upper)), axis=1)
    return cloud[inside]


def sample(cloud: Cloud, count: int) -> Cloud:
    """``count`` points of ``cloud`` (P, 3), each the farthest from those before it, from the first point on.

    The same cloud gives the same points. Where there are fewer, they come again in order. Raises BimanualError for an
    empty cloud.
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
