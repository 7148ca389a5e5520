"""What the MoveIt backend needs of MoveIt, in plain values: no ROS here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bimanual_core.asset import Shape
from bimanual_core.motion import JointTrajectory

Array = NDArray[np.float64]
#: MoveIt's error code, its own words if it has any, and the group's trajectory where there is one.
Answer = tuple[int, str, JointTrajectory | None]


class MoveItClient(Protocol):
    """A planning scene and planners. Joints ``q`` are flat (D,), poses (4, 4) in the world unless named otherwise.

    Methods raise BimanualError where MoveIt refuses what it is told.
    """

    def clear(self) -> None:
        """Take every object out, those in hands too."""
        ...

    def put(self, name: str, shapes: Sequence[Shape], T_world_object: Array) -> None:
        """Place an object, new or in the place of one of that name."""
        ...

    def move(self, name: str, T_world_object: Array) -> None:
        """Another pose of an object that is there."""
        ...

    def remove(self, name: str) -> None:
        """Take an object out that no hand holds."""
        ...

    def attach(
        self, name: str, shapes: Sequence[Shape], link: str, T_link_object: Array, touch_links: Sequence[str]
    ) -> None:
        """Let ``link`` carry an object, in the place of one of that name; only ``touch_links`` may touch it."""
        ...

    def detach(self, name: str) -> None:
        """Leave a carried object in the world, where it is."""
        ...

    def set_contacts(self, pairs: Iterable[tuple[str, str]], allowed: bool) -> None:
        """Allow or forbid contact of pairs of objects."""
        ...

    def ik(self, side: str, q: Array, T_world_tcp: Array) -> Array | None:
        """Joints (n,) of one arm that reach a tcp pose, sought from ``q``; None where MoveIt finds none."""
        ...

    def first_invalid(self, group: str, qs: Array) -> int | None:
        """Index of the first of joints (N, D) at which the group touches what it may not, or None."""
        ...

    def plan(
        self,
        group: str,
        q: Array,
        q_goal: Array,
        *,
        pipeline: str,
        planner: str,
        seconds: float,
        scaling: tuple[float, float],
        via: tuple[str, Array] | None = None,
    ) -> Answer:
        """A timed motion of ``group`` from ``q`` to ``q_goal``; ``scaling`` is of velocity and acceleration in (0, 1].

        ``via`` is a link and a point (3,) [m] in the world that an arc leads it through.
        """
        ...

    def close(self) -> None:
        """End MoveIt."""
        ...
