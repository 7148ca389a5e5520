"""Judges one condition on one sample: what is missing, with values and limits, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_core.observation import JointSample, ObjectSnapshot, ObjectState
from bimanual_core.robot import RobotSpec
from bimanual_core.scene import TABLE_NAME, TableSpec
from bimanual_core.se3 import quat_from_rotation, rotation_from_rpy
from bimanual_tasks.conditions import ANY, AXES, ORIGIN, Condition
from bimanual_tasks.geometry import AssetLookup, functional_point

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Look:
    """A sample, and what is needed to understand it."""

    snapshot: ObjectSnapshot
    joints: JointSample
    robot: RobotSpec
    table: TableSpec
    assets: AssetLookup

    def state(self, name: str) -> ObjectState:
        """The object of that name, which :func:`missing_of` has made sure of."""
        return self.snapshot.objects[name]

    def point(self, name: str, point: int) -> Array:
        """A functional point (3,) of an object, or its origin, in the world."""
        state = self.state(name)
        if point == ORIGIN:
            return state.T_world_object[:3, 3]
        asset = self.assets(state.class_name, state.asset_id, state.scale).at(state.joints)
        local = functional_point(asset, point)
        return state.T_world_object[:3, :3] @ local + state.T_world_object[:3, 3]

    def opening(self, side: str) -> float:
        """How far a gripper is open, as a share of its largest opening."""
        position = float(self.joints.position[self.robot.joints.group(f"{side}_gripper")][0])
        return position / self.robot.arm(side).gripper.max_opening

    def fingers(self, side: str) -> set[str]:
        """Links of the fingers of ``side``, of all arms for any."""
        sides = self.robot.sides if side == ANY else (side,)
        return {link for s in sides for link in self.robot.arm(s).gripper.finger_links}


def missing_of(condition: Condition, look: Look) -> str:
    """What the sample lacks for ``condition``; empty if it holds."""
    for name in (condition.object, condition.other):
        if name and name != TABLE_NAME and name not in look.snapshot.objects:
            return f"object {name!r} is not in the scene"
    return _JUDGES[condition.kind](condition, look)


def _near(c: Condition, look: Look) -> str:
    reference = np.array([*look.table.centre_xy, look.table.top_z])
    if c.other:
        reference = look.point(c.other, c.other_point)
    error = look.point(c.object, c.point) - reference - c.offset
    judged = [AXES.index(axis) for axis in c.axes if not (c.radius and axis != "z")]
    worst = [
        f"{AXES[i]} is off by {error[i] * 1000:+.1f} mm (limit {c.eps[i] * 1000:g})"
        for i in judged
        if not abs(error[i]) < c.eps[i]
    ]
    away = float(np.hypot(error[0], error[1]))
    if c.radius and not away < c.radius:
        worst.append(f"it is {away * 1000:.1f} mm away (limit {c.radius * 1000:g})")
    return f"{c.object} is not at {c.other or 'its goal'}: {', '.join(worst)}" if worst else ""


def _height(c: Condition, look: Look) -> str:
    height = float(look.point(c.object, c.point)[2]) - look.table.top_z
    if c.low < height < c.high:
        return ""
    limit = f"over {c.low * 1000:g}" if height <= c.low else f"under {c.high * 1000:g}"
    return f"{c.object} is {height * 1000:.1f} mm above the table, {limit} mm is needed"


def _side(c: Condition, look: Look) -> str:
    x = float(look.point(c.object, c.point)[0])
    reached = {"left": -x, "right": x, ANY: abs(x)}[c.side]
    if reached > c.beyond:
        return ""
    return f"{c.object} is at x {x * 1000:+.0f} mm, over {c.beyond * 1000:g} mm to the {c.side} is needed"


def _axis(c: Condition, look: Look) -> str:
    axis = look.state(c.object).T_world_object[:3, :3] @ np.asarray(c.axis)
    dot = float(axis @ np.asarray(c.along) / (np.linalg.norm(axis) * np.linalg.norm(c.along)))
    return "" if dot >= c.dot else f"{c.object} points away: dot product {dot:.2f}, {c.dot:g} is needed"


def _turned(c: Condition, look: Look) -> str:
    R = look.state(c.object).T_world_object[:3, :3]
    if c.other:
        R = look.state(c.other).T_world_object[:3, :3].T @ R
    goal, quat = quat_from_rotation(rotation_from_rpy(np.radians(c.rpy_deg))), quat_from_rotation(R)
    # q and -q are the same orientation.
    off = min(float(np.max(np.abs(quat - goal))), float(np.max(np.abs(quat + goal))))
    return "" if off < c.eps[0] else f"{c.object} is turned: quaternion off by {off:.3f} (limit {c.eps[0]:g})"


def _touches(c: Condition, look: Look) -> str:
    first, second = (c.object, c.other) if c.object != TABLE_NAME else (c.other, c.object)
    touched = second in look.state(first).contacts
    return "" if touched else f"{c.object} does not touch {c.other}"


def _rests(c: Condition, look: Look) -> str:
    below, contacts = c.other or TABLE_NAME, look.state(c.object).contacts
    if below not in contacts:
        return f"{c.object} does not rest on {below}"
    return f"{c.object} is still held" if contacts & look.fingers(ANY) else ""


def _held(c: Condition, look: Look) -> str:
    contacts = look.state(c.object).contacts
    sides = look.robot.sides if c.side == ANY else (c.side,)
    if any(side in look.robot.sides and look.fingers(side) <= contacts for side in sides):
        return ""
    return f"{c.object} is not held by {'an arm' if c.side == ANY else f'the {c.side} arm'}"


def _open(c: Condition, look: Look) -> str:
    fraction = look.opening(c.side)
    if fraction > c.fraction:
        return ""
    return f"{c.side} gripper is open by {fraction:.2f}, more than {c.fraction:g} is needed"


def _closed(c: Condition, look: Look) -> str:
    fraction = look.opening(c.side)
    if fraction < c.fraction:
        return ""
    return f"{c.side} gripper is open by {fraction:.2f}, less than {c.fraction:g} is needed"


def _joint(c: Condition, look: Look) -> str:
    positions = look.state(c.object).joints
    if c.joint not in positions:
        return f"{c.object} has no joint {c.joint!r}; it has {', '.join(positions) or 'none'}"
    value = positions[c.joint]
    if c.low < value < c.high:
        return ""
    return f"{c.joint} of {c.object} is at {value:.3f}, between {c.low:g} and {c.high:g} is needed"


_JUDGES: dict[str, Callable[[Condition, Look], str]] = {
    "near": _near,
    "height": _height,
    "side": _side,
    "axis": _axis,
    "turned": _turned,
    "touches": _touches,
    "rests": _rests,
    "held": _held,
    "gripper_open": _open,
    "gripper_closed": _closed,
    "joint": _joint,
}
