"""Following streamed points: whatever they ask for, the command keeps the arm's speed and acceleration limits.

Streams come from policies and people, who jump; the points are shaped instead of being refused.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_control.follower import PathFollower
from bimanual_control.shaper import MotionShaper
from bimanual_core.robot import ArmSpec

Array = NDArray[np.float64]
_NS = 1e-9
_LONGEST_STEP_S = 0.02  # after a longer gap the command goes on as if it had been this long
_ARRIVED = 1e-9


class StreamFollower:
    """Chases the path of streamed points from ``command`` (2, n) at ``now_ns`` on. ``ends_at_rest`` is false for points
    that end in motion: then the sender was to go on, and the stream has run out when they are over."""

    def __init__(self, arm: ArmSpec, now_ns: int, command: Array, path: PathFollower, ends_at_rest: bool) -> None:
        self._limits = (np.array(arm.lower), np.array(arm.upper), np.array(arm.velocity))
        self._shaper = MotionShaper(*self._limits, np.array(arm.acceleration))
        self._shaper.reset(command[0], command[1])
        self._now_ns = now_ns
        self._braking = False
        self._path = path
        self._ends_at_rest = ends_at_rest

    @property
    def braking(self) -> bool:
        return self._braking

    @property
    def ran_out(self) -> bool:
        """Whether it ends because its points do, in the middle of a motion."""
        return not self._braking and not self._ends_at_rest

    def at(self, now_ns: int) -> Array:
        """Position and velocity (2, n) commanded at ``now_ns``."""
        elapsed = min((now_ns - self._now_ns) * _NS, _LONGEST_STEP_S)
        self._now_ns = now_ns
        self._advance(elapsed, now_ns)
        return np.stack([self._shaper.position, self._shaper.velocity])

    def ended(self, now_ns: int) -> bool:
        """Whether the points are over and the command stands at the last of them, or has braked."""
        if self._braking:
            return not self._shaper.velocity.any()
        off = np.abs(self._path.path.last - self._shaper.position).max()
        return self._path.ended(now_ns) and off < _ARRIVED and np.abs(self._shaper.velocity).max() < _ARRIVED

    def brake(self, now_ns: int, acceleration: Array) -> None:
        """Slow down to rest, each joint by itself with ``acceleration`` (n,)."""
        if not self._braking:
            self._braking = True
            self._shaper = self._copy(acceleration)

    def stopping(self, at_ns: int, acceleration: Array) -> tuple[Array, Array]:
        """Positions (n,) where braking from ``at_ns`` on would begin and end; nothing changes."""
        kept, self._shaper = self._shaper, self._copy(None)
        self._advance(max((at_ns - self._now_ns) * _NS, 0.0), at_ns)
        ahead, self._shaper = self._shaper, kept
        if self._braking:
            return ahead.position, ahead.rest()
        way = ahead.velocity * np.abs(ahead.velocity) / (2 * acceleration)
        lower, upper, _ = self._limits
        return ahead.position, np.minimum(np.maximum(ahead.position + way, lower), upper)

    def _advance(self, elapsed: float, now_ns: int) -> None:
        if self._braking:
            self._shaper.brake(elapsed)
        else:
            target = self._path.at(now_ns)
            self._shaper.step(elapsed, target[0], target[1])

    def _copy(self, acceleration: Array | None) -> MotionShaper:
        """The shaper as it is now, with another acceleration if one is given."""
        copy = MotionShaper(*self._limits, self._shaper.acceleration if acceleration is None else acceleration)
        copy.reset(self._shaper.position, self._shaper.velocity)
        return copy
