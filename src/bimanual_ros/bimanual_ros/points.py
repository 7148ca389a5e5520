"""Coloured points from a picture and its depth, as sensor_msgs/PointCloud2."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import PointCloud2, PointField

from bimanual_core.intrinsics import Intrinsics
from bimanual_ros.conversions.basics import header

#: One point as it lies in the message: x, y, z [m] in the optical frame and the colour as 0x00RRGGBB.
POINT = np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("rgb", "<u4")])
_FIELDS = [
    # The colour's four bytes are called a float, as PCL began it and RViz expects it.
    PointField(name=name, offset=POINT.fields[name][1], datatype=PointField.FLOAT32, count=1)  # type: ignore[index]
    for name in ("x", "y", "z", "rgb")
]


class PointsBuilder:
    """Points of one camera: unorganised, without those that have no depth, so that no value is NaN.

    Lens distortion is taken out where the camera has any.
    """

    def __init__(self, frame: str, intrinsics: Intrinsics) -> None:
        self._frame = frame
        self._rays = _rays(intrinsics)

    def points(self, rgb: NDArray[np.uint8], depth_mm: NDArray[np.uint16]) -> NDArray[np.void]:
        """The points (N,) of type :data:`POINT`, row by row of the picture (H, W)."""
        depth = depth_mm.reshape(-1)
        seen = np.flatnonzero(depth)
        z = depth[seen].astype(np.float32) * np.float32(0.001)
        colours = rgb.reshape(-1, 3)[seen].astype(np.uint32)
        out = np.empty(len(seen), POINT)
        out["x"], out["y"], out["z"] = self._rays[0, seen] * z, self._rays[1, seen] * z, z
        out["rgb"] = colours[:, 0] << 16 | colours[:, 1] << 8 | colours[:, 2]
        return out

    def message(self, at_ns: int, rgb: NDArray[np.uint8], depth_mm: NDArray[np.uint16]) -> PointCloud2:
        """The points as a message in the colour camera's optical frame."""
        points = self.points(rgb, depth_mm)
        message = PointCloud2(header=header(at_ns, self._frame), height=1, width=len(points), fields=_FIELDS)
        message.is_bigendian, message.is_dense = False, True
        message.point_step, message.row_step = POINT.itemsize, POINT.itemsize * len(points)
        message.data.frombytes(points.tobytes())
        return message


def points_of(message: PointCloud2) -> NDArray[np.void]:
    """The points (N,) of type :data:`POINT` of a message that :class:`PointsBuilder` made, a copy."""
    return np.frombuffer(message.data, POINT).copy()


def _rays(intrinsics: Intrinsics) -> NDArray[np.float32]:
    """x / z and y / z (2, H * W) of every pixel's middle."""
    K = intrinsics.K
    rows, columns = np.mgrid[: intrinsics.height, : intrinsics.width].reshape(2, -1)
    seen = np.stack([(columns - K[0, 2]) / K[0, 0], (rows - K[1, 2]) / K[1, 1]])
    if np.any(intrinsics.D):
        seen = _undistorted(seen, intrinsics)
    return seen.astype(np.float32)


def _undistorted(seen: NDArray[np.float64], intrinsics: Intrinsics) -> NDArray[np.float64]:
    """The directions (2, N) that the lens shows at ``seen``, by fixed-point iteration, which lenses' small
    distortion lets converge."""
    straight = seen.copy()
    for _ in range(20):
        straight = straight - (_distorted(straight, intrinsics) - seen)
    return straight


def _distorted(xy: NDArray[np.float64], intrinsics: Intrinsics) -> NDArray[np.float64]:
    """Where the lens shows the directions ``xy`` (2, N)."""
    x, y = xy
    r2 = x * x + y * y
    if intrinsics.model == "equidistant":
        r = np.sqrt(r2)
        theta = np.arctan(r)
        t2 = theta * theta
        k1, k2, k3, k4 = intrinsics.D
        scale = theta * (1.0 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4)))) / np.maximum(r, 1e-12)
        return xy * np.where(r > 1e-9, scale, 1.0)
    k1, k2, p1, p2, k3 = intrinsics.D
    radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    tangential = np.stack([2 * p1 * x * y + p2 * (r2 + 2 * x * x), p1 * (r2 + 2 * y * y) + 2 * p2 * x * y])
    return xy * radial + tangential
