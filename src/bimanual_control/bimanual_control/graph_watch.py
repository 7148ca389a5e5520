"""What of the graph must keep coming while the robot is up: joint states, in simulation the clock and its status too.

Simulated time may rest, and a scene takes seconds to build: ``sim/status`` says so, and nothing is missed. What was
never heard is not missed either, so that nodes may start in any order.
"""

from __future__ import annotations

from dataclasses import dataclass

from bimanual_control.watchdog import Watchdog
from bimanual_core.contract import driver_of
from bimanual_core.rates import JOINT_STATE_HZ


@dataclass(frozen=True)
class WatchLimits:
    """Longest silence [s of wall time] of joint_states on a real robot and while simulated time moves, of /clock then,
    of sim/status, and the longest building of a scene.

    A simulation that is slower than real time is given ``messages`` periods of joint_states at its own pace.
    """

    joints_real_s: float = 0.5
    joints_sim_s: float = 2.0
    clock_s: float = 2.0
    status_s: float = 5.0
    loading_s: float = 60.0
    messages: int = 20


class GraphWatch:
    """Says what fell silent. Tell it what is heard, and :meth:`look` several times a second."""

    def __init__(self, graph: str, limits: WatchLimits | None = None) -> None:
        self.limits = limits or WatchLimits()
        self._driver = driver_of(graph)
        self._simulated = graph == "sim"
        s = self.limits
        self._joints = Watchdog(s.joints_sim_s if self._simulated else s.joints_real_s)
        self._clock = Watchdog(s.clock_s)
        self._status = Watchdog(s.status_s)
        self._moves = not self._simulated  # whether time moves
        self._newest_ns = 0
        self._went_back = ""

    def joints(self) -> None:
        """joint_states were heard."""
        self._joints.beat()

    def status(self, advancing: bool, loading: bool, rtf: float) -> None:
        """sim/status was heard; ``rtf`` is 0 where it is not known."""
        self._status.beat()
        self._status.limit_s = self.limits.loading_s if loading else self.limits.status_s
        if rtf > 0.0:
            own_pace_s = self.limits.messages / (JOINT_STATE_HZ * rtf)
            self._joints.limit_s = max(self.limits.joints_sim_s, own_pace_s)
            self._clock.limit_s = max(self.limits.clock_s, own_pace_s)
        if advancing != self._moves:
            self._moves = advancing
            self._joints.forgive()
            self._clock.forgive()

    def clock(self, stamp_ns: int) -> None:
        """The graph's time is ``stamp_ns`` (0: there is none yet)."""
        if stamp_ns < self._newest_ns:
            self._went_back = f"/clock went back from {self._newest_ns * 1e-9:.3f} to {stamp_ns * 1e-9:.3f} s"
        if stamp_ns != self._newest_ns:
            self._clock.beat()
        self._newest_ns = stamp_ns

    def look(self, now_s: float) -> str:
        """What is wrong at ``now_s`` of wall time, in words; empty if nothing is."""
        silent = {
            "joint_states": self._joints.look(now_s) and self._moves,
            "/clock": self._simulated and self._clock.look(now_s) and self._moves,
            "sim/status": self._simulated and self._status.look(now_s),
        }
        if not self._moves:
            self._joints.forgive()
            self._clock.forgive()
        dogs = {"joint_states": self._joints, "/clock": self._clock, "sim/status": self._status}
        for name, is_silent in silent.items():
            if is_silent:
                dog = dogs[name]
                what = "stands still" if name == "/clock" else "is silent"
                return f"{name} of {self._driver} {what} for more than {dog.limit_s:g} s"
        # Said once: a clock that went back and goes on is a clock again.
        words, self._went_back = self._went_back, ""
        return words
