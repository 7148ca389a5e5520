"""Point clouds as bodies to keep clear of: every small cube in which there is a point is solid."""

from __future__ import annotations

import coal
import numpy as np
from numpy.typing import ArrayLike, NDArray

from bimanual_core.errors import BimanualError
from bimanual_core.scene import FARTHEST
from bimanual_kinematics.geometry import Body, Part

Array = NDArray[np.float64]

#: Side of the cubes [m], and what it may be.
RESOLUTION, RESOLUTIONS = 0.01, (0.002, 0.2)
#: Points that are looked at, and cubes that are left of them, at most.
MOST_POINTS, MOST_CUBES = 500_000, 50_000
#: Cubes are kept in blocks of about this side [m]: far blocks are settled by the boxes about them.
BLOCK = 0.2


def cloud_body(points: ArrayLike, resolution: float = RESOLUTION) -> Body:
    """A body that stands in the world: the cubes of side ``resolution`` [m] that hold any of ``points`` (N, 3) [m].

    The cubes lie on a grid through the world's origin, so that of many points in one place one remains. A surface has
    no holes if its points are at most ``resolution`` apart. Raises BimanualError for points that are none, too many,
    not finite or far away, and for a resolution outside its range.
    """
    low, high = RESOLUTIONS
    if not low <= resolution <= high:
        raise BimanualError(f"point cloud: resolution {resolution} m is outside [{low}, {high}]")
    cubes = _cubes(_checked(points), resolution)
    if len(cubes) > MOST_CUBES:
        raise BimanualError(
            f"point cloud: {len(cubes)} cubes of {resolution} m hold points; at most {MOST_CUBES}: crop the cloud to "
            "the robot's reach or give a larger resolution"
        )
    centres = (cubes + 0.5) * resolution
    _, block = np.unique(cubes // max(1, round(BLOCK / resolution)), axis=0, return_inverse=True)
    order = np.argsort(block.ravel(), kind="stable")
    starts = np.flatnonzero(np.diff(block.ravel()[order])) + 1
    blocks = np.split(centres[order], starts)
    return Body(0, tuple(Part(_octree(block, resolution), np.eye(4)) for block in blocks), np.eye(4))


def _checked(points: ArrayLike) -> Array:
    found = np.asarray(points, dtype=float)
    if found.ndim != 2 or found.shape[1] != 3 or not len(found):
        raise BimanualError(f"point cloud: shape {found.shape}, expected (N, 3) [m] with at least one point")
    if len(found) > MOST_POINTS:
        raise BimanualError(f"point cloud: {len(found)} points; at most {MOST_POINTS}: crop it or take fewer")
    bad = np.flatnonzero(~np.all(np.isfinite(found), axis=1))
    if len(bad):
        raise BimanualError(f"point cloud: point {bad[0]} is not finite: {found[bad[0]].tolist()}")
    far = np.flatnonzero(np.max(np.abs(found), axis=1) > FARTHEST)
    if len(far):
        raise BimanualError(f"point cloud: point {far[0]} at {found[far[0]].tolist()} is beyond {FARTHEST:.0f} m")
    return found


def _cubes(points: Array, resolution: float) -> NDArray[np.int64]:
    """Indices (K, 3) of the cubes that hold points, each once, in order."""
    indices = np.floor(points / resolution).astype(np.int64)
    span = round(2 * FARTHEST / resolution) + 2
    keys = np.unique(
        ((indices[:, 0] + span // 2) * span + indices[:, 1] + span // 2) * span + indices[:, 2] + span // 2
    )
    return np.stack([keys // (span * span), keys // span % span, keys % span], axis=1) - span // 2


def _octree(centres: Array, resolution: float) -> coal.OcTree:
    return coal.makeOctree(np.asfortranarray(centres), resolution)
