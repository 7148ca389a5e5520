"""Collisions and distances of the robot, the table and objects, with an explicit list of allowed contacts.

Nothing is allowed silently: the SRDF's hand-written pairs, what :meth:`CollisionScene.allow` names, and, for an
attached object, the fingers that hold it. A pair that joins the two arms can never be allowed.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pinocchio as pin
from numpy.typing import ArrayLike, NDArray

from bimanual_core.asset import Asset
from bimanual_core.errors import BimanualError, UnknownNameError
from bimanual_core.scene import TABLE_NAME, TableSpec
from bimanual_core.se3 import is_transform
from bimanual_description import srdf as read_srdf
from bimanual_kinematics.clouds import RESOLUTION, cloud_body
from bimanual_kinematics.continuous import Motion
from bimanual_kinematics.geometry import Body, asset_parts, robot_bodies, table_body
from bimanual_kinematics.model import RobotModel
from bimanual_kinematics.pairs import CheckedPairs

Array = NDArray[np.float64]
Pair = frozenset[str]
#: What a point cloud is called where nothing else is said.
CLOUD_NAME = "cloud"


@dataclass(frozen=True)
class Collision:
    """Two bodies (links, objects, point clouds or the table) nearer than the margin; ``depth`` [m] is how deep they
    overlap, negative for bodies that are apart by less than the margin, and ``at`` where they do, in world [m]."""

    a: str
    b: str
    depth: float
    at: tuple[float, float, float]

    @property
    def places(self) -> dict[str, tuple[float, float, float]]:
        """For an error that tells of it in these words."""
        return {str(self): self.at}

    def __str__(self) -> str:
        what = "overlaps" if self.depth >= 0 else "is near"
        return f"{self.a} {what} {self.b} ({abs(self.depth) * 1000:.1f} mm)"


class CollisionScene:
    """The robot among a table and objects. ``margin`` [m] is the least clearance a check accepts."""

    def __init__(self, model: RobotModel, table: TableSpec | None = None, *, margin: float = 0.0) -> None:
        self.model = model
        self.margin = margin
        self._bodies: dict[str, Body] = robot_bodies(model)
        self._links = frozenset(self._bodies)
        self._allowed: dict[Pair, int] = dict.fromkeys(_disabled_pairs(read_srdf(model.robot)), 1)
        self._held: dict[str, str] = {}  # object -> side
        self._clouds: set[str] = set()
        self._arm_of = arm_of_links(model)
        for pair in self._allowed:
            self._require_same_arm(pair)
        self._pairs: CheckedPairs | None = None
        self._made: dict[frozenset[Pair], CheckedPairs] = {}
        self.set_table(table)

    # what is in the scene

    @property
    def objects(self) -> tuple[str, ...]:
        """Names of the objects and point clouds."""
        return tuple(n for n in self._bodies if n not in self._links and n != TABLE_NAME)

    @property
    def clouds(self) -> frozenset[str]:
        """Names of the point clouds."""
        return frozenset(self._clouds)

    @property
    def held(self) -> dict[str, str]:
        """The arm that carries each attached object, by object name."""
        return dict(self._held)

    def set_table(self, table: TableSpec | None) -> None:
        """Place the table, or take it away."""
        self._bodies.pop(TABLE_NAME, None)
        if table is not None:
            self._bodies[TABLE_NAME] = table_body(table)
        self._forget()

    def set_object(self, name: str, asset: Asset, T_world_object: Array) -> None:
        """Put an object, new or known, at a pose in the world; a held one leaves the hand.

        Its allowed contacts stay. Raises BimanualError for a reserved name or a pose that is none.
        """
        if name in self._links or name in self._clouds or name == TABLE_NAME:
            raise BimanualError(f"object name {name!r} is the name of a link, a point cloud or the table")
        _require_pose(name, T_world_object)
        if name in self._held:
            self._forbid_fingers(self._held.pop(name), name)
        self._bodies[name] = Body(0, asset_parts(asset), np.asarray(T_world_object, dtype=float))
        self._forget()

    def set_cloud(self, points: ArrayLike, resolution: float = RESOLUTION, name: str = CLOUD_NAME) -> None:
        """Keep clear of a cloud of points (N, 3) in the world [m], in place of an older one of that name: of every cube
        of side ``resolution`` [m] in which there is a point (see ``clouds``).

        Points of the robot itself and of objects that shall be touched must not be among them. Raises BimanualError for
        a name that is taken, and for points that are none, too many or not finite.
        """
        if name in self._bodies and name not in self._clouds:
            raise BimanualError(f"point cloud {name!r} has the name of a link, the table or an object")
        self._bodies[name] = cloud_body(points, resolution)
        self._clouds.add(name)
        self._forget()

    def remove_object(self, name: str) -> None:
        """Take an object or a point cloud out, and every contact allowed to it."""
        self._require_object(name)
        self._held.pop(name, None)
        self._clouds.discard(name)
        del self._bodies[name]
        self._allowed = {pair: n for pair, n in self._allowed.items() if name not in pair}
        self._forget()

    # what is held

    def attach(self, side: str, name: str, T_tcp_object: Array) -> None:
        """Let ``side`` carry an object at a pose in its tcp; its own fingers, and nothing else, may touch it.

        From the other hand it is taken over: that hand's fingers stay allowed until :meth:`release`.
        """
        self._require_object(name)
        _require_pose(name, T_tcp_object)
        if self._held.get(name) != side:
            for finger in self._fingers(side):
                self.allow(finger, name)
        pin_model, arm = self.model.pin_model, self.model.robot.arm(side)
        frame = pin_model.frames[pin_model.getFrameId(arm.tcp_frame)]
        T_joint_object = frame.placement.homogeneous @ np.asarray(T_tcp_object, dtype=float)
        self._bodies[name] = Body(frame.parentJoint, self._bodies[name].parts, T_joint_object)
        self._held[name] = side
        self._forget()

    def detach(self, side: str, T_world_object: Array) -> None:
        """Leave what ``side`` carries at a pose in the world; its fingers may no longer touch it.

        Raises BimanualError if the arm carries nothing.
        """
        names = [n for n, s in self._held.items() if s == side]
        if not names:
            raise BimanualError(f"the {side} arm carries no object; carried: {self._held or 'none'}")
        name = names[0]
        _require_pose(name, T_world_object)
        del self._held[name]
        self._bodies[name] = Body(0, self._bodies[name].parts, np.asarray(T_world_object, dtype=float))
        self._forget()
        self.release(side, name)

    def release(self, side: str, name: str) -> None:
        """Forbid contact between the fingers of ``side`` and an object again (after a hand-over)."""
        self._require_object(name)
        if self._held.get(name) == side:
            raise BimanualError(f"{name} is carried by the {side} arm: detach it first")
        self._forbid_fingers(side, name)

    # what may touch

    def allow(self, a: str, b: str) -> None:
        """Allow contact of two bodies. Raises BimanualError for a pair that joins the two arms."""
        pair = self._pair(a, b)
        self._require_same_arm(pair)
        self._allowed[pair] = self._allowed.get(pair, 0) + 1
        self._pairs = None

    def forbid(self, a: str, b: str) -> None:
        """Take one :meth:`allow` of the pair back."""
        pair = self._pair(a, b)
        count = self._allowed.get(pair, 0) - 1
        if count > 0:
            self._allowed[pair] = count
        else:
            self._allowed.pop(pair, None)
        self._pairs = None

    @contextmanager
    def allowing(self, *pairs: tuple[str, str]) -> Iterator[None]:
        """Contacts allowed for the length of a ``with`` block, such as a held object with the table."""
        for a, b in pairs:
            self._require_same_arm(self._pair(a, b))
        for a, b in pairs:
            self.allow(a, b)
        try:
            yield
        finally:
            for a, b in pairs:
                self.forbid(a, b)

    def is_allowed(self, a: str, b: str) -> bool:
        """Whether contact of the two bodies is allowed now."""
        return self._pair(a, b) in self._allowed

    # questions

    def check(self, q_flat: ArrayLike, margin: float | None = None) -> Collision | None:
        """The first pair nearer than the margin at joints (D,), grippers included, or None."""
        found = self._find(q_flat, margin, first_only=True)
        return found[0] if found else None

    def is_free(self, q_flat: ArrayLike, margin: float | None = None) -> bool:
        """Whether no pair is nearer than the margin at joints (D,): as :meth:`check`, and sooner said."""
        return self._placed(q_flat).free(self.margin if margin is None else margin)

    def collisions(self, q_flat: ArrayLike, margin: float | None = None) -> list[Collision]:
        """Every pair nearer than the margin, deepest first, one entry for each pair of bodies."""
        deepest: dict[Pair, Collision] = {}
        for collision in self._find(q_flat, margin, first_only=False):
            pair = frozenset((collision.a, collision.b))
            if pair not in deepest or collision.depth > deepest[pair].depth:
                deepest[pair] = collision
        return sorted(deepest.values(), key=lambda c: -c.depth)

    def joins_arms(self, collision: Collision) -> bool:
        """Whether the two bodies belong to, or are held by, different arms."""
        sides = {self._held.get(name, self._arm_of.get(name, "")) for name in (collision.a, collision.b)}
        return "" not in sides and len(sides) > 1

    def min_distance(self, q_flat: ArrayLike) -> tuple[float, tuple[str, str]]:
        """Least distance [m] of a pair that may not touch (negative when they overlap), and the pair.

        Infinite with an empty pair when nothing is checked.
        """
        return self._placed(q_flat).nearest()

    def check_path(self, qs: Array, margin: float | None = None) -> tuple[int, Collision] | None:
        """Index and collision of the first of joints (N, D) that collides, or None."""
        for i, q_flat in enumerate(qs):
            collision = self.check(q_flat, margin)
            if collision is not None:
                return i, collision
        return None

    def first_touch(self, motion: Motion, margin: float | None = None) -> tuple[float, Collision] | None:
        """Share of the time of ``motion`` (flat joints (N, D) at shares (N,) in [0, 1]) and collision of the first
        touch found, or None: then nothing comes nearer than the margin at any instant, between samples neither."""
        found = self._checked().first_touch(motion, self.margin if margin is None else margin)
        return None if found is None else (found[0], Collision(*found[1]))

    def _find(self, q_flat: ArrayLike, margin: float | None, first_only: bool) -> list[Collision]:
        found = self._placed(q_flat).colliding(self.margin if margin is None else margin, first_only)
        return [Collision(*near) for near in found]

    def _placed(self, q_flat: ArrayLike) -> CheckedPairs:
        pairs = self._checked()
        pairs.place(self.model.full_q(q_flat))
        return pairs

    def _checked(self) -> CheckedPairs:
        """What is to be checked now; kept for each set of allowed contacts until a body moves, comes or goes."""
        if self._pairs is None:
            allowed = frozenset(self._allowed)
            if allowed not in self._made:
                self._made[allowed] = CheckedPairs(self.model, self._bodies, self._allowed)
            self._pairs = self._made[allowed]
        return self._pairs

    def _forget(self) -> None:
        """A body has moved, come or gone."""
        self._pairs = None
        self._made.clear()

    def _pair(self, a: str, b: str) -> Pair:
        for name in (a, b):
            if name not in self._bodies:
                raise UnknownNameError("body", name, self._bodies)
        return frozenset((a, b))

    def _require_same_arm(self, pair: Pair) -> None:
        if len({self._arm_of[name] for name in pair if name in self._arm_of}) > 1:
            raise BimanualError(f"{' and '.join(sorted(pair))} join the two arms: their contact is never allowed")

    def _fingers(self, side: str) -> tuple[str, str]:
        return self.model.robot.arm(side).gripper.finger_links

    def _forbid_fingers(self, side: str, name: str) -> None:
        for finger in self._fingers(side):
            self.forbid(finger, name)

    def _require_object(self, name: str) -> None:
        if name not in self.objects:
            raise UnknownNameError("object", name, self.objects)


def _require_pose(name: str, T: Array) -> None:
    if not is_transform(T):
        raise BimanualError(f"object {name!r}: the pose is not a finite rigid transform")


def _disabled_pairs(srdf: str) -> list[Pair]:
    """The pairs that an SRDF disables."""
    elements = ET.fromstring(srdf).iter("disable_collisions")
    return [frozenset((e.attrib["link1"], e.attrib["link2"])) for e in elements]


def arm_of_links(model: RobotModel) -> dict[str, str]:
    """The arm of every link that belongs to one, its base included."""
    pin_model = model.pin_model
    arms = {}
    for arm in model.robot.arms:
        carried = set(pin_model.subtrees[pin_model.getJointId(arm.joints[0])])
        for frame in pin_model.frames:
            if frame.type == pin.BODY and (frame.parentJoint in carried or frame.name == arm.base_frame):
                arms[frame.name] = arm.side
    return arms
