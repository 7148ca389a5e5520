"""When simulated time moves, and how fast: the rules of both time modes, without ROS and without a clock of its own."""

from __future__ import annotations

from collections import deque

from bimanual_core.rates import PHYSICS_HZ, REST_TICKS
from bimanual_core.stepping import StepJob

#: Behind by more than this [s], the pace starts afresh instead of rushing to catch up.
LONGEST_LAG_S = 1.0
_MARK_TICKS = 30  # a wall-clock mark each so many ticks; ten of them are a simulated second


class RunControl:
    """Says whether the next tick may happen. Time rests only on multiples of REST_TICKS.

    Lockstep: time moves while a controller moves or steps were asked for. Realtime: it moves unless paused.
    """

    def __init__(self, lockstep: bool) -> None:
        self.lockstep = lockstep
        self.playing = True
        self._jobs: deque[StepJob] = deque()

    @property
    def stepping(self) -> bool:
        """Whether steps that were asked for remain."""
        return any(job.remaining for job in self._jobs)

    def request(self, steps: int) -> StepJob:
        """Let ``steps`` ticks happen, paused or not, after those that were asked for before."""
        job = StepJob(steps)
        self._jobs.append(job)
        return job

    def drop_requests(self, why: str) -> None:
        """End the jobs under way; they read ``why``."""
        for job in self._jobs:
            job.end(why)
        self._jobs.clear()

    def answer(self, tick: int) -> None:
        """Where time may rest, end the jobs that have had their steps, and forget those that were cancelled."""
        if tick % REST_TICKS:
            return
        while self._jobs and not self._jobs[0].remaining:
            self._jobs.popleft().end()

    def wants_tick(self, tick: int, active: bool) -> bool:
        """Whether time moves on from ``tick``; ``active``: a controller moves or waits to."""
        if tick % REST_TICKS or self.stepping:
            return True
        return self.playing and (active or not self.lockstep)

    def ticked(self) -> None:
        """Take note of a tick."""
        for job in self._jobs:
            if job.remaining:
                job.tick()
                return


class Pace:
    """Keeps ticks to the wall clock at ``rtf`` (0: as fast as it goes) and measures what was reached."""

    def __init__(self, rtf: float) -> None:
        self.rtf = rtf
        self._origin: tuple[int, float] | None = None
        self._marks: deque[tuple[int, float]] = deque(maxlen=PHYSICS_HZ // _MARK_TICKS + 1)

    def restart(self) -> None:
        """Time stood still: do not make up for it."""
        self._origin = None
        self._marks.clear()

    def delay(self, tick: int, now_s: float) -> float:
        """Wall time [s] to wait before the tick after ``tick`` is due; 0 when it is late."""
        if tick % _MARK_TICKS == 0:
            self._marks.append((tick, now_s))
        if self.rtf <= 0.0:
            return 0.0
        if self._origin is None:
            self._origin = (tick, now_s)
        first, origin_s = self._origin
        wait = origin_s + (tick - first) / (PHYSICS_HZ * self.rtf) - now_s
        if wait < -LONGEST_LAG_S:
            self._origin = (tick, now_s)
        return max(wait, 0.0)

    @property
    def measured(self) -> float:
        """Real-time factor over the last simulated second, 0 before there is one."""
        if len(self._marks) < 2:
            return 0.0
        (first, start_s), (last, end_s) = self._marks[0], self._marks[-1]
        return (last - first) / PHYSICS_HZ / max(end_s - start_s, 1e-9)
