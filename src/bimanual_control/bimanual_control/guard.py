"""Where no arm may go: outside the workspace, below the table's top, onto the other arm.

An arm brakes along its path, so the question is where it would come to rest. While anything moves the bank asks
:class:`MotionGuard` whether braking a little later than now would still end, and pass, in the permitted region; if not,
it brakes now, and so nothing enters the forbidden one. What stands there already may leave it, not go deeper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bimanual_core.errors import ErrorCode
from bimanual_core.robot import RobotSpec, SafetyLimits
from bimanual_core.scene import TableSpec

Array = NDArray[np.float64]
_ROUNDING = 1e-6  # [m] a distance that differs by less is the same
_FINEST = 3e-3  # [m] motion between two looked-at configurations that is not looked at any closer


class Near(Protocol):
    """Tcps (arms, 3) in the world and the arms' distance [m] between ``links``; see ``bimanual_kinematics``."""

    @property
    def tcps(self) -> Array: ...
    @property
    def distance(self) -> float: ...
    @property
    def links(self) -> tuple[str, str]: ...


class Proximity(Protocol):
    """A robot's geometry. ``reach`` (D,): how far a point moves at most for each unit of a joint [m]."""

    @property
    def reach(self) -> Array: ...
    def at(self, q_flat: ArrayLike) -> Near:
        """Tcps and distance of the arms at joints (D,)."""
        ...


@dataclass(frozen=True)
class Violation:
    """What a motion would do, in words, and the arms that have to stop."""

    code: ErrorCode
    sides: tuple[str, ...]
    message: str


