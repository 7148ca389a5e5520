"""The pairs of parts to check, in the form Pinocchio and coal check in one call."""

from __future__ import annotations

from collections.abc import Container, Mapping
from itertools import combinations
from typing import Any

import coal
import numpy as np
import pinocchio as pin
from numpy.typing import NDArray

from bimanual_kinematics.continuous import ContinuousCheck, Motion
from bimanual_kinematics.geometry import Body
from bimanual_kinematics.model import RobotModel

Array = NDArray[np.float64]
#: Two bodies, how deep they overlap [m] (negative = apart), and the middle of where they are nearest, in world [m].
Near = tuple[str, str, float, tuple[float, float, float]]
#: Cubes of a point cloud that are looked at for the one that overlaps deepest.
_CONTACTS = 10_000


class CheckedPairs:
    """Bodies placed by joints, and every pair of their parts that may not touch.

    Left out: parts that one joint carries (they cannot move against each other) and the ``allowed`` pairs of bodies.
    """

    def __init__(self, model: RobotModel, bodies: Mapping[str, Body], allowed: Container[frozenset[str]]) -> None:
        self._model = model
        self._geometry = pin.GeometryModel()
        indices = {name: self._add(name, body) for name, body in bodies.items()}
        self.names: list[tuple[str, str]] = []
        for a, b in combinations(bodies, 2):
            if bodies[a].joint == bodies[b].joint or frozenset((a, b)) in allowed:
                continue
            for i in indices[a]:
                for j in indices[b]:
                    self._geometry.addCollisionPair(pin.CollisionPair(i, j))
                    self.names.append((a, b))
        self._data = pin.GeometryData(self._geometry)
        self._margin = 0.0
        self._broad: Any = None
        self._continuous: ContinuousCheck | None = None

    def place(self, q_full: Array) -> None:
        """Move everything to the joints (nq,)."""
        model = self._model
        pin.updateGeometryPlacements(model.pin_model, model.pin_data, self._geometry, self._data, q_full)

    def free(self, margin: float) -> bool:
        """Whether no pair is nearer than ``margin`` [m]; a tree of boxes leaves most pairs out."""
        if not self.names:
            return True
        if margin != self._margin or self._broad is None:
            for request in self._data.collisionRequests:
                request.security_margin = margin
            self._margin = margin
            # It takes the margins in when it is made.
            self._broad = pin.BroadPhaseManager_DynamicAABBTreeCollisionManager(
                self._model.pin_model, self._geometry, self._data
            )
        self._broad.update(False)
        return not pin.computeCollisions(self._broad, True)

    def colliding(self, margin: float, first_only: bool) -> list[Near]:
        """Bodies nearer than ``margin`` [m]."""
        if self.free(margin):
            return []
        pin.computeCollisions(self._geometry, self._data, first_only)
        found = []
        for i, result in enumerate(self._data.collisionResults):
            if result.isCollision():
                found.append(self._near(i))
                if first_only:
                    break
        return found

    def first_touch(self, motion: Motion, margin: float) -> tuple[float, Near] | None:
        """The first share of the time of ``motion`` found at which two bodies are nearer than ``margin`` [m], and
        which; None if none ever are."""
        if self._continuous is None:
            pairs = [(pair.first, pair.second) for pair in self._geometry.collisionPairs]
            self._continuous = ContinuousCheck(self._model, self._geometry, self._data, pairs)
        touch = self._continuous.first_touch(motion, margin)
        if touch is None:
            return None
        self.place(touch.q_full)
        return touch.share, self._near(touch.index)

    def nearest(self) -> tuple[float, tuple[str, str]]:
        """Least distance [m] of a pair, negative when it overlaps; infinite without pairs."""
        if not self.names:
            return float("inf"), ("", "")
        index = pin.computeDistances(self._geometry, self._data)
        return float(self._data.distanceResults[index].min_distance), self.names[index]

    def _near(self, index: int) -> Near:
        """A pair where everything is now."""
        pair = self._geometry.collisionPairs[index]
        items = [self._geometry.geometryObjects[i] for i in (pair.first, pair.second)]
        if any(item.geometry.getNodeType() == coal.NODE_TYPE.GEOM_OCTREE for item in items):
            deepest = self._deepest(items, (pair.first, pair.second))
            if deepest is not None:
                return *self.names[index], *deepest
        result = pin.computeDistance(self._geometry, self._data, index)
        x, y, z = 0.5 * (result.getNearestPoint1() + result.getNearestPoint2())
        return *self.names[index], -float(result.min_distance), (float(x), float(y), float(z))

    def _deepest(
        self, items: list[pin.GeometryObject], indices: tuple[int, int]
    ) -> tuple[float, tuple[float, float, float]] | None:
        """Depth and place of the deepest of many touches, which a distance is not measured to; None if none is."""
        request, result = coal.CollisionRequest(), coal.CollisionResult()
        request.enable_contact, request.num_max_contacts = True, _CONTACTS
        poses = [self._data.oMg[i] for i in indices]
        placed = [coal.Transform3s(pose.rotation, pose.translation) for pose in poses]
        count = coal.collide(items[0].geometry, placed[0], items[1].geometry, placed[1], request, result)
        if not count:
            return None
        contact = min((result.getContact(k) for k in range(count)), key=lambda c: c.penetration_depth)
        x, y, z = contact.pos
        return -float(contact.penetration_depth), (float(x), float(y), float(z))

    def _add(self, name: str, body: Body) -> list[int]:
        indices = []
        for k, part in enumerate(body.parts):
            placement = pin.SE3(body.T_joint_body @ part.T_body_part)
            item = pin.GeometryObject(f"{name}:{k}", body.joint, placement, part.shape)
            indices.append(self._geometry.addGeometryObject(item))
        return indices
