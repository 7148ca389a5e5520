"""Where a frame that does not move is in the world, from the transforms of ``/tf_static``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.se3 import make_T

Array = NDArray[np.float64]
WORLD = "world"


def world_pose(transforms: Iterable[Any], frame: str) -> Array:
    """Pose (4, 4) of ``frame`` in the world. Raises BimanualError where static transforms do not lead there, as for a
    camera on a moving arm."""
    by_child = {t.child_frame_id: t for t in transforms}
    T_child_frame, child = np.eye(4), frame
    for _ in range(len(by_child) + 1):
        if child == WORLD:
            return T_child_frame
        if child not in by_child:
            break
        link = by_child[child]
        T_child_frame = _matrix(link.transform) @ T_child_frame
        child = link.header.frame_id
    raise BimanualError(
        f"no static transforms lead from {WORLD!r} to {frame!r} (they end at {child!r}); the cloud is taken from a "
        "camera that is fixed in the world",
        ErrorCode.DATA_INVALID,
    )


def _matrix(transform: Any) -> Array:
    p, q = transform.translation, transform.rotation
    return make_T((p.x, p.y, p.z), (q.x, q.y, q.z, q.w))
