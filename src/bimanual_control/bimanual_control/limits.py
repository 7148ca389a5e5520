"""The last gate before the drives: whatever a controller asks, limits hold and nothing but finite numbers pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_control.shaper import MotionShaper
from bimanual_core.robot import RobotSpec

Array = NDArray[np.float64]
_LONGEST_STEP_S = 0.02  # after a longer gap a command still moves no further than in this time


def velocity_limits(robot: RobotSpec) -> Array:
    """Velocity limits (D,) of the flat vector [rad/s; grippers m/s]."""
    return np.concatenate([[*a.velocity, a.gripper.velocity] for a in robot.arms])


def stop_accelerations(robot: RobotSpec) -> Array:
    """What a stop brakes with (D,) [rad/s^2]; grippers, which have no such limit, infinite."""
    return np.concatenate([[*a.stop_acceleration, np.inf] for a in robot.arms])


class LimitGate:
    """Keeps flat setpoints within position, speed and acceleration limits against its own last outputs.

    ``acceleration`` is what a stop brakes with, the most that any command may ask for; None: no limit.
    """

    def __init__(self, lower: Array, upper: Array, velocity: Array, acceleration: Array | None = None) -> None:
        self._velocity = velocity.copy()
        unlimited = np.full_like(velocity, np.inf)
        self._shaper = MotionShaper(lower, upper, velocity, unlimited if acceleration is None else acceleration)
        self._last_ns = 0

    @property
    def at_rest(self) -> bool:
        """Whether the last output was the one before it."""
        return not self._shaper.velocity.any()

    def reset(self, now_ns: int, position: Array) -> None:
        """Take ``position`` (D,), clamped to the limits, as the last output, at rest."""
        self._shaper.reset(np.where(np.isfinite(position), position, self._shaper.position))
        self._last_ns = now_ns

    def apply(self, now_ns: int, position: Array, velocity: Array) -> tuple[Array, Array]:
        """Admissible position and velocity (D,) at ``now_ns``; what is not finite becomes the last output, at rest."""
        if not (np.isfinite(position).all() and np.isfinite(velocity).all()):
            bad = ~(np.isfinite(position) & np.isfinite(velocity))
            position = np.where(bad, self._shaper.position, position)
            velocity = np.where(bad, 0.0, velocity)
        elapsed = min(max((now_ns - self._last_ns) * 1e-9, 0.0), _LONGEST_STEP_S)
        self._last_ns = now_ns
        velocity = np.maximum(np.minimum(velocity, self._velocity), -self._velocity)
        out = self._shaper.step(elapsed, position, velocity)
        return out, velocity if self._shaper.exact else self._shaper.velocity
