"""Following a path in time, blending onto it from the present command, and braking along it.

Braking slows the clock of the path instead of leaving it: a motion that was checked for collisions stays checked
while it stops.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bimanual_control.sampler import HermitePath

Array = NDArray[np.float64]
_NS = 1e-9
_LEAST_SHARE = 0.5  # of an acceleration is left to braking, whatever the path takes


class Follower(Protocol):
    """What an arm follows. Times never go back."""

    @property
    def braking(self) -> bool: ...

    def at(self, now_ns: int) -> Array:
        """Position and velocity (2, n) commanded at ``now_ns``."""
        ...

    def ended(self, now_ns: int) -> bool:
        """Whether nothing moves any more after ``now_ns``."""
        ...

    def brake(self, now_ns: int, acceleration: Array) -> None:
        """Slow down to rest from ``now_ns`` on, each joint with ``acceleration`` (n,). No effect while braking."""
        ...

    def stopping(self, at_ns: int, acceleration: Array) -> tuple[Array, Array]:
        """Positions (n,) where braking from ``at_ns`` on would begin and end; nothing changes."""
        ...


class PathFollower:
    """Samples ``path`` whose time 0 is at ``origin_ns``; ``blend`` is added while it lasts (same time axis)."""

    __slots__ = ("_bends", "_blend", "_brake_begin_ns", "_brake_s", "_brake_tau", "origin_ns", "path")

    def __init__(self, path: HermitePath, origin_ns: int, blend: HermitePath | None = None) -> None:
        self.path = path
        self.origin_ns = origin_ns
        self._blend = blend
        self._bends: list[tuple[HermitePath, Array]] | None = None
        self._brake_begin_ns = 0
        self._brake_s = 0.0
        self._brake_tau = 0.0

    @property
    def braking(self) -> bool:
        return self._brake_s > 0.0

    def ended(self, now_ns: int) -> bool:
        """Whether the path, or the braking on it, is over at ``now_ns``."""
        if self._brake_s > 0.0:
            return (now_ns - self._brake_begin_ns) * _NS >= self._brake_s
        return (now_ns - self.origin_ns) * _NS >= self.path.end

    def at(self, now_ns: int) -> Array:
        """Position and velocity (2, n) commanded at ``now_ns``."""
        if self._brake_s > 0.0:
            return self._at_braking(now_ns)
        return self._sample((now_ns - self.origin_ns) * _NS)

    def brake(self, now_ns: int, acceleration: Array) -> None:
        """Slow down to rest along the path, each joint at most at ``acceleration`` (n,), the path's own included."""
        if self._brake_s > 0.0:
            return
        self._brake_tau = (now_ns - self.origin_ns) * _NS
        self._brake_s = self._brake_time(self._brake_tau, np.abs(self.at(now_ns)[1]), acceleration)
        self._brake_begin_ns = now_ns

    def stopping(self, at_ns: int, acceleration: Array) -> tuple[Array, Array]:
        """Positions (n,) where braking from ``at_ns`` on would begin and end; nothing changes."""
        begin = self.at(at_ns)
        if self._brake_s > 0.0:
            return begin[0], self._sample(self._brake_tau + self._brake_s / 2)[0]
        tau = (at_ns - self.origin_ns) * _NS
        return begin[0], self._sample(tau + self._brake_time(tau, np.abs(begin[1]), acceleration) / 2)[0]

    def _brake_time(self, tau: float, speed: Array, acceleration: Array) -> float:
        """While the clock slows down evenly over T, a joint accelerates with at most what the path asks for on that way
        plus speed / T."""
        longest = float(np.max(speed / (acceleration * _LEAST_SHARE)))
        spare = np.maximum(acceleration - self._bend(tau, tau + longest / 2), acceleration * _LEAST_SHARE)
        return max(float(np.max(speed / spare)), _NS)

    def _bend(self, begin: float, end: float) -> Array:
        """At most what the path and the blend onto it ask of each joint (n,) between two of their times."""
        if self._bends is None:
            self._bends = [
                (path, path.extremes().acceleration)
                for path in (self.path, self._blend)
                if path is not None and path.end > path.begin
            ]
        most = np.zeros_like(self.path.last)
        for path, bends in self._bends:
            if begin < path.end and end >= path.begin:
                most = most + bends[path.segment(begin) : path.segment(end) + 1].max(axis=0)
        return most

    def _at_braking(self, now_ns: int) -> Array:
        elapsed = min(max((now_ns - self._brake_begin_ns) * _NS, 0.0), self._brake_s)
        rate = 1.0 - elapsed / self._brake_s
        result = self._sample(self._brake_tau + elapsed * (1.0 + rate) / 2).copy()
        result[1] *= rate
        return result

    def _sample(self, tau: float) -> Array:
        if self._blend is None or tau >= self._blend.end:
            return self.path.sample(tau)
        return self.path.sample(tau) + self._blend.sample(tau)
