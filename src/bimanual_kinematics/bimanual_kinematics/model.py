"""Forward kinematics and Jacobians of a robot, from its URDF, in the project's flat joint order."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

import numpy as np
import pinocchio as pin
from numpy.typing import ArrayLike, NDArray

from bimanual_core.errors import BimanualError, ConfigError, UnknownNameError
from bimanual_core.robot import RobotSpec
from bimanual_description import urdf as make_urdf

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ArmChain:
    """One arm alone, the rest of the robot fixed: its Pinocchio model and the frame of its tcp."""

    model: pin.Model
    data: pin.Data
    tcp_id: int
    lower: Array
    upper: Array


class RobotModel:
    """Kinematics of one robot. Poses are (4, 4) in the world frame; joints in flat order (D,) or of one arm (n,).

    Raises ConfigError when the URDF lacks a joint or frame that the specification names.
    """

    def __init__(self, robot: RobotSpec, urdf: str) -> None:
        self.robot = robot
        self.urdf = urdf
        self.pin_model: pin.Model = pin.buildModelFromXML(urdf)
        self.pin_data: pin.Data = self.pin_model.createData()
        self._require_names()
        self._expansion = self._mimic_matrix()
        self._chains = {arm.side: self._chain(arm.side) for arm in robot.arms}

    @classmethod
    def of(cls, robot: RobotSpec, layout: str | None = None) -> RobotModel:
        """The model of ``robot`` with the URDF of its own description."""
        return cls(robot, make_urdf(robot, layout))

    def chain(self, side: str) -> ArmChain:
        """The arm ``side`` alone; raises UnknownNameError."""
        try:
            return self._chains[side]
        except KeyError:
            raise UnknownNameError("arm", side, self._chains) from None

    def limits(self, side: str) -> tuple[Array, Array]:
        """Lower and upper joint limits (n,) [rad] of one arm."""
        chain = self.chain(side)
        return chain.lower, chain.upper

    def fk(self, side: str, q_arm: ArrayLike) -> Array:
        """Pose T_world_tcp (4, 4) of one arm at joints (n,) [rad]."""
        chain = self.chain(side)
        pin.forwardKinematics(chain.model, chain.data, np.asarray(q_arm, dtype=float))
        placement: Array = pin.updateFramePlacement(chain.model, chain.data, chain.tcp_id).homogeneous
        return placement

    def jacobian_world(self, side: str, q_arm: ArrayLike) -> Array:
        """Jacobian (6, n): rows [rotation rad, translation m] of the tcp's velocity in world axes, at the tcp."""
        chain = self.chain(side)
        J = pin.computeFrameJacobian(
            chain.model, chain.data, np.asarray(q_arm, dtype=float), chain.tcp_id, pin.LOCAL_WORLD_ALIGNED
        )
        return np.concatenate([J[3:], J[:3]])

    @property
    def expansion(self) -> Array:
        """Matrix (nq, D) from flat joints to Pinocchio's configuration. Treat it as read-only."""
        return self._expansion

    def full_q(self, q_flat: ArrayLike) -> Array:
        """Pinocchio's configuration (nq,) of a flat vector (D,), mimicking fingers included.

        Raises BimanualError for a wrong size.
        """
        q = np.asarray(q_flat, dtype=float)
        if q.shape != (self.robot.joints.size,):
            raise BimanualError(f"flat joint vector has shape {q.shape}, expected ({self.robot.joints.size},)")
        full: Array = self._expansion @ q
        return full

    def frame(self, name: str, q_flat: ArrayLike) -> Array:
        """Pose T_world_frame (4, 4) of any link or frame; raises UnknownNameError."""
        model = self.pin_model
        if not model.existFrame(name):
            raise UnknownNameError("frame", name, [f.name for f in model.frames])
        pin.forwardKinematics(model, self.pin_data, self.full_q(q_flat))
        placement: Array = pin.updateFramePlacement(model, self.pin_data, model.getFrameId(name)).homogeneous
        return placement

    def link_poses(self, q_flat: ArrayLike) -> dict[str, Array]:
        """Poses (4, 4) of every link by name."""
        model, data = self.pin_model, self.pin_data
        pin.framesForwardKinematics(model, data, self.full_q(q_flat))
        return {frame.name: data.oMf[i].homogeneous for i, frame in enumerate(model.frames) if frame.type == pin.BODY}

    def _require_names(self) -> None:
        for joint in self.robot.joints.names:
            if not self.pin_model.existJointName(joint):
                raise ConfigError(f"{self.robot.name}: the URDF has no joint {joint!r}")
        for arm in self.robot.arms:
            frames = (arm.base_frame, arm.tool_frame, arm.tcp_frame, arm.gripper.link, *arm.gripper.finger_links)
            for frame in frames:
                if not self.pin_model.existFrame(frame):
                    raise ConfigError(f"{self.robot.name}: the URDF has no frame {frame!r}")

    def _mimic_matrix(self) -> Array:
        """(nq, D): flat vector to Pinocchio's order; a mimicking joint is its multiplier times its source."""
        model, joints = self.pin_model, self.robot.joints
        matrix = np.zeros((model.nq, joints.size))
        sources = {name: (name, 1.0) for name in joints.names}
        for joint in ET.fromstring(self.urdf).iter("joint"):
            mimic = joint.find("mimic")
            if mimic is not None:
                sources[joint.attrib["name"]] = (mimic.attrib["joint"], float(mimic.get("multiplier", "1")))
        for name in model.names[1:]:
            if name not in sources:
                raise ConfigError(f"{self.robot.name}: URDF joint {name!r} is neither in the flat vector nor a mimic")
            source, multiplier = sources[name]
            matrix[model.joints[model.getJointId(name)].idx_q, joints.index(source)] = multiplier
        return matrix

    def _chain(self, side: str) -> ArmChain:
        arm = self.robot.arm(side)
        locked = [i for i in range(1, self.pin_model.njoints) if self.pin_model.names[i] not in arm.joints]
        model = pin.buildReducedModel(self.pin_model, locked, pin.neutral(self.pin_model))
        if tuple(model.names[1:]) != arm.joints:
            raise ConfigError(f"{side} arm: the URDF orders its joints {tuple(model.names[1:])}, not {arm.joints}")
        tcp_id = model.getFrameId(arm.tcp_frame)
        return ArmChain(model, model.createData(), tcp_id, np.array(arm.lower), np.array(arm.upper))
