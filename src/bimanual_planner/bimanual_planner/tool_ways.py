"""Ways of a tool, or of an object, through space: the pose at each share of a motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bimanual_core import se3

Array = NDArray[np.float64]
#: Where a way that is no constant screw is measured.
_LOOKS = np.linspace(0.0, 1.0, 9)


@dataclass(frozen=True, eq=False)
class ToolWay:
    """``pose(share)`` gives T_world (4, 4) for shares in [0, 1]; about ``distance`` [m] and ``angle`` [rad] long."""

    pose: Callable[[float], Array]
    distance: float
    angle: float

    @property
    def goal(self) -> Array:
        """Where it ends (4, 4)."""
        return self.pose(1.0)


def screw_way(T_world_start: Array, T_world_goal: Array) -> ToolWay:
    """The constant screw (Lynch & Park, 2017, section 9.2.1)."""
    twist = se3.screw_between(T_world_start, T_world_goal)

    def pose(share: float) -> Array:
        # exactly the goal, not the goal within the rounding of the exponential
        return T_world_goal if share == 1.0 else se3.screw_pose(T_world_start, twist, share)

    return ToolWay(pose, *se3.pose_error(T_world_start, T_world_goal))


def carried_way(carrier: ToolWay, T_carrier_tool: Array) -> ToolWay:
    """The way of what keeps its pose (4, 4) in the frame of what moves."""
    return _measured(lambda share: carrier.pose(share) @ T_carrier_tool)


def relative_way(frame: ToolWay, relative: ToolWay) -> ToolWay:
    """The way of what moves along ``relative``, seen from a frame that moves itself."""
    return _measured(lambda share: frame.pose(share) @ relative.pose(share))


def _measured(pose: Callable[[float], Array]) -> ToolWay:
    poses = [pose(share) for share in _LOOKS]
    steps = [se3.pose_error(a, b) for a, b in pairwise(poses)]
    distance, angle = np.sum(steps, axis=0)
    return ToolWay(pose, float(distance), float(angle))
