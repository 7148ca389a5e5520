"""What closed-form inverse kinematics is put together from, vectorised over poses and branches.

An arm is described at q = 0 by its joint axes (product of exponentials; Lynch & Park, "Modern Robotics", 2017, section
6.1), so that frames of links do not matter. Angles that do not exist come out as NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pinocchio as pin
from numpy.typing import NDArray

from bimanual_kinematics.model import ArmChain

Array = NDArray[np.float64]

_TOLERANCE = 1e-6
_SINGULAR = 1e-7
_BOTH = np.array([1.0, -1.0])


@dataclass(frozen=True, eq=False)
class ZeroPose:
    """An arm at q = 0 in the world: unit ``axes`` (n, 3), a point on each (n, 3) [m], and its tcp (4, 4)."""

    axes: Array
    points: Array
    T_world_tcp: Array

    @classmethod
    def of(cls, chain: ArmChain) -> ZeroPose:
        n = chain.model.nq
        q0 = np.zeros(n)
        pin.forwardKinematics(chain.model, chain.data, q0)
        joints = [chain.data.oMi[i] for i in range(1, n + 1)]
        unit = [pin.computeJointJacobian(chain.model, chain.data, q0, i)[3:, i - 1] for i in range(1, n + 1)]
        axes = np.array([M.rotation @ w for M, w in zip(joints, unit, strict=True)])
        points = np.array([M.translation for M in joints])
        tcp = pin.updateFramePlacement(chain.model, chain.data, chain.tcp_id).homogeneous
        return cls(axes, points, tcp)

    def right_angles(self, *pairs: tuple[int, int]) -> bool:
        """Whether the axes of each pair of joints (counted from 1) are at a right angle."""
        return all(abs(float(self.axes[i - 1] @ self.axes[j - 1])) < _TOLERANCE for i, j in pairs)

    def parallel(self, i: int, j: int) -> bool:
        """Whether the axes of two joints (counted from 1) are parallel."""
        return float(np.linalg.norm(np.cross(self.axes[i - 1], self.axes[j - 1]))) < _TOLERANCE

    def crossing(self, i: int, j: int, *more: int) -> Array | None:
        """The point (3,) where the axes of joints (counted from 1) meet, or None."""
        (a, p), (b, q), *others = [(self.axes[k - 1], self.points[k - 1]) for k in (i, j, *more)]
        along, *_ = np.linalg.lstsq(np.column_stack([a, -b]), q - p, rcond=None)
        point: Array = p + along[0] * a
        missed = [point - (q + along[1] * b), *(np.cross(c, point - r) for c, r in others)]
        return point if all(np.linalg.norm(m) < _TOLERANCE for m in missed) else None


class Turn:
    """Rotations about one unit axis (3,)."""

    def __init__(self, axis: Array) -> None:
        x, y, z = axis
        self._skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        self._along = np.outer(axis, axis)
        self._across = np.eye(3) - self._along

    def __call__(self, angle: Array) -> Array:
        """Rotations (..., 3, 3) by ``angle`` (...) [rad]."""
        return np.cos(angle)[..., None, None] * self._across + np.sin(angle)[..., None, None] * self._skew + self._along


class ThreeTurns:
    """Rotations as turns about axes a, then b, then c, which move along; neighbours are at right angles."""

    def __init__(self, a: Array, b: Array, c: Array) -> None:
        self._b, self._c = b, c
        self._across, self._y = np.cross(b, a), np.cross(c, b)
        self._lean = float(np.arctan2(c @ self._across, c @ a))
        self._seen = np.stack([self._across, b, a], axis=-1)
        self._turn_a, self._turn_b = Turn(a), Turn(b)

    def angles(self, R: Array) -> tuple[Array, Array, Array]:
        """(..., 2) each, of rotations (..., 3, 3).

        Where the second lines up the outer axes, the first is free: it is 0, with the third to match.
        """
        w = (R @ self._c) @ self._seen
        sine = np.hypot(w[..., 0], w[..., 1])[..., None] * _BOTH
        first = np.arctan2(_BOTH * w[..., 1, None], _BOTH * w[..., 0, None])
        first = np.where(np.abs(sine) < _SINGULAR, 0.0, first)
        second = np.arctan2(sine, w[..., 2, None]) - self._lean
        R12 = self._turn_a(first) @ self._turn_b(second)
        turned = ((R @ self._b)[..., None, None, :] @ R12)[..., 0, :]
        return first, second, np.arctan2(turned @ self._y, turned @ self._b)


def angle_about(axis: Array, a: Array, b: Array) -> Array:
    """Turn (...) about a unit axis that takes ``a`` (..., 3) to ``b``, both seen along the axis."""
    a, b = (v - (v @ axis)[..., None] * axis for v in (a, b))
    return np.arctan2(np.cross(a, b) @ axis, np.sum(a * b, axis=-1))


def offset_angles(x: Array, y: Array, offset: float) -> Array:
    """(..., 2): turns after which a point at ``x``, ``y`` (...) lies ``offset`` along x."""
    angle, spread = np.arctan2(y, x), np.arccos(offset / np.hypot(x, y))
    return angle[..., None] + spread[..., None] * _BOTH


class TwoLinks:
    """Links ``first`` and ``second`` (2,) in a plane, the second on the first."""

    def __init__(self, first: Array, second: Array) -> None:
        self._first, self._second = first, second
        self._squares = float(first @ first + second @ second)
        self._product = 2.0 * float(np.sqrt((first @ first) * (second @ second)))
        self._fixed = float(np.arctan2(second[1], second[0]) - np.arctan2(first[1], first[0]))

    def angles(self, reach: Array) -> tuple[Array, Array]:
        """(..., 2) each: turns of both and of the second alone that reach (..., 2)."""
        u, v = reach[..., 0], reach[..., 1]
        inner = np.arccos((u * u + v * v - self._squares) / self._product)[..., None] * _BOTH - self._fixed
        c, s = np.cos(inner), np.sin(inner)
        (a, b), (d, e) = self._first, self._second
        return np.arctan2(v, u)[..., None] - np.arctan2(b + s * d + c * e, a + c * d - s * e), inner


def within(q: Array, lower: Array, upper: Array) -> Array:
    """Joints (..., n) turned by whole turns to the middle of their range; NaN for all of one that is outside."""
    middle = (lower + upper) / 2
    q = np.remainder(q - middle + np.pi, 2 * np.pi) - np.pi + middle
    inside = np.all((q >= lower - 1e-9) & (q <= upper + 1e-9), axis=-1, keepdims=True)
    return np.where(inside, np.clip(q, lower, upper), np.nan)
