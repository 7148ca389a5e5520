"""What the planner believes: joints, where objects are, which hand holds what. A value, never changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bimanual_core.robot import RobotSpec

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Held:
    """An object in a hand: its pose in the tcp, fixed while it is held, and its width between the fingers [m].

    ``opening`` [m] is how far the hand may open around it, where that is not all the way: a finger is inside it.
    ``inside`` has the poses in the tcp of what lies in it, by name: things in a drawer move with it.
    """

    name: str
    T_tcp_object: Array
    width: float
    opening: float | None = None
    inside: Mapping[str, Array] = field(default_factory=dict)

    @property
    def all_carried(self) -> dict[str, Array]:
        """Poses (4, 4) in the tcp of what moves with the hand, by name."""
        return {self.name: self.T_tcp_object, **self.inside}


@dataclass(frozen=True, eq=False)
class PlanState:
    """Joints in flat order (D,), poses (4, 4) of objects by name, and what each hand holds.

    During a hand-over both hands hold the object; the hand that took it last comes last in ``held`` and carries it.
    """

    robot: RobotSpec
    q: Array
    objects: dict[str, Array]
    held: dict[str, Held] = field(default_factory=dict)

    def arm_q(self, side: str) -> Array:
        """Joints (n,) of one arm."""
        return self.q[self.robot.joints.group(f"{side}_arm")]

    def opening(self, side: str) -> float:
        """Opening of one gripper [m]."""
        return float(self.q[self.robot.joints.group(f"{side}_gripper")][0])

    def carrier(self, name: str) -> str | None:
        """The side that carries an object, or None for one that stands free."""
        return next((side for side, held in reversed(self.held.items()) if held.name == name), None)

    def container(self, name: str) -> str | None:
        """The side that carries what an object lies in, or None."""
        return next((side for side, held in self.held.items() if name in held.inside), None)

    def with_arm(self, side: str, q_arm: Array) -> PlanState:
        return self._with_group(f"{side}_arm", q_arm)

    def with_opening(self, side: str, opening: float) -> PlanState:
        return self._with_group(f"{side}_gripper", opening)

    def with_held(self, side: str, held: Held | None) -> PlanState:
        others = {s: h for s, h in self.held.items() if s != side}
        return replace(self, held=others if held is None else {**others, side: held})

    def with_object(self, name: str, T_world_object: Array) -> PlanState:
        return replace(self, objects={**self.objects, name: T_world_object})

    def _with_group(self, group: str, values: Array | float) -> PlanState:
        q = self.q.copy()
        q[self.robot.joints.group(group)] = values
        return replace(self, q=q)
