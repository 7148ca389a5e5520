"""How well a camera's stream does: rate, lost frames, stamps and age, in words."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

NS_PER_S = 1_000_000_000
#: What is judged is what happened in the last so many seconds.
WINDOW_S = 5.0
#: Shares of the nominal rate below which the stream is slow or useless.
SLOW, USELESS = 0.9, 0.5
#: Largest share of lost frames, and deviation of stamps from their spacing in periods, that is no news.
LOST_SHARE, JITTER_PERIODS = 0.02, 0.25
#: Time from a frame's stamp to its arrival beyond which stamps and the host's clock do not agree [s].
LATE_S, EARLY_S = 0.25, 0.02
#: No frame for so long is silence [s].
SILENCE_S = 1.0


class Level(IntEnum):
    """As in diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2


@dataclass(frozen=True)
class Report:
    """A judgement with the figures it rests on."""

    level: Level
    text: str
    values: dict[str, object]


@dataclass(frozen=True)
class _Arrival:
    at_s: float
    number: int
    device_ms: float
    stamp_ns: int
    age_s: float


class StreamMonitor:
    """Takes note of every frame; :meth:`report` judges the last seconds. ``at_s`` is a steady clock [s]."""

    def __init__(self, nominal_hz: float, started_s: float) -> None:
        self.nominal_hz = nominal_hz
        self._started_s = started_s
        self._arrivals: deque[_Arrival] = deque()
        self._frames = self._lost = self._backwards = 0

    def take(self, number: int, device_ms: float, stamp_ns: int, age_s: float, at_s: float) -> None:
        """A frame arrived at ``at_s``, ``age_s`` after its stamp."""
        arrival = _Arrival(at_s, number, device_ms, stamp_ns, age_s)
        if self._arrivals:
            before = self._arrivals[-1]
            self._lost += max(0, number - before.number - 1)
            self._backwards += _goes_back(before, arrival)
        self._frames += 1
        self._arrivals.append(arrival)
        self._forget(at_s)

    def report(self, now_s: float) -> Report:
        """The judgement as of ``now_s``: the worst finding's level, and all findings in words."""
        self._forget(now_s)
        newest = self._arrivals[-1].at_s if self._arrivals else None
        quiet_s = now_s - (self._started_s if newest is None else newest)
        values: dict[str, object] = {
            "rate_hz": f"{self._rate():.1f}",
            "nominal_hz": f"{self.nominal_hz:g}",
            "frames": self._frames,
            "lost": self._lost,
            "backward_stamps": self._backwards,
            "jitter_ms": f"{1000.0 * self._jitter_s():.1f}",
            "age_ms": f"{1000.0 * self._age_s():.1f}",
        }
        if quiet_s > SILENCE_S:
            return Report(Level.ERROR, f"no frame for {quiet_s:.1f} s", values)
        if len(self._arrivals) < 2:
            return Report(Level.OK, "the first frames come in", values)
        findings = self._findings()
        level = max((level for level, _ in findings), default=Level.OK)
        text = "; ".join(text for _, text in findings) or f"{self._rate():.1f} frames per second"
        return Report(level, text, values)

    def _findings(self) -> list[tuple[Level, str]]:
        out = []
        rate, pairs = self._rate(), list(zip(self._arrivals, list(self._arrivals)[1:], strict=False))
        if rate < SLOW * self.nominal_hz:
            level = Level.ERROR if rate < USELESS * self.nominal_hz else Level.WARN
            out.append((level, f"{rate:.1f} of {self.nominal_hz:g} frames per second"))
        lost = sum(max(0, b.number - a.number - 1) for a, b in pairs)
        if lost > LOST_SHARE * (lost + len(self._arrivals)):
            out.append((Level.WARN, f"{lost} frames lost of {lost + len(self._arrivals)}"))
        back = sum(_goes_back(a, b) for a, b in pairs)
        if back:
            out.append((Level.WARN, f"stamps went back {back} times"))
        jitter = self._jitter_s()
        if jitter * self.nominal_hz > JITTER_PERIODS:
            out.append((Level.WARN, f"stamps deviate by {1000.0 * jitter:.1f} ms from their spacing"))
        age = self._age_s()
        if age > LATE_S or age < -EARLY_S:
            out.append((Level.WARN, f"frames arrive {1000.0 * age:.0f} ms after their stamps: is the clock right?"))
        return out

    def _rate(self) -> float:
        """Frames per second over the window."""
        if len(self._arrivals) < 2:
            return 0.0
        return (len(self._arrivals) - 1) / max(self._arrivals[-1].at_s - self._arrivals[0].at_s, 1e-6)

    def _jitter_s(self) -> float:
        """95th percentile of the deviation of stamps' distances from whole frames of the window's mean spacing."""
        stamps = np.array([a.stamp_ns for a in self._arrivals], dtype=np.float64) / NS_PER_S
        numbers = np.array([a.number for a in self._arrivals])
        if len(stamps) < 3 or numbers[-1] <= numbers[0]:
            return 0.0
        period = (stamps[-1] - stamps[0]) / (numbers[-1] - numbers[0])
        return float(np.percentile(np.abs(np.diff(stamps) - period * np.diff(numbers)), 95))

    def _age_s(self) -> float:
        """Median time from stamp to arrival."""
        return float(np.median([a.age_s for a in self._arrivals])) if self._arrivals else 0.0

    def _forget(self, now_s: float) -> None:
        while self._arrivals and self._arrivals[0].at_s < now_s - WINDOW_S:
            self._arrivals.popleft()


def _goes_back(before: _Arrival, after: _Arrival) -> bool:
    return after.stamp_ns <= before.stamp_ns or after.device_ms <= before.device_ms
