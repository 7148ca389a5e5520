"""Flat joints over a SAPIEN articulation: mapped by name, drives fed position and velocity."""

from __future__ import annotations

import numpy as np
import sapien
from numpy.typing import NDArray

from bimanual_core.errors import UnknownNameError
from bimanual_core.observation import JointSample, Setpoint
from bimanual_core.robot import RobotSpec

Array = NDArray[np.float64]


class SapienJointBackend:
    """The ``JointBackend`` of one articulation. A gripper's opening is the sum of its fingers' positions."""

    def __init__(self, robot: RobotSpec, articulation: sapien.physx.PhysxArticulation) -> None:
        self.stamp_ns = 0
        self._articulation = articulation
        joints = articulation.get_active_joints()
        active = [j.name for j in joints]
        shares = {name: (name, 1.0) for name in robot.joints.names}
        for arm in robot.arms:
            shares |= {finger: (arm.gripper.joint, 0.5) for finger in arm.gripper.finger_joints}
        for name in active:
            if name not in shares:
                raise UnknownNameError("joint", name, shares)
        self._joints = list(joints)
        self._flat_index = [robot.joints.index(shares[name][0]) for name in active]
        self._share = [shares[name][1] for name in active]
        self._to_flat = np.zeros((robot.joints.size, len(active)))
        self._to_flat[self._flat_index, np.arange(len(active))] = 1.0
        self._to_drives = np.zeros((len(active), robot.joints.size))
        self._to_drives[np.arange(len(active)), self._flat_index] = self._share
        self._stiffness = np.array([float(np.ravel(j.stiffness)[0]) for j in joints])
        self._damping = np.array([float(np.ravel(j.damping)[0]) for j in joints])
        self._limit = np.array([float(np.ravel(j.force_limit)[0]) for j in joints])
        self._targets = np.array([float(np.ravel(j.get_drive_target())[0]) for j in joints])
        self._rates = np.zeros(len(active))
        self._written: Setpoint | None = None
        self._to_effort = self._to_flat * np.array(self._share)

    def read(self) -> JointSample:
        """Measured joints of this instant; effort is what the drives press with (gripper: mean of its fingers)."""
        q = self._articulation.get_qpos().astype(np.float64)
        v = self._articulation.get_qvel().astype(np.float64)
        force = self._stiffness * (self._targets - q) + self._damping * (self._rates - v)
        np.minimum(force, self._limit, out=force)
        np.maximum(force, -self._limit, out=force)
        return JointSample(self.stamp_ns, self._to_flat @ q, self._to_flat @ v, self._to_effort @ force)

    def write(self, setpoint: Setpoint) -> None:
        """Set drive targets and their feed-forward velocities; the same setpoint object is written once."""
        if setpoint is self._written:
            return
        self._written = setpoint
        before = self._targets.tolist(), self._rates.tolist()
        self._targets = self._to_drives @ setpoint.position
        self._rates = self._to_drives @ setpoint.velocity
        # Most of the time one arm moves: what stays is not written again.
        for joint, target, old in zip(self._joints, self._targets.tolist(), before[0], strict=True):
            if target != old:
                joint.set_drive_target(target)
        for joint, rate, old in zip(self._joints, self._rates.tolist(), before[1], strict=True):
            if rate != old:
                joint.set_drive_velocity_target(rate)

    @property
    def drive_forces(self) -> dict[str, float]:
        """What the loop of every joint asks for, by name [N m; fingers N], not clipped to what the drive can give."""
        q, v = self._articulation.get_qpos(), self._articulation.get_qvel()
        force = self._stiffness * (self._targets - q) + self._damping * (self._rates - v)
        return {joint.name: float(f) for joint, f in zip(self._joints, force, strict=True)}
