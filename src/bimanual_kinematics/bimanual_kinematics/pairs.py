"""The pairs of parts to check, in the form Pinocchio and coal check in one call."""

from __future__ import annotations

from collections.abc import Container, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pinocchio as pin
from numpy.typing import NDArray

from bimanual_kinematics.continuous import ContinuousCheck, Motion
from bimanual_kinematics.geometry import Body
from bimanual_kinematics.model import RobotModel

Array = NDArray[np.float64]


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

    def colliding(self, margin: float, first_only: bool) -> list[tuple[str, str, float]]:
        """Bodies nearer than ``margin`` [m] and how deep they overlap [m] (negative = apart)."""
        if self.free(margin):
            return []
        pin.computeCollisions(self._geometry, self._data, first_only)
        found = []
        for i, result in enumerate(self._data.collisionResults):
            if result.isCollision():
                distance = pin.computeDistance(self._geometry, self._data, i).min_distance
                found.append((*self.names[i], -float(distance)))
                if first_only:
                    break
        return found

    def first_touch(self, motion: Motion, margin: float) -> tuple[float, str, str, float] | None:
        """The first share of the time of ``motion`` found at which two bodies are nearer than ``margin`` [m], which,
        and how deep they overlap [m] (negative = apart); None if none ever are."""
        if self._continuous is None:
            pairs = [(pair.first, pair.second) for pair in self._geometry.collisionPairs]
            self._continuous = ContinuousCheck(self._model, self._geometry, self._data, pairs)
        touch = self._continuous.first_touch(motion, margin)
        return None if touch is None else (touch.share, *self.names[touch.index], -touch.distance)

    def nearest(self) -> tuple[float, tuple[str, str]]:
        """Least distance [m] of a pair, negative when it overlaps; infinite without pairs."""
        if not self.names:
            return float("inf"), ("", "")
        index = pin.computeDistances(self._geometry, self._data)
        return float(self._data.distanceResults[index].min_distance), self.names[index]

    def _add(self, name: str, body: Body) -> list[int]:
        indices = []
        for k, part in enumerate(body.parts):
            placement = pin.SE3(body.T_joint_body @ part.T_body_part)
            item = pin.GeometryObject(f"{name}:{k}", body.joint, placement, part.shape)
            indices.append(self._geometry.addGeometryObject(item))
        return indices
