"""The quintic that a controller samples between the points of a trajectory, and the most it asks of the joints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_core.motion import JointTrajectory

Array = NDArray[np.float64]
_PARTS = 6  # a segment's speed is looked at this many times


@dataclass(frozen=True, eq=False)
class Segments:
    """Quintics p(u), 0 <= u <= 1, of N - 1 segments lasting ``h`` (N - 1, 1) [s]; coefficients (N - 1, n) of u^0..5."""

    h: Array
    c: tuple[Array, Array, Array, Array, Array, Array]

    @classmethod
    def through(cls, h: Array, positions: Array, velocities: Array, accelerations: Array) -> Segments:
        """Through points (N, n) that are ``h`` (N - 1, 1) [s] apart."""
        v0, v1 = velocities[:-1] * h, velocities[1:] * h
        a0, a1 = accelerations[:-1] * (h * h), accelerations[1:] * (h * h)
        d = np.diff(positions, axis=0)
        c3 = 10 * d - 6 * v0 - 4 * v1 - 1.5 * a0 + 0.5 * a1
        c4 = -15 * d + 8 * v0 + 7 * v1 + 1.5 * a0 - a1
        c5 = 6 * d - 3 * (v0 + v1) - 0.5 * (a0 - a1)
        return cls(h, (positions[:-1], v0, 0.5 * a0, c3, c4, c5))

    def position(self, u: float | Array) -> Array:
        c0, c1, c2, c3, c4, c5 = self.c
        return c0 + u * (c1 + u * (c2 + u * (c3 + u * (c4 + u * c5))))

    def velocity(self, u: float | Array) -> Array:
        _, c1, c2, c3, c4, c5 = self.c
        return (c1 + u * (2 * c2 + u * (3 * c3 + u * (4 * c4 + u * 5 * c5)))) / self.h

    def acceleration(self, u: float | Array) -> Array:
        _, _, c2, c3, c4, c5 = self.c
        return (2 * c2 + u * (6 * c3 + u * (12 * c4 + u * 20 * c5))) / self.h**2

    def peaks(self) -> tuple[Array, Array, Array]:
        """The highest speed, acceleration and jerk (N - 1, n) of each segment, all along it.

        Jerk and acceleration are exact, from the roots of their derivatives. Between two looks dt apart, a speed that
        peaks is no more than jerk dt^2 / 8 above what was seen, which is added.
        """
        jerk, turns = self._jerk_peaks()
        acceleration = np.maximum(np.abs(self.acceleration(0.0)), np.abs(self.acceleration(1.0)))
        for u in turns:
            np.maximum(acceleration, np.abs(self.acceleration(u)), out=acceleration)
        speed = np.abs(self.velocity(0.0))
        for k in range(1, _PARTS + 1):
            np.maximum(speed, np.abs(self.velocity(k / _PARTS)), out=speed)
        return speed + jerk * (self.h / _PARTS) ** 2 / 8.0, acceleration, jerk

    def _jerk_peaks(self) -> tuple[Array, tuple[Array, Array]]:
        """Highest jerk, and the two u (within 0 to 1) at which accelerations may peak."""
        _, _, _, c3, c4, c5 = self.c
        a, b, c = 60.0 * c5, 24.0 * c4, 6.0 * c3
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = np.clip(np.nan_to_num(-b / (2.0 * a)), 0.0, 1.0)
            # The root without cancellation, and the other one from the product of both.
            far = -0.5 * (b + np.copysign(np.sqrt(np.maximum(b * b - 4.0 * a * c, 0.0)), b))
            turns = tuple(np.clip(np.nan_to_num(u), 0.0, 1.0) for u in (far / a, c / far))
        jerk = np.maximum(np.abs(c), np.abs(a + b + c))
        np.maximum(jerk, np.abs(c + middle * (b + middle * a)), out=jerk)
        return jerk / self.h**3, (turns[0], turns[1])


def sample_quintic(trajectory: JointTrajectory, times: Array) -> tuple[Array, Array, Array]:
    """Positions, velocities and accelerations (M, n) at ``times`` (M,) of the quintic through all points."""
    t = np.clip(np.asarray(times, dtype=float), trajectory.times[0], trajectory.times[-1])
    if len(trajectory.times) == 1:
        zero = np.zeros((len(t), len(trajectory.joints)))
        return np.repeat(trajectory.positions, len(t), axis=0), zero, zero
    i = np.clip(np.searchsorted(trajectory.times, t, side="right") - 1, 0, len(trajectory.times) - 2)
    all_of = segments_of(trajectory)
    c0, c1, c2, c3, c4, c5 = (c[i] for c in all_of.c)
    at = Segments(all_of.h[i], (c0, c1, c2, c3, c4, c5))
    u = (t - trajectory.times[i])[:, None] / at.h
    return at.position(u), at.velocity(u), at.acceleration(u)


def segments_of(trajectory: JointTrajectory) -> Segments:
    """The quintics of a trajectory of at least two points; accelerations that it does not have are zero."""
    positions, accelerations = trajectory.positions, trajectory.accelerations
    if accelerations is None:
        accelerations = np.zeros_like(positions)
    return Segments.through(np.diff(trajectory.times)[:, None], positions, trajectory.velocities, accelerations)


def split_trajectory(trajectory: JointTrajectory, groups: dict[str, tuple[str, ...]]) -> dict[str, JointTrajectory]:
    """One trajectory per side out of a trajectory of both arms, with the same times."""
    parts = {}
    for side, names in groups.items():
        columns = [trajectory.joints.index(n) for n in names]
        acc = trajectory.accelerations
        parts[side] = JointTrajectory(
            names,
            trajectory.times,
            trajectory.positions[:, columns],
            trajectory.velocities[:, columns],
            None if acc is None else acc[:, columns],
        )
    return parts
