"""Closed-form inverse kinematics of six-joint arms with three parallel axes, vectorised over poses.

Axes 2, 3 and 4 are parallel and at right angles to axes 1 and 5, axes 5 and 6 meet at a right angle. UR5e and ARX X5
are such arms.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_core.se3 import inverse
from bimanual_kinematics.model import ArmChain
from bimanual_kinematics.subproblems import ThreeTurns, Turn, TwoLinks, ZeroPose, offset_angles, within

Array = NDArray[np.float64]

#: Solutions per pose: shoulder, wrist and elbow each have two.
BRANCHES = 8


class ParallelAxes:
    """Closed-form solver of one arm; build it with :meth:`of`."""

    def __init__(self, chain: ArmChain, zero: ZeroPose, wrist: Array) -> None:
        self._lower, self._upper = chain.lower, chain.upper
        a, points = zero.axes, zero.points
        self._T0_inv = inverse(zero.T_world_tcp)
        self._base, self._shoulder = points[0], points[1]
        self._wrist, self._from_joint_4 = wrist, wrist - points[3]
        self._offset = float((wrist - self._base) @ a[1])
        self._level = np.stack([a[1], np.cross(a[0], a[1])], axis=-1)
        # the plane in which joints 2, 3 and 4 move: basis (u, v), u x v = axis 2
        self._plane = np.stack([a[0], np.cross(a[1], a[0])], axis=-1)
        self._links = TwoLinks((points[2] - points[1]) @ self._plane, (points[3] - points[2]) @ self._plane)
        self._same = np.sign(a[2:4] @ a[1])
        self._turn1, self._turn2 = Turn(a[0]), Turn(a[1])
        self._turns256 = ThreeTurns(a[1], a[4], a[5])

    @classmethod
    def of(cls, chain: ArmChain) -> ParallelAxes | None:
        """The solver of ``chain``, or None where its geometry is of another kind."""
        if chain.model.nq != 6:
            return None
        zero = ZeroPose.of(chain)
        wrist = zero.crossing(5, 6)
        parallel = zero.parallel(2, 3) and zero.parallel(3, 4)
        if wrist is None or not parallel or not zero.right_angles((1, 2), (4, 5), (5, 6)):
            return None
        return cls(chain, zero, wrist)

    def solve(self, T_world_tcp: Array) -> Array:
        """All solutions (N, 8, 6) [rad] of poses (N, 4, 4); a branch out of reach or limits is NaN.

        A joint that can turn by more than once is given in the middle of its range. Where joint 5 lines up axis 6 with
        axes 2 to 4, the sum of those is returned as 0 with joint 6 to match.
        """
        with np.errstate(invalid="ignore"):
            A = T_world_tcp @ self._T0_inv
            p = A[:, :3, :3] @ self._wrist + A[:, :3, 3] - self._base
            x, y = (p @ self._level).T
            q1 = offset_angles(x, y, self._offset)
            back = self._turn1(-q1)
            q234, q5, q6 = self._turns256.angles(back @ A[:, None, :3, :3])
            wrist = (back @ p[:, None, :, None])[..., 0] + self._base
            reach = wrist[:, :, None] - self._turn2(q234) @ self._from_joint_4 - self._shoulder
            q2, q3 = self._links.angles(reach @ self._plane)
            q4 = q234[..., None] - q2 - q3
        parts = [q1[..., None, None], q2, self._same[0] * q3, self._same[1] * q4, q5[..., None], q6[..., None]]
        q = np.stack([np.broadcast_to(part, q2.shape) for part in parts], axis=-1)
        return within(q.reshape(len(q1), BRANCHES, 6), self._lower, self._upper)
