"""What a task needs to know of an asset: its lowest point and where its functional points are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bimanual_core.asset import Asset
from bimanual_core.errors import UnknownNameError

Array = NDArray[np.float64]

#: Finds an asset by class, id and scale.
AssetLookup = Callable[[str, str, tuple[float, float, float]], Asset]


def rest_height(asset: Asset, R_world_object: Array | None = None) -> float:
    """Height of the object's origin above the plane on which it rests [m], turned by ``R_world_object`` (3, 3), or
    upright."""
    down = (0.0, 0.0, -1.0) if R_world_object is None else -R_world_object[2]
    return asset.reach(down)


def functional_point(asset: Asset, point: int) -> Array:
    """Position (3,) of a functional point in the object frame. Raises UnknownNameError listing the points."""
    points = asset.annotation.functional
    if point not in points:
        raise UnknownNameError(f"functional point of {asset.class_name}/{asset.asset_id}", str(point), points)
    return points[point][:3, 3]