class MotionGuard:
    """Holds configurations against ``limits``. Rooms are metres to the forbidden region, one for each arm's workspace
    and one for the arms' distance; negative inside it.

    ``checks`` counts the configurations that were looked at; ``spare`` [m] is at least left of every room by what was
    judged last.
    """

    def __init__(
        self, robot: RobotSpec, limits: SafetyLimits, proximity: Proximity, table: TableSpec | None = None
    ) -> None:
        self.limits = limits
        self.checks = 0
        self.spare = 0.0
        self._sides = robot.sides
        self._tcp_frames = tuple(arm.tcp_frame for arm in robot.arms)
        self._proximity = proximity
        self._lower, self._upper = np.array(limits.workspace_lower), np.array(limits.workspace_upper)
        self._table = table
        self._way = self._ways(robot, proximity.reach)
        self._floor = np.zeros(len(self._way))
        self._known = robot.home.copy()
        self._known_rooms = self._floor

    @property
    def table(self) -> TableSpec | None:
        """The table that no tcp goes below the top of."""
        return self._table

    def set_table(self, table: TableSpec | None) -> None:
        """Another table from now on; call :meth:`begin` before the next judgement."""
        self._table = table

    def begin(self, present: Array) -> None:
        """A motion begins at joints ``present`` (D,), where all stood still: what is in the forbidden region there may
        stay as deep as it is, and leave."""
        self._know(present, self._look(present))
        self._floor = np.minimum(self._known_rooms, 0.0) - _ROUNDING

    def judge(self, begin: Array, rest: Array) -> Violation | None:
        """Whether to be at joints ``begin`` (D,) or to move on from there to ``rest`` (D,), each joint in one
        direction, is forbidden."""
        spare = self._known_rooms - self._floor
        to_begin, to_rest = self._way @ np.abs(begin - self._known), self._way @ np.abs(rest - self._known)
        self.spare = float((spare - np.maximum(to_begin, to_rest)).min())
        if self.spare >= 0.0:
            return None
        rooms = self._look(begin)
        found = self._refused(begin, rooms)
        if found is not None:
            return found
        self._know(begin, rooms)
        self._floor = np.maximum(self._floor, np.minimum(rooms, 0.0) - _ROUNDING)
        rooms_rest = self._look(rest)
        self.spare = float((np.minimum(rooms, rooms_rest) - self._floor).min())
        return self._between(begin, rooms, rest, rooms_rest, True)

    def refuse_goal(self, present: Array, goal: Array) -> Violation | None:
        """Whether joints ``goal`` (D,) lie outside a workspace, and further so than ``present`` (D,)."""
        count = len(self._sides)
        rooms = self._look(goal)
        outside = rooms[:count] < np.minimum(self._look(present)[:count], 0.0) - _ROUNDING
        return self._describe(goal, rooms, int(np.argmax(outside))) if outside.any() else None

    # -- the region -------------------------------------------------------------------------------------------------
    def _know(self, q: Array, rooms: Array) -> None:
        self._known, self._known_rooms = q.copy(), rooms

    def _between(self, a: Array, rooms_a: Array, b: Array, rooms_b: Array, judge_b: bool) -> Violation | None:
        """Look at ``b`` and, as long as the rooms at both ends do not cover the way, at the middle."""
        if judge_b:
            found = self._refused(b, rooms_b)
            if found is not None:
                return found
        way = self._way @ np.abs(b - a)
        uncovered = (rooms_a - self._floor) + (rooms_b - self._floor) < way
        if not (uncovered & (way > _FINEST)).any():
            return None
        middle = (a + b) / 2
        rooms = self._look(middle)
        return self._between(a, rooms_a, middle, rooms, True) or self._between(middle, rooms, b, rooms_b, False)

    def _refused(self, q: Array, rooms: Array) -> Violation | None:
        short = rooms < self._floor
        return self._describe(q, rooms, int(np.argmax(short))) if short.any() else None

    def _look(self, q: Array) -> Array:
        """Rooms (criteria,) at joints (D,)."""
        self.checks += 1
        near = self._proximity.at(q)
        rooms = [min(self._room_in_box(tcp), self._room_over_table(tcp)) for tcp in near.tcps]
        if len(self._sides) > 1:
            rooms.append(near.distance - self.limits.arm_distance)
        return np.array(rooms)

    def _room_in_box(self, tcp: Array) -> float:
        return float(min((tcp - self._lower).min(), (self._upper - tcp).min()))

    def _room_over_table(self, tcp: Array) -> float:
        """Distance of a point to the block under the table's top, negative in it."""
        if self._table is None:
            return float("inf")
        (x, y), (length, width, _) = self._table.centre_xy, self._table.size
        beside = max(abs(tcp[0] - x) - length / 2, abs(tcp[1] - y) - width / 2)
        above = tcp[2] - (self._table.top_z - self.limits.below_table)
        return float(max(beside, above))

    def _describe(self, q: Array, rooms: Array, criterion: int) -> Violation:
        near = self._proximity.at(q)
        if criterion == len(self._sides):
            a, b = near.links
            limit = self.limits.arm_distance
            text = f"{a} would come to {_mm(near.distance)} from {b}, limit {_mm(limit)}"
            return Violation(ErrorCode.CONTROL_ARM_DISTANCE, self._sides, text)
        side, tcp = self._sides[criterion], near.tcps[criterion]
        where = f"{self._tcp_frames[criterion]} would come to ({tcp[0]:.3f}, {tcp[1]:.3f}, {tcp[2]:.3f})"
        if self._table is not None and self._room_over_table(tcp) < self._room_in_box(tcp):
            depth = self._table.top_z - tcp[2]
            text = f"{where}, {_mm(depth)} below the table's top, limit {_mm(self.limits.below_table)}"
        else:
            lower, upper = self.limits.workspace_lower, self.limits.workspace_upper
            text = f"{where}, {_mm(-rooms[criterion])} outside the workspace {_text(lower)} to {_text(upper)}"
        return Violation(ErrorCode.CONTROL_WORKSPACE, (side,), text)

    def _ways(self, robot: RobotSpec, reach: Array) -> Array:
        """(criteria, D): how far a joint's unit moves what each criterion is about, at most."""
        ways = np.zeros((len(robot.arms), robot.joints.size))
        for row, side in zip(ways, robot.sides, strict=True):
            for group in (f"{side}_arm", f"{side}_gripper"):
                row[robot.joints.group(group)] = reach[robot.joints.group(group)]
        return np.vstack([ways, ways.sum(axis=0)]) if len(robot.arms) > 1 else ways


def _mm(metres: float) -> str:
    return f"{metres * 1000:.1f} mm"


def _text(point: tuple[float, float, float]) -> str:
    return "(" + ", ".join(f"{v:g}" for v in point) + ")"
