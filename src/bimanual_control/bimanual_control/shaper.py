"""Chasing a moving target within position, speed and acceleration limits, one period at a time.

The rule of each period: the largest speed from which the joint can still stop at its limit, and still meet the target
without passing it, when it brakes with its acceleration in whole periods. A target that keeps the limits is followed
exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_SLACK = 1e-6  # of a limit: rounding of times to nanoseconds is no violation


class MotionShaper:
    """A command of n joints that never leaves its limits, whatever target it is given. Infinite accelerations are
    allowed: such a joint is limited in position and speed only."""

    def __init__(self, lower: Array, upper: Array, velocity: Array, acceleration: Array) -> None:
        self._lower, self._upper = lower.copy(), upper.copy()
        self._velocity, self.acceleration = velocity.copy(), acceleration.copy()
        self._fastest = velocity * (1 + 1e-10)
        self.position = np.clip(np.zeros_like(lower), lower, upper)
        self.velocity = np.zeros_like(lower)
        self.exact = True  # whether the last step reached its target
        self._dt = 0.0
        self._gain, self._most_gain = acceleration, acceleration
        self._way_per_square = 0.5 / acceleration  # [s^2/rad]: the way to stop from a speed, per its square

    def reset(self, position: Array, velocity: Array | None = None) -> None:
        """Go on from ``position`` (n,), clamped to the limits, at ``velocity`` (n,; at rest if not given)."""
        self.position = np.minimum(np.maximum(position, self._lower), self._upper)
        self.velocity = np.zeros_like(position) if velocity is None else velocity.copy()

    def step(self, dt: float, target: Array, target_velocity: Array) -> Array:
        """The command (n,) ``dt`` [s] after the last one, towards ``target`` that moves on with ``target_velocity``
        (n,). All must be finite."""
        if dt <= 0.0:
            return self.position
        if dt != self._dt:
            self._take_period(dt)
        speed = (target - self.position) / dt
        if self._keeps_limits(target, speed, target_velocity):
            self.position, self.velocity, self.exact = target.copy(), speed, True
            return self.position
        self.exact = False
        return self._approach(dt, target, target_velocity)

    def brake(self, dt: float) -> Array:
        """The command ``dt`` [s] after the last one when every joint slows down as it can."""
        if dt > 0.0:
            if dt != self._dt:
                self._take_period(dt)
            self._move(dt, np.zeros_like(self.position))
        return self.position

    def rest(self) -> Array:
        """Where the joints (n,) come to rest if they brake from the next period on."""
        way = self.velocity * np.abs(self.velocity) * self._way_per_square
        return np.minimum(np.maximum(self.position + way, self._lower), self._upper)

    def _take_period(self, dt: float) -> None:
        self._dt = dt
        self._gain = self.acceleration * dt  # how much faster a joint may be after one period
        self._most_gain = self._gain * (1 + _SLACK) + _SLACK

    def _keeps_limits(self, target: Array, speed: Array, target_velocity: Array) -> bool:
        """Whether the target can be reached in this period, kept up with in the next, and stopped from in time."""
        magnitude = np.abs(speed)
        stop_at = target + speed * np.maximum(magnitude - self._gain, 0.0) * self._way_per_square
        fine = magnitude <= self._fastest
        fine &= np.abs(speed - self.velocity) <= self._most_gain
        fine &= np.abs(speed - target_velocity) <= self._most_gain
        fine &= stop_at <= self._upper
        fine &= stop_at >= self._lower
        return bool(fine.all())

    def _approach(self, dt: float, target: Array, target_velocity: Array) -> Array:
        drift = np.minimum(np.maximum(target_velocity, -self._velocity), self._velocity)
        off = target - self.position - drift * dt
        return self._move(dt, drift + np.sign(off) * self._fastest_over(dt, np.abs(off)))

    def _move(self, dt: float, wanted: Array) -> Array:
        """One period with a speed as near to ``wanted`` as the limits allow; position goes before acceleration."""
        highest = np.minimum(self._fastest_over(dt, np.maximum(self._upper - self.position, 0.0)), self._velocity)
        lowest = -np.minimum(self._fastest_over(dt, np.maximum(self.position - self._lower, 0.0)), self._velocity)
        speed = np.minimum(np.maximum(wanted, lowest), highest)
        speed = np.minimum(np.maximum(speed, self.velocity - self._gain), self.velocity + self._gain)
        speed = np.minimum(np.maximum(speed, -self._velocity), self._velocity)
        position = np.minimum(np.maximum(self.position + speed * dt, self._lower), self._upper)
        self.velocity = (position - self.position) / dt
        self.position = position
        return position

    def _fastest_over(self, dt: float, way: Array) -> Array:
        """The speed (n,) of this period from which braking in whole periods ends after ``way`` (n,) exactly."""
        with np.errstate(divide="ignore", invalid="ignore"):
            share = way / (self._gain * dt)
            whole = np.floor((np.sqrt(1.0 + 8.0 * share) - 1.0) / 2)
            speed = self._gain * (whole + (share - whole * (whole + 1) / 2) / (whole + 1))
        return np.where(np.isfinite(self.acceleration), speed, way / dt)
