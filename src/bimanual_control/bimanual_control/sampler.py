"""Piecewise cubic and quintic Hermite paths, sampled as ros2_control's joint_trajectory_controller does.

Points with positions and velocities give cubic segments, points that carry accelerations as well quintic ones.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_core.motion import JointTrajectory

Array = NDArray[np.float64]
_DEGREES = np.arange(6)


@dataclass(frozen=True, eq=False)
class Extremes:
    """Lowest and highest position, highest speed and acceleration of every segment of a path, each (N - 1, n)."""

    lowest: Array
    highest: Array
    speed: Array
    acceleration: Array


class HermitePath:
    """A path through N points of n joints; times (N,) [s] increase strictly and may start below 0.

    Beyond its ends the path stands still at its first and last position.
    """

    __slots__ = ("_basis", "_coefficients", "_first", "_inverse_h", "_last", "_times", "begin", "end")

    def __init__(self, times: Array, positions: Array, velocities: Array, accelerations: Array | None = None) -> None:
        self._times: list[float] = [float(t) for t in times]
        self.begin, self.end = self._times[0], self._times[-1]
        still = np.zeros_like(positions[0])
        self._first = np.stack([positions[0], still])
        self._last = np.stack([positions[-1], still])
        h = np.diff(np.asarray(times, dtype=float))
        self._inverse_h: list[float] = [float(v) for v in 1.0 / h]
        self._coefficients = _coefficients(h[:, None], positions, velocities, accelerations)
        self._basis = np.zeros((2, 6))
        self._basis[0, 0] = 1.0

    @property
    def last(self) -> Array:
        """Position (n,) of the last point."""
        return self._last[0]

    def segment(self, t: float) -> int:
        """Index of the segment at time ``t`` [s]; the nearest beyond the ends."""
        return min(max(bisect_right(self._times, t) - 1, 0), len(self._inverse_h) - 1)

    def sample(self, t: float) -> Array:
        """Position and velocity (2, n) at time ``t`` [s]."""
        if t >= self.end:
            return self._last
        if t < self.begin:
            return self._first
        i = bisect_right(self._times, t) - 1
        scale = self._inverse_h[i]
        u = (t - self._times[i]) * scale
        u2 = u * u
        u3 = u2 * u
        u4 = u2 * u2
        basis = self._basis
        basis[0, 1:] = (u, u2, u3, u4, u4 * u)
        basis[1, 1:] = (scale, 2 * u * scale, 3 * u2 * scale, 4 * u3 * scale, 5 * u4 * scale)
        result: Array = basis @ self._coefficients[i]
        return result

    def extremes(self) -> Extremes:
        """What each segment reaches, by dense sampling."""
        samples = min(max(2000 // max(len(self._inverse_h), 1), 4), 16)
        u = np.linspace(0.0, 1.0, samples + 1)[:, None]
        powers = u**_DEGREES
        slopes, bends = np.zeros_like(powers), np.zeros_like(powers)
        slopes[:, 1:] = powers[:, :-1] * _DEGREES[1:]
        bends[:, 2:] = powers[:, :-2] * (_DEGREES[2:] * _DEGREES[1:-1])
        rates = np.array(self._inverse_h)[:, None]
        positions = powers @ self._coefficients
        speeds = np.abs(slopes @ self._coefficients).max(axis=1) * rates
        accelerations = np.abs(bends @ self._coefficients).max(axis=1) * rates**2
        return Extremes(positions.min(axis=1), positions.max(axis=1), speeds, accelerations)

    def samples(self, times: Array) -> tuple[Array, Array]:
        """Velocity and acceleration (M, n) at ``times`` (M,) [s]; zero beyond the ends."""
        if not self._inverse_h:
            still = np.zeros((len(times), len(self.last)))
            return still, still
        knots = np.array(self._times)
        i = np.clip(np.searchsorted(knots, times, side="right") - 1, 0, len(knots) - 2)
        rates = np.array(self._inverse_h)[i][:, None]
        u = (times - knots[i])[:, None] * rates
        inside = ((times >= self.begin) & (times < self.end))[:, None]
        powers = np.where(inside, u, 0.0) ** _DEGREES
        slopes, bends = np.zeros_like(powers), np.zeros_like(powers)
        slopes[:, 1:] = powers[:, :-1] * _DEGREES[1:]
        bends[:, 2:] = powers[:, :-2] * (_DEGREES[2:] * _DEGREES[1:-1])
        coefficients = self._coefficients[i]
        velocity = np.einsum("mk,mkn->mn", slopes, coefficients) * rates
        acceleration = np.einsum("mk,mkn->mn", bends, coefficients) * rates**2
        return velocity * inside, acceleration * inside


def path_of(trajectory: JointTrajectory) -> HermitePath:
    """The path of a trajectory, on its own time axis."""
    return HermitePath(trajectory.times, trajectory.positions, trajectory.velocities, trajectory.accelerations)


def path_between(duration: float, start: Array, end: Array, start_velocity: Array, begin: float = 0.0) -> HermitePath:
    """A quintic from ``start`` moving with ``start_velocity`` to rest at ``end`` (each (n,)) in ``duration`` [s]."""
    zero = np.zeros_like(start)
    return HermitePath(
        np.array([begin, begin + duration]),
        np.stack([start, end]),
        np.stack([start_velocity, zero]),
        np.stack([zero, zero]),
    )


def _coefficients(h: Array, positions: Array, velocities: Array, accelerations: Array | None) -> Array:
    """Polynomial coefficients (N - 1, 6, n) over the normalised time of each segment."""
    p0, step = positions[:-1], np.diff(positions, axis=0)
    v0, v1 = velocities[:-1] * h, velocities[1:] * h
    out = np.zeros((len(h), 6, positions.shape[1]))
    out[:, 0], out[:, 1] = p0, v0
    if accelerations is None:
        out[:, 2] = 3 * step - 2 * v0 - v1
        out[:, 3] = v0 + v1 - 2 * step
        return out
    a0, a1 = accelerations[:-1] * h * h, accelerations[1:] * h * h
    out[:, 2] = a0 / 2
    out[:, 3] = 10 * step - 6 * v0 - 4 * v1 - 1.5 * a0 + 0.5 * a1
    out[:, 4] = -15 * step + 8 * v0 + 7 * v1 + 1.5 * a0 - a1
    out[:, 5] = 6 * step - 3 * (v0 + v1) + 0.5 * (a1 - a0)
    return out
