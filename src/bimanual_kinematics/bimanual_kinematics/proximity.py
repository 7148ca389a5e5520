"""How near the two arms are to each other, and where their tcps are: the question a controller asks while it moves.

Bounding spheres say which parts can be near at all; only those are measured exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pinocchio as pin
from numpy.typing import ArrayLike, NDArray

from bimanual_kinematics.collision import arm_of_links
from bimanual_kinematics.geometry import robot_bodies
from bimanual_kinematics.model import RobotModel

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Nearness:
    """``tcps`` (arms, 3) in the world, left before right; ``distance`` [m] of the arms, or a bound below it where they
    are further apart than was asked for exactly; the ``links`` it is between (empty for a bound)."""

    tcps: Array
    distance: float
    links: tuple[str, str] = ("", "")


class ArmProximity:
    """Distances between links of different arms, grippers and bases included. ``exact_below`` [m]: what is further
    apart is bounded only."""

    def __init__(self, model: RobotModel, exact_below: float = 0.03) -> None:
        self.model = model
        self.exact_below = exact_below
        self._geometry = pin.GeometryModel()
        self._links: list[str] = []
        self._arms: list[str] = []
        arm_of, bodies = arm_of_links(model), robot_bodies(model)
        for link, body in bodies.items():
            for part in body.parts if link in arm_of else ():
                placement = pin.SE3(body.T_joint_body @ part.T_body_part)
                part.shape.computeLocalAABB()
                self._geometry.addGeometryObject(pin.GeometryObject(link, body.joint, placement, part.shape))
                self._links.append(link)
                self._arms.append(arm_of[link])
        self._first, self._second, reach = self._add_pairs()
        self._touching = reach
        self._data = pin.GeometryData(self._geometry)
        self._tcp_ids = [model.pin_model.getFrameId(arm.tcp_frame) for arm in model.robot.arms]
        #: How far [m] a point of an arm, its tcp included, moves at most for each unit of each joint (D,).
        self.reach: Array = self._reach()

    def at(self, q_flat: ArrayLike) -> Nearness:
        """Tcps and distance at joints (D,), grippers included."""
        pin_model, pin_data = self.model.pin_model, self.model.pin_data
        pin.updateGeometryPlacements(pin_model, pin_data, self._geometry, self._data, self.model.full_q(q_flat))
        tcps = np.array([pin.updateFramePlacement(pin_model, pin_data, i).translation for i in self._tcp_ids])
        if not len(self._first):
            return Nearness(tcps, float("inf"))
        centres = np.array([placement.translation for placement in self._data.oMg])
        apart = centres[self._first] - centres[self._second]
        bounds = np.sqrt(np.einsum("ij,ij->i", apart, apart)) - self._touching
        return self._nearest(tcps, bounds)

    def _nearest(self, tcps: Array, bounds: Array) -> Nearness:
        """Measure pairs in the order of their bounds, until the next cannot be nearer."""
        near = np.flatnonzero(bounds < self.exact_below)
        best, links = float("inf"), ("", "")
        for i in near[np.argsort(bounds[near], kind="stable")].tolist():
            if bounds[i] >= best:
                break
            distance = float(pin.computeDistance(self._geometry, self._data, i).min_distance)
            if distance < best:
                best, links = distance, (self._links[self._first[i]], self._links[self._second[i]])
        if best <= self.exact_below:
            return Nearness(tcps, best, links)
        far = bounds[bounds >= self.exact_below]
        return Nearness(tcps, min(best, float(far.min()) if len(far) else best), links)

    def _add_pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
        """Parts of different arms of which one moves: their indices, and the sum of their spheres' radii [m]."""
        objects = self._geometry.geometryObjects
        first, second, touching = [], [], []
        for i in range(len(objects)):
            for j in range(i + 1, len(objects)):
                if self._arms[i] != self._arms[j] and objects[i].parentJoint + objects[j].parentJoint > 0:
                    self._geometry.addCollisionPair(pin.CollisionPair(i, j))
                    first.append(i)
                    second.append(j)
                    touching.append(_radius(objects[i]) + _radius(objects[j]))
        return np.array(first, dtype=np.intp), np.array(second, dtype=np.intp), np.array(touching)

    def _reach(self) -> Array:
        """Bound by the lengths of the chain: stretched, whatever the joints in between do."""
        pin_model, layout = self.model.pin_model, self.model.robot.joints
        tips = np.zeros(pin_model.njoints)
        for item in self._geometry.geometryObjects:
            tip = float(np.linalg.norm(item.placement.translation)) + _radius(item)
            tips[item.parentJoint] = max(tips[item.parentJoint], tip)
        for i in self._tcp_ids:
            frame = pin_model.frames[i]
            tips[frame.parentJoint] = max(tips[frame.parentJoint], float(np.linalg.norm(frame.placement.translation)))
        stroke = max(arm.gripper.max_opening for arm in self.model.robot.arms)
        for joint in range(pin_model.njoints - 1, 0, -1):
            parent = pin_model.parents[joint]
            length = float(np.linalg.norm(pin_model.jointPlacements[joint].translation)) + tips[joint]
            if pin_model.joints[joint].shortname().startswith("JointModelP"):
                length += stroke
            tips[parent] = max(tips[parent], length)
        reach = np.ones(layout.size)  # a finger moves by no more than the opening does
        for arm in self.model.robot.arms:
            for name in arm.joints:
                reach[layout.index(name)] = tips[pin_model.getJointId(name)]
        return reach


def _radius(item: pin.GeometryObject) -> float:
    """Of a sphere about the origin of a shape that holds all of it [m]."""
    return float(item.geometry.aabb_radius) + float(np.linalg.norm(item.geometry.aabb_center))
