"""Forward kinematics and Jacobians of a robot, from its URDF, in the project's flat joint order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pinocchio as pin
from numpy.typing import ArrayLike, NDArray

from bimanual_core.errors import BimanualError, ConfigError, UnknownNameError
from bimanual_core.robot import RobotSpec
from bimanual_description import urdf as make_urdf
from bimanual_kinematics.urdf_check import Mimic, checked_urdf

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

    Raises ConfigError, naming ``source`` (a file; by default the robot), for a URDF that does not fit the specification
    or that nothing right can be computed with (see ``urdf_check``).
    """

    def __init__(self, robot: RobotSpec, urdf: str, source: str = "") -> None:
        self.robot = robot
        self.urdf = urdf
        self._source = source or robot.name
        arms = [name for arm in robot.arms for name in arm.joints]
        mimics = checked_urdf(urdf, self._source, robot.joints.names, arms)
        self.pin_model: pin.Model = self._built()
        self.pin_data: pin.Data = self.pin_model.createData()
        self._require_frames()
        self._expansion = self._expanded(mimics)
        self._chains = {arm.side: self._chain(arm.side) for arm in robot.arms}

    @classmethod
    def of(cls, robot: RobotSpec, layout: str | None = None) -> RobotModel:
        """The model of ``robot`` with the URDF of its own description."""
        return cls(robot, make_urdf(robot, layout), robot.xacro)

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

    def _built(self) -> pin.Model:
        try:
            return pin.buildModelFromXML(self.urdf)
        except (ValueError, RuntimeError) as error:
            raise ConfigError(f"{self._source}: Pinocchio cannot read the URDF: {error}") from None

    def _require_frames(self) -> None:
        for arm in self.robot.arms:
            frames = (arm.base_frame, arm.tool_frame, arm.tcp_frame, arm.gripper.link, *arm.gripper.finger_links)
            for frame in frames:
                if not self.pin_model.existFrame(frame):
                    raise ConfigError(
                        f"{self._source}: the URDF has no link {frame!r}, which the robot's YAML names for its "
                        f"{arm.side} arm"
                    )

    def _expanded(self, mimics: Mapping[str, Mimic]) -> Array:
        """(nq, D): flat vector to Pinocchio's order; a mimicking joint is its multiplier times its source."""
        model, joints = self.pin_model, self.robot.joints
        matrix = np.zeros((model.nq, joints.size))
        for name in model.names[1:]:
            follows = mimics.get(name, Mimic(name, 1.0))
            matrix[model.joints[model.getJointId(name)].idx_q, joints.index(follows.source)] = follows.multiplier
        return matrix

    def _chain(self, side: str) -> ArmChain:
        arm = self.robot.arm(side)
        locked = [i for i in range(1, self.pin_model.njoints) if self.pin_model.names[i] not in arm.joints]
        model = pin.buildReducedModel(self.pin_model, locked, pin.neutral(self.pin_model))
        if tuple(model.names[1:]) != arm.joints:
            raise ConfigError(
                f"{self._source}: the URDF has the joints of the {side} arm in the order {', '.join(model.names[1:])}; "
                f"the robot's YAML in the order {', '.join(arm.joints)}"
            )
        tcp_id = model.getFrameId(arm.tcp_frame)
        return ArmChain(model, model.createData(), tcp_id, np.array(arm.lower), np.array(arm.upper))
