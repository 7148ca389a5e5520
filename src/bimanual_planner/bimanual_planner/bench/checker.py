"""An independent check of planned motions: between two looks no point of the robot moves more than a millimetre."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BPoly

from bimanual_core.motion import JointTrajectory
from bimanual_core.robot import RobotSpec
from bimanual_kinematics.collision import CollisionScene
from bimanual_kinematics.proximity import ArmProximity
from bimanual_planner.state import PlanState

Array = NDArray[np.float64]
#: The farthest that any point moves between two looks [m].
LOOK_M = 0.001
#: What rounding may add to a limit.
ROUNDING = 1e-6
_SAMPLES_S = 1000  # of a trajectory to find how long its way is


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a motion, in words; empty if nothing is."""

    collision: str = ""
    limit: str = ""


class Checker:
    """Holds motions of ``scene``'s robot against collisions and the robot's own limits. Its scene is its own; only
    the geometry of links and assets is the planner's."""

    def __init__(self, scene: CollisionScene) -> None:
        self._scene = scene
        self._reach = ArmProximity(scene.model).reach

    def check(self, state: PlanState, trajectories: Mapping[str, JointTrajectory]) -> Verdict:
        """Check trajectories by side, which start together; what is not named stays."""
        robot = state.robot
        limit = next((w for s, t in trajectories.items() if (w := _over_limit(robot, s, t))), "")
        return Verdict(self._collision(state, trajectories), limit)

    def _collision(self, state: PlanState, trajectories: Mapping[str, JointTrajectory]) -> str:
        duration = max(t.duration for t in trajectories.values())
        times = np.linspace(0.0, duration, int(duration * _SAMPLES_S) + 2)
        qs = np.repeat(state.q[None], len(times), axis=0)
        for side, trajectory in trajectories.items():
            qs[:, state.robot.joints.group(f"{side}_arm")] = _curve(trajectory)(np.minimum(times, trajectory.duration))
        moved = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(qs, axis=0)) @ self._reach)])
        looks = np.linspace(0.0, moved[-1], int(np.ceil(moved[-1] / LOOK_M)) + 2)
        dense = np.column_stack([np.interp(looks, moved, column) for column in qs.T])
        hit = self._scene.check_path(dense, margin=0.0)
        return "" if hit is None else f"{hit[1]} after {100 * hit[0] / (len(looks) - 1):.0f}% of the way"


def _curve(trajectory: JointTrajectory) -> BPoly:
    """The quintic through all points."""
    acceleration = trajectory.accelerations
    parts = [trajectory.positions, trajectory.velocities]
    parts += [acceleration] if acceleration is not None else []
    return BPoly.from_derivatives(trajectory.times, np.stack(parts, axis=1))


def _over_limit(robot: RobotSpec, side: str, trajectory: JointTrajectory) -> str:
    """The first limit of position, velocity or acceleration that the quintic exceeds, in words."""
    arm = robot.arm(side)
    curve = _curve(trajectory)
    times = np.linspace(trajectory.times[0], trajectory.times[-1], int(trajectory.duration * _SAMPLES_S) + 2)
    q = curve(times)
    bounds: list[tuple[str, Array, Any]] = [
        ("position", q - np.array(arm.upper), 0.0),
        ("position", np.array(arm.lower) - q, 0.0),
    ]
    for order, (name, limits) in enumerate((("velocity", arm.velocity), ("acceleration", arm.acceleration)), 1):
        bounds.append((name, np.abs(curve.derivative(order)(times)), np.array(limits)))
    for name, values, limit in bounds:
        over = values - limit - ROUNDING
        if np.any(over > 0.0):
            row, joint = np.unravel_index(int(np.argmax(over)), over.shape)
            return f"{arm.joints[joint]}: {name} is {over[row, joint]:.2g} over its limit at {times[row]:.3f} s"
    return ""
