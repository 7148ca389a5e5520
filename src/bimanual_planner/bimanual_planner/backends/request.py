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
WORLD = "world"


@dataclass(frozen=True, eq=False)
class PlanRequest:
    """Where the arms shall go from ``state``: tcp ``poses`` (4, 4) or ``joints`` (n,) [rad] by side, or held
    ``objects`` to poses T_world_object (4, 4) by name.

    A pose is T_world_tcp, or in the frame of an object that ``frames`` names for its side; where another arm of the
    request moves that object, the tcp goes along with it. An object that both hands hold stays as it is in both.
    ``make_room``: an arm that is not asked to move may be parked elsewhere where it is in the way.
    ``via`` are points (3,) [m] in the world that an arc leads through, for methods that have arcs. ``budget`` [s] is
    what the whole request may take; None leaves it to the backend. Raises BimanualError for what no backend could do:
    nothing to move, joints beside other goals, goals or points that are not finite or not rigid, a goal beyond the
    joint limits, an object that no hand holds, an unknown arm, object, frame or sync.
    """

    state: PlanState
    poses: Mapping[str, Array] = field(default_factory=dict)
    joints: Mapping[str, Array] = field(default_factory=dict)
    objects: Mapping[str, Array] = field(default_factory=dict)
    frames: Mapping[str, str] = field(default_factory=dict)
    sync: str = "proportional"
    method: str = "auto"
    make_room: bool = False
    via: Mapping[str, Array] = field(default_factory=dict)
    budget: float | None = None

    def __post_init__(self) -> None:
        if not self.poses and not self.joints and not self.objects:
            raise BimanualError("no arm is asked to move")
        if self.joints and (self.poses or self.objects):
            raise BimanualError(f"give {'tcp poses' if self.poses else 'poses of objects'} or joints, not both")
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
        for name, target in self.objects.items():
            self._require_held(name, target)
        for side, frame in self.frames.items():
            self._require_frame(side, frame)
        for side, point in self.via.items():
            if side not in self.poses or np.shape(point) != (3,) or not np.all(np.isfinite(point)):
                raise BimanualError(f"{side} via must be a finite point (3,) [m] of an arm that goes to a pose")

    @property
    def sides(self) -> tuple[str, ...]:
        """The arms that move, left before right."""
        holding = {side for side, held in self.state.held.items() if held.name in self.objects}
        asked = {*self.poses, *self.joints, *holding}
        return tuple(side for side in self.state.robot.sides if side in asked)

    def require_method(self, backend: str, methods: tuple[str, ...]) -> None:
        """Raises UnknownNameError where ``backend`` has no such method."""
        if self.method not in methods:
            raise UnknownNameError(f"method of backend {backend}", self.method, methods)

    def _require_held(self, name: str, target: Array) -> None:
        if name not in self.state.objects:
            raise UnknownNameError("object", name, self.state.objects)
        if not se3.is_transform(target):
            raise BimanualError(f"{name} target is not a finite rigid transform")
        holding = [side for side, held in self.state.held.items() if held.name == name]
        if not holding:
            held = ", ".join(f"{side}: {held.name}" for side, held in self.state.held.items()) or "nothing"
            raise BimanualError(f"no hand holds {name}, so it cannot be moved; held: {held}")
        for side in holding:
            if side in self.poses:
                raise BimanualError(
                    f"{side} arm: a tcp pose and a pose of {name}, which it holds, contradict each other"
                )

    def _require_frame(self, side: str, frame: str) -> None:
        if side not in self.poses:
            raise BimanualError(f"frame {frame!r} is given for the {side} arm, which has no tcp pose")
        if frame not in (WORLD, *self.state.objects):
            raise UnknownNameError("frame", frame, (WORLD, *self.state.objects))
        if side in self.state.held and self.state.held[side].name == frame:
            raise BimanualError(f"the {side} arm holds {frame}: a pose in its frame goes where the hand goes")

    def _require_joints(self, side: str, q: Array) -> None:
        arm = self.state.robot.arm(side)
        if np.shape(q) != (arm.dof,) or not np.all(np.isfinite(q)):
            raise BimanualError(f"{side} goal must be {arm.dof} finite joints [rad], got {q}")
        for name, value, low, high in zip(arm.joints, q, arm.lower, arm.upper, strict=True):
            if not low <= value <= high:
                text = f"goal {name} = {value:.3f} rad is outside [{low:.3f}, {high:.3f}]"
                raise BimanualError(text, ErrorCode.PLAN_LIMIT)
