"""What a planning backend is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bimanual_core import se3
from bimanual_core.errors import BimanualError, ErrorCode, UnknownNameError
from bimanual_core.skill import SYNC_MODES
from bimanual_planner.state import PlanState

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PlanRequest:
    """Where the arms shall go from ``state``: tcp ``poses`` T_world_tcp (4, 4) or ``joints`` (n,) [rad], by side.

    ``via`` are points (3,) [m] in the world that an arc leads through, for methods that have arcs. ``budget`` [s] is
    what the whole request may take; None leaves it to the backend. Raises BimanualError for what no backend could do:
    nothing to move, both kinds of goals, goals or points that are not finite or not rigid, a goal beyond the joint
    limits, an unknown arm or sync.
    """

    state: PlanState
    poses: Mapping[str, Array] = field(default_factory=dict)
    joints: Mapping[str, Array] = field(default_factory=dict)
    sync: str = "proportional"
    method: str = "auto"
    via: Mapping[str, Array] = field(default_factory=dict)
    budget: float | None = None

    def __post_init__(self) -> None:
        if not self.poses and not self.joints:
            raise BimanualError("no arm is asked to move")
        if self.poses and self.joints:
            raise BimanualError("give tcp poses or joints, not both")
        if self.sync not in SYNC_MODES:
            raise BimanualError(f"unknown sync {self.sync!r}; choices: {', '.join(SYNC_MODES)}")
        if self.budget is not None and not 0.0 < self.budget <= 60.0:
            raise BimanualError(f"budget {self.budget} s is outside (0, 60]")
        for side in (*self.poses, *self.joints, *self.via):
            self.state.robot.arm(side)
        for side, target in self.poses.items():
            if not se3.is_transform(target):
                raise BimanualError(f"{side} target is not a finite rigid transform")
        for side, q in self.joints.items():
            self._require_joints(side, q)
        for side, point in self.via.items():
            if side not in self.poses or np.shape(point) != (3,) or not np.all(np.isfinite(point)):
                raise BimanualError(f"{side} via must be a finite point (3,) [m] of an arm that goes to a pose")

    @property
    def sides(self) -> tuple[str, ...]:
        """The arms that move, left before right."""
        return tuple(side for side in self.state.robot.sides if side in self.poses or side in self.joints)

    def require_method(self, backend: str, methods: tuple[str, ...]) -> None:
        """Raises UnknownNameError where ``backend`` has no such method."""
        if self.method not in methods:
            raise UnknownNameError(f"method of backend {backend}", self.method, methods)

    def _require_joints(self, side: str, q: Array) -> None:
        arm = self.state.robot.arm(side)
        if np.shape(q) != (arm.dof,) or not np.all(np.isfinite(q)):
            raise BimanualError(f"{side} goal must be {arm.dof} finite joints [rad], got {q}")
        for name, value, low, high in zip(arm.joints, q, arm.lower, arm.upper, strict=True):
            if not low <= value <= high:
                text = f"goal {name} = {value:.3f} rad is outside [{low:.3f}, {high:.3f}]"
                raise BimanualError(text, ErrorCode.PLAN_LIMIT)
