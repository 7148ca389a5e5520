"""Closed-form inverse kinematics of seven-joint arms for a given angle of the last joint, vectorised over those.

Axes 1, 2, 3 meet in the shoulder with neighbours at right angles, axes 5 and 6 meet in the wrist at a right angle;
joint 7 may be offset from it. Franka's arms are such. With joint 7 chosen, the distance of shoulder and wrist gives
joint 4, the shoulder seen from link 6 gives joints 5 and 6, and what is left over joints 1 to 3 (Paden's subproblems;
Lynch & Park, "Modern Robotics", 2017, chapter 6).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_core.se3 import inverse
from bimanual_kinematics.model import ArmChain
from bimanual_kinematics.subproblems import ThreeTurns, Turn, ZeroPose, angle_about

Array = NDArray[np.float64]


class RedundantWrist:
    """Closed-form solver of one arm; build it with :meth:`of`."""

    def __init__(self, chain: ArmChain, zero: ZeroPose, shoulder: Array, wrist: Array) -> None:
        self._lower, self._upper = chain.lower, chain.upper
        self._a, self._points = zero.axes, zero.points
        self._T0_inv = inverse(zero.T_world_tcp)
        self._shoulder, self._wrist = shoulder, wrist
        self._turns = [Turn(axis) for axis in zero.axes]
        self._turns123 = ThreeTurns(*zero.axes[:3])

    @classmethod
    def of(cls, chain: ArmChain) -> RedundantWrist | None:
        """The solver of ``chain``, or None where its geometry is of another kind."""
        if chain.model.nq != 7:
            return None
        zero = ZeroPose.of(chain)
        shoulder, wrist = zero.crossing(1, 2, 3), zero.crossing(5, 6)
        if shoulder is None or wrist is None or not zero.right_angles((1, 2), (2, 3), (5, 6)):
            return None
        return cls(chain, zero, shoulder, wrist)

    def solve(self, T_world_tcp: Array, q7: Array) -> Array:
        """Solutions (m, 7) [rad] of one pose (4, 4) for the angles ``q7`` (k,) of the last joint.

        Every real solution is given, those outside the joints' limits too; each joint is turned by whole turns to the
        middle of its range.
        """
        with np.errstate(invalid="ignore"):
            q = self._branches(T_world_tcp @ self._T0_inv, q7)
        q = q[np.all(np.isfinite(q), axis=-1)]
        middle = (self._lower + self._upper) / 2
        return np.remainder(q - middle + np.pi, 2 * np.pi) - np.pi + middle

    def excess(self, q: Array) -> Array:
        """By how much (m,) [rad] the worst joint of solutions (m, 7) is outside its limits; 0 for those within."""
        return np.maximum(np.maximum(self._lower - q, q - self._upper).max(axis=-1), 0.0)

    def _branches(self, A: Array, q7: Array) -> Array:
        """(k * 8, 7): ``A`` (4, 4) is what all joints do to the arm at q = 0."""
        point = self._points[6]
        undo = self._turns[6](-q7)
        R = A[:3, :3] @ undo
        t = (point - undo @ point) @ A[:3, :3].T + A[:3, 3]
        wrist = R @ self._wrist + t
        q4 = self._elbow(np.linalg.norm(wrist - self._shoulder, axis=-1))
        seen = np.einsum("kji,kj->ki", R, self._shoulder - t) - self._wrist
        pivot = self._points[3]
        unbent = self._turns[3](-q4) @ (self._shoulder - pivot) + pivot - self._wrist
        q5, q6 = self._forearm(unbent, seen[:, None])
        outer = self._turns[3](q4)[:, :, None] @ self._turns[4](q5) @ self._turns[5](q6)
        q1, q2, q3 = self._turns123.angles(R[:, None, None] @ np.swapaxes(outer, -1, -2))
        parts = [q1, q2, q3, q4[..., None, None], q5[..., None], q6[..., None], q7[:, None, None, None]]
        return np.stack([np.broadcast_to(part, q1.shape) for part in parts], axis=-1).reshape(-1, 7)

    def _elbow(self, distance: Array) -> Array:
        """(k, 2): joint 4 at which the wrist is ``distance`` (k,) [m] from the shoulder."""
        axis, pivot = self._a[3], self._points[3]
        u, v = self._wrist - pivot, self._shoulder - pivot
        along = float((u - v) @ axis)
        u, v = u - (u @ axis) * axis, v - (v @ axis) * axis
        cosine = (u @ u + v @ v - (distance**2 - along**2)) / (2 * np.sqrt((u @ u) * (v @ v)))
        spread = np.arccos(cosine)
        middle = angle_about(axis, u, v)
        return np.stack([middle + spread, middle - spread], axis=-1)

    def _forearm(self, unbent: Array, seen: Array) -> tuple[Array, Array]:
        """(k, 2, 2) each: joints 5 and 6 that make the shoulder, ``unbent`` (k, 2, 3) from the wrist, be ``seen``."""
        a5, a6 = self._a[4], self._a[5]
        x, y = unbent @ a5, seen @ a6
        z = np.sqrt(np.sum(unbent**2, axis=-1) - x**2 - y**2)[..., None] * np.array([1.0, -1.0])
        between = x[..., None, None] * a5 + y[..., None, None] * a6 + z[..., None] * np.cross(a5, a6)
        return angle_about(a5, between, unbent[..., None, :]), angle_about(a6, seen[..., None, :], between)
