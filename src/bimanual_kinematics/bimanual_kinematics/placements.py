"""Where the joints of a robot are, for many configurations at once."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
from numpy.typing import NDArray

from bimanual_core.errors import ConfigError

Array = NDArray[np.float64]


class JointPlacements:
    """Forward kinematics of a Pinocchio model, vectorised over configurations; joint 0 is the world."""

    def __init__(self, model: pin.Model) -> None:
        """Raises ConfigError for a joint that is neither revolute nor prismatic."""
        self.parents: list[int] = [int(p) for p in model.parents]
        self._rest = np.array([placement.homogeneous for placement in model.jointPlacements])
        self._column = [0] * model.njoints
        self.prismatic = [False] * model.njoints
        self._axes = np.zeros((model.njoints, 3))
        for joint in range(1, model.njoints):
            motion = _motion(model, joint)
            self._column[joint] = model.joints[joint].idx_q
            self.prismatic[joint] = bool(np.any(motion[:3]))
            self._axes[joint] = motion[:3] if self.prismatic[joint] else motion[3:]
        self._cross = np.array([_skew(axis) for axis in self._axes])
        self._cross_squared = self._cross @ self._cross

    def at(self, q_full: Array) -> tuple[Array, Array]:
        """Rotations (N, J, 3, 3) and origins (N, J, 3) of all joints in the world, at configurations (N, nq)."""
        count = len(q_full)
        R = np.empty((count, len(self.parents), 3, 3))
        t = np.empty((count, len(self.parents), 3))
        R[:, 0], t[:, 0] = np.eye(3), 0.0
        for joint in range(1, len(self.parents)):
            parent, value = self.parents[joint], q_full[:, self._column[joint]]
            R_rest = R[:, parent] @ self._rest[joint, :3, :3]
            t[:, joint] = t[:, parent] + R[:, parent] @ self._rest[joint, :3, 3]
            if self.prismatic[joint]:
                R[:, joint] = R_rest
                t[:, joint] += value[:, None] * (R_rest @ self._axes[joint])
            else:
                sine, rest = np.sin(value)[:, None, None], (1.0 - np.cos(value))[:, None, None]
                R[:, joint] = R_rest @ (np.eye(3) + sine * self._cross[joint] + rest * self._cross_squared[joint])
        return R, t


def _motion(model: pin.Model, joint: int) -> Array:
    """The joint's constant unit twist (6,): linear, then angular, in its own frame."""
    item = model.joints[joint]
    if item.nq != 1 or item.nv != 1:
        raise ConfigError(f"joint {model.names[joint]!r} is a {item.shortname()}; only one-axis joints with limits go")
    data = item.createData()
    item.calc(data, np.zeros(model.nq), np.zeros(model.nv))
    return np.ravel(data.S)


def _skew(v: Array) -> Array:
    return np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])
