"""Closed-form inverse kinematics of six-joint arms with a spherical wrist, vectorised over poses.

Axes 1 and 2 are at a right angle, axes 2 and 3 are parallel, axes 4, 5, 6 meet in one point with neighbours at right
angles. PiPer is such an arm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_core.se3 import inverse
from bimanual_kinematics.model import ArmChain
from bimanual_kinematics.subproblems import ThreeTurns, Turn, TwoLinks, ZeroPose, offset_angles, within

Array = NDArray[np.float64]

#: Solutions per pose: shoulder, elbow and wrist each have two.
BRANCHES = 8


class SphericalWrist:
    """Closed-form solver of one arm; build it with :meth:`of`."""

    def __init__(self, chain: ArmChain, zero: ZeroPose, wrist: Array) -> None:
        self._lower, self._upper = chain.lower, chain.upper
        a, self._base, self._shoulder = zero.axes, zero.points[0], zero.points[1]
        self._T0_inv = inverse(zero.T_world_tcp)
        self._wrist = wrist
        self._offset = float((wrist - self._base) @ a[1])
        self._level = np.stack([a[1], np.cross(a[0], a[1])], axis=-1)
        # the plane in which joints 2 and 3 move: basis (u, v), u x v = axis 2
        self._plane = np.stack([a[0], np.cross(a[1], a[0])], axis=-1)
        self._links = TwoLinks((zero.points[2] - zero.points[1]) @ self._plane, (wrist - zero.points[2]) @ self._plane)
        self._same = float(np.sign(a[2] @ a[1]))
        self._turn1, self._turn2 = Turn(a[0]), Turn(a[1])
        self._turns456 = ThreeTurns(a[3], a[4], a[5])

    @classmethod
    def of(cls, chain: ArmChain) -> SphericalWrist | None:
        """The solver of ``chain``, or None where its geometry is of another kind."""
        if chain.model.nq != 6:
            return None
        zero = ZeroPose.of(chain)
        wrist = zero.crossing(4, 5, 6)
        if wrist is None or not zero.parallel(2, 3) or not zero.right_angles((1, 2), (4, 5), (5, 6)):
            return None
        return cls(chain, zero, wrist)

    def solve(self, T_world_tcp: Array) -> Array:
        """All solutions (N, 8, 6) [rad] of poses (N, 4, 4); a branch out of reach or limits is NaN.

        Where joint 5 lines up axes 4 and 6, joint 4 is free: it is returned as 0 with joint 6 to match.
        """
        with np.errstate(invalid="ignore"):
            A = T_world_tcp @ self._T0_inv
            p = A[:, :3, :3] @ self._wrist + A[:, :3, 3] - self._base
            x, y = (p @ self._level).T
            q1 = offset_angles(x, y, self._offset)
            back = self._turn1(-q1)
            reach = (back @ p[:, None, :, None])[..., 0] + (self._base - self._shoulder)
            q2, q3 = self._links.angles(reach @ self._plane)
            R = self._turn2(-(q2 + q3)) @ (back @ A[:, None, :3, :3])[:, :, None]
            wrist = self._turns456.angles(R)
        return within(_joined(q1, (q2, self._same * q3), wrist), self._lower, self._upper)


def _joined(q1: Array, elbow: tuple[Array, ...], wrist: tuple[Array, ...]) -> Array:
    """Joints (N, 8, 6) of branches (N, 2), (N, 2, 2) and (N, 2, 2, 2)."""
    shape = wrist[0].shape
    parts = [q1[..., None, None], *(q[..., None] for q in elbow), *wrist]
    return np.stack([np.broadcast_to(q, shape) for q in parts], axis=-1).reshape(len(q1), BRANCHES, 6)
