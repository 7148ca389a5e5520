"""An independent check of planned motions: between two looks no point of the robot moves more than a millimetre."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pinocchio as pin
from numpy.typing import NDArray
from scipy.interpolate import BPoly

from bimanual_core.motion import JointTrajectory
from bimanual_core.robot import RobotSpec
from bimanual_kinematics.collision import CollisionScene
from bimanual_kinematics.geometry import robot_bodies
from bimanual_kinematics.model import RobotModel
from bimanual_planner.state import PlanState

Array = NDArray[np.float64]
#: The farthest that any point moves between two looks [m].
LOOK_M = 0.001
#: What rounding may add to a limit, of 1 and as a share of it.
ROUNDING = 1e-6
_SAMPLES_S = 1000  # of a trajectory, held against limits
#: Samples a second by which ways are measured, and the share of LOOK_M that looks are set by, for speeds that change
#: between samples and arcs that are longer than their chords.
_WAYS_S, _SHARE = 250, 0.97


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a motion, in words; empty if nothing is."""

    collision: str = ""
    limit: str = ""


class Checker:
    """Holds motions of ``scene``'s robot, whose hands hold nothing, against collisions and the robot's own limits. Its
    scene is its own; only the geometry of links and assets is the planner's."""

    def __init__(self, scene: CollisionScene) -> None:
        self._scene = scene
        self._corners = _corners(scene.model)

    def check(self, state: PlanState, trajectories: Mapping[str, JointTrajectory]) -> Verdict:
        """Check trajectories by side, which start together; what is not named stays."""
        curves = {side: _curve(trajectory) for side, trajectory in trajectories.items()}
        limit = next((w for s, curve in curves.items() if (w := _over_limit(state.robot, s, curve))), "")
        return Verdict(self._collision(self._looks(state, curves)), limit)

    def looks(self, state: PlanState, trajectories: Mapping[str, JointTrajectory]) -> Array:
        """All joints (N, D) at the instants that are looked at, in order of time."""
        return self._looks(state, {side: _curve(trajectory) for side, trajectory in trajectories.items()})

    def _looks(self, state: PlanState, curves: Mapping[str, BPoly]) -> Array:
        duration = max(float(curve.x[-1]) for curve in curves.values())
        times = np.linspace(0.0, duration, int(duration * _WAYS_S) + 2)
        ways = self._ways(_joints(state, curves, times))
        marks = np.linspace(0.0, ways[-1], int(np.ceil(ways[-1] / (_SHARE * LOOK_M))) + 2)
        return _joints(state, curves, np.interp(marks, ways, times))

    def _collision(self, qs: Array) -> str:
        for i, q in enumerate(qs):
            if not self._scene.is_free(q, 0.0):
                return f"{self._scene.check(q, 0.0)} after {100 * i / (len(qs) - 1):.0f}% of the way"
        return ""

    def _ways(self, qs: Array) -> Array:
        """How far [m] the point that moves most has moved in each interval of joints (N, D), added up: (N,). Chords,
        which are longest at the corners of the boxes about the parts."""
        model = self._scene.model
        placements = np.empty((len(qs), model.pin_model.njoints, 3, 4))
        for row, q in zip(placements, qs, strict=True):
            pin.forwardKinematics(model.pin_model, model.pin_data, model.full_q(q))
            for joint in self._corners:
                placement = model.pin_data.oMi[joint]
                row[joint, :, :3], row[joint, :, 3] = placement.rotation, placement.translation
        most = np.zeros(len(qs) - 1)
        for joint, corners in self._corners.items():
            at = placements[:, joint, :, :3] @ corners + placements[:, joint, :, 3:]
            np.maximum(most, np.linalg.norm(np.diff(at, axis=0), axis=1).max(axis=1), out=most)
        return np.concatenate([[0.0], np.cumsum(most)])


def _corners(model: RobotModel) -> dict[int, Array]:
    """Corners (3, K) of the boxes about the parts that each joint carries, in the joint's frame."""
    found: dict[int, list[Array]] = defaultdict(list)
    for body in robot_bodies(model).values():
        for part in body.parts if body.joint else ():
            part.shape.computeLocalAABB()
            box = part.shape.aabb_local
            ends = np.array(list(product(*zip(box.min_, box.max_, strict=True))))
            T = body.T_joint_body @ part.T_body_part
            found[body.joint].append(T[:3, :3] @ ends.T + T[:3, 3:])
    return {joint: np.hstack(parts) for joint, parts in found.items()}


def _joints(state: PlanState, curves: Mapping[str, BPoly], times: Array) -> Array:
    """All joints (N, D) at times (N,) [s]."""
    qs = np.repeat(state.q[None], len(times), axis=0)
    for side, curve in curves.items():
        qs[:, state.robot.joints.group(f"{side}_arm")] = curve(np.minimum(times, curve.x[-1]))
    return qs


def _curve(trajectory: JointTrajectory) -> BPoly:
    """The quintic through all points."""
    acceleration = trajectory.accelerations
    parts = [trajectory.positions, trajectory.velocities]
    parts += [acceleration] if acceleration is not None else []
    return BPoly.from_derivatives(trajectory.times, np.stack(parts, axis=1))


def _over_limit(robot: RobotSpec, side: str, curve: BPoly) -> str:
    """The first limit of position, velocity, acceleration or jerk that the quintic exceeds, in words."""
    arm = robot.arm(side)
    begin, end = curve.x[[0, -1]]
    times = np.linspace(begin, end, int((end - begin) * _SAMPLES_S) + 2)
    q = curve(times)
    bounds: list[tuple[str, Array, Any]] = [
        ("position", q - np.array(arm.upper), 0.0),
        ("position", np.array(arm.lower) - q, 0.0),
    ]
    rates = (("velocity", arm.velocity), ("acceleration", arm.acceleration), ("jerk", arm.jerk))
    for order, (name, limits) in enumerate(rates, 1):
        bounds.append((name, np.abs(curve.derivative(order)(times)), np.array(limits)))
    for name, values, limit in bounds:
        over = values - limit * (1.0 + ROUNDING) - ROUNDING
        if np.any(over > 0.0):
            row, joint = np.unravel_index(int(np.argmax(over)), over.shape)
            return f"{arm.joints[joint]}: {name} is {over[row, joint]:.2g} over its limit at {times[row]:.3f} s"
    return ""
