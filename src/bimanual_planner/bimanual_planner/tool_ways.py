"""Ways of a tool, or of an object, through space: the poses at shares of a motion."""

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
    """``poses(shares)`` gives T_world (N, 4, 4) for shares (N,) in [0, 1]; about ``distance`` [m] and ``angle`` [rad]
    long."""

    poses: Callable[[Array], Array]
    distance: float
    angle: float

    @property
    def start(self) -> Array:
        """Where it begins (4, 4)."""
        begin: Array = self.poses(np.zeros(1))[0]
        return begin

    @property
    def goal(self) -> Array:
        """Where it ends (4, 4)."""
        end: Array = self.poses(np.ones(1))[0]
        return end


def screw_way(T_world_start: Array, T_world_goal: Array) -> ToolWay:
    """The constant screw (Lynch & Park, 2017, section 9.2.1)."""
    twist = se3.screw_between(T_world_start, T_world_goal)

    def poses(shares: Array) -> Array:
        found = se3.screw_poses(T_world_start, twist, shares)
        # exactly the goal, not the goal within the rounding of the exponential
        found[shares == 1.0] = T_world_goal
        return found

    return ToolWay(poses, *se3.pose_error(T_world_start, T_world_goal))


def carried_way(carrier: ToolWay, T_carrier_tool: Array) -> ToolWay:
    """The way of what keeps its pose (4, 4) in the frame of what moves."""
    return _measured(lambda shares: carrier.poses(shares) @ T_carrier_tool)


def relative_way(frame: ToolWay, relative: ToolWay) -> ToolWay:
    """The way of what moves along ``relative``, seen from a frame that moves itself."""
    return _measured(lambda shares: frame.poses(shares) @ relative.poses(shares))


def _measured(poses: Callable[[Array], Array]) -> ToolWay:
    steps = [se3.pose_error(a, b) for a, b in pairwise(poses(_LOOKS))]
    distance, angle = np.sum(steps, axis=0)
    return ToolWay(poses, float(distance), float(angle))
