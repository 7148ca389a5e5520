"""The elementary steps a skill is made of: a path of one arm, a move of its gripper, or a wait.

The k-th steps of two skills of the same index run together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bimanual_core.se3 import inverse
from bimanual_planner.state import Held, PlanState

Array = NDArray[np.float64]
#: Pose (4, 4) of a side's tcp from its arm joints.
ForwardKinematics = Callable[[str, Array], Array]


@dataclass(frozen=True, eq=False)
class Step:
    """One of: ``path`` (N, n) of the arm, ``opening`` [m] of the gripper, ``seconds`` of waiting.

    A straight path is a screw of the tcp, with the ``lengths`` (N,) [m] it has travelled at each point; any other
    is a line in joint space. ``take`` and ``let_go`` say what a gripper's move makes of an object; ``into`` names what
    it is let go in, if a hand holds that.
    """

    path: Array | None = None
    lengths: Array | None = None
    opening: float | None = None
    seconds: float = 0.0
    take: Held | None = None
    let_go: str = ""
    into: str = ""

    @property
    def straight(self) -> bool:
        return self.lengths is not None

    def after(self, side: str, state: PlanState, fk: ForwardKinematics) -> PlanState:
        """The state once the step is done."""
        if self.path is not None:
            return state.with_arm(side, self.path[-1])
        if self.opening is not None:
            state = state.with_opening(side, self.opening)
        if self.take is not None:
            state = state.with_held(side, self.take)
        if self.let_go and side in state.held:
            held = state.held[side]
            state = state.with_held(side, None)
            if state.carrier(held.name) is None:
                T_world_tcp = fk(side, state.arm_q(side))
                for name, T_tcp_object in held.all_carried.items():
                    state = state.with_object(name, T_world_tcp @ T_tcp_object)
                state = self._let_in(held.name, state, fk)
        return state

    def _let_in(self, name: str, state: PlanState, fk: ForwardKinematics) -> PlanState:
        """The state in which object ``name`` lies in what it was let go in, and moves with it."""
        side = state.carrier(self.into)
        if side is None:
            return state
        T_tcp_object = inverse(fk(side, state.arm_q(side))) @ state.objects[name]
        held = state.held[side]
        return state.with_held(side, replace(held, inside={**held.inside, name: T_tcp_object}))


def zipped(left: list[Step], right: list[Step]) -> list[dict[str, Step]]:
    """Steps by side that run together, left before right; a side without a step stays."""
    rows = []
    for k in range(max(len(left), len(right))):
        row = {"left": left[k] if k < len(left) else None, "right": right[k] if k < len(right) else None}
        rows.append({side: step for side, step in row.items() if step is not None})
    return rows


def along(path: Array, count: int) -> Array:
    """``count`` joints along a path (N, n), equally far apart by the largest joint's travel."""
    travel = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(path, axis=0)).max(axis=1))])
    if travel[-1] <= 0.0:
        return np.repeat(path[:1], count, axis=0)
    u = np.linspace(0.0, travel[-1], count)
    return np.column_stack([np.interp(u, travel, path[:, j]) for j in range(path.shape[1])])


def travel(path: Array) -> float:
    """How far a path's largest joint movement adds up to [rad]."""
    return float(np.abs(np.diff(path, axis=0)).max(axis=1).sum())
