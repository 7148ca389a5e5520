"""Whether the objects of a fresh scene came to rest where it put them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.observation import ObjectState
from bimanual_core.scene import SceneSpec
from bimanual_core.se3 import log_rotation

Array = NDArray[np.float64]

#: More than this [rad] and an object has toppled or rolled; faster than this [m/s] and it has not come to rest.
LARGEST_TURN, FASTEST = 0.1, 0.01


def require_settled(spec: SceneSpec, states: Mapping[str, ObjectState], twists: Mapping[str, Array]) -> None:
    """Raises BimanualError (SCENE_UNSTABLE) naming the first object of ``states`` that moved by more than the scene's
    ``settle_limit``, turned, or still moves; ``twists`` as of ``SapienScene.object_twists``."""
    if spec.settle_limit == 0.0:
        return
    for item in spec.objects:
        T_world_now = states[item.name].T_world_object
        moved = float(np.linalg.norm(T_world_now[:3, 3] - item.T_world_object[:3, 3]))
        turned = float(np.linalg.norm(log_rotation(item.T_world_object[:3, :3].T @ T_world_now[:3, :3])))
        speed = float(np.linalg.norm(twists[item.name][:3]))
        if moved > spec.settle_limit or turned > LARGEST_TURN or speed > FASTEST:
            raise BimanualError(
                f"object {item.name!r} did not stay where it was put: it moved by {moved * 1000:.1f} mm (limit "
                f"{spec.settle_limit * 1000:g}), turned by {turned:.2f} rad (limit {LARGEST_TURN:g}) and moves at "
                f"{speed:.3f} m/s (limit {FASTEST:g})",
                ErrorCode.SCENE_UNSTABLE,
            )
