"""What is asked of every fault: was it noticed, do the arms rest, does a good motion work again."""

from __future__ import annotations

import time
from collections.abc import Callable

from bimanual.faults.outcome import Outcome, Rest
from bimanual.faults.rig import Rig, Task
from bimanual_core.errors import BimanualError

PATIENCE_S = 20.0
REST_WAIT_S = 5.0
#: A planner that was stopped may have to end what it did before it takes something new on [s].
MEND_WAIT_S = 15.0


class Harm:
    """One fault under way: what happened when. ``outcome`` is filled in as it becomes known."""

    def __init__(self, rig: Rig, outcome: Outcome) -> None:
        self.rig = rig
        self.outcome = outcome
        self.onset_ns = rig.trace.newest_ns
        self.onset_at = time.monotonic()

    def noticed(self, by: str, words: str, at: float | None = None) -> None:
        """The first who notices counts; empty ``words`` are nobody's."""
        if words and not self.outcome.detected_by:
            at = time.monotonic() if at is None else at
            self.outcome.detected_by, self.outcome.words = by, words.splitlines()[0]
            self.outcome.detection_ms = round(1000.0 * (at - self.onset_at), 1)

    def wait_end(self, task: Task) -> bool:
        """Wait for the end of the motion; a failure is noted if it does not come."""
        if not self.rig.wait_for(lambda: task.done, PATIENCE_S):
            self.outcome.failure = f"the motion did not end within {PATIENCE_S:.0f} s"
        return task.done

    def expect_rest(self, since_ns: int) -> None:
        """The arms must come to rest after ``since_ns``."""
        rest_ns = self.rig.wait_for(lambda: self.rig.trace.rest_ns(since_ns), REST_WAIT_S)
        self.outcome.rest, self.outcome.rested = Rest.STOPPED, rest_ns > 0
        if rest_ns:
            self.outcome.rest_ms = round((rest_ns - since_ns) * 1e-6, 1)
            self.outcome.onset_to_rest_ms = round((rest_ns - self.onset_ns) * 1e-6, 1)

    def expect_unharmed(self, task: Task) -> None:
        """The motion must reach its goal."""
        if self.wait_end(task):
            self.outcome.rest, self.outcome.rested = Rest.UNHARMED, not task.words
            if task.words:
                self.outcome.failure = f"the motion was harmed: {task.words}"

    def expect_gone(self) -> None:
        """Nothing moves the joints any more: nobody tells of them."""
        self.outcome.rest = Rest.GONE
        self.outcome.rested = bool(self.rig.wait_for(lambda: self.rig.trace.silent_s > 0.3, REST_WAIT_S))

    def recover(self, mend: Callable[[], object], skills: bool = False) -> None:
        """After ``mend()`` a good motion must work, with ``skills`` one through the planner too."""
        begin = time.monotonic()
        try:
            mend()
            refusal = self._try(self.rig.good_motion)
            if not refusal and skills:
                refusal = self._try(self.rig.good_skills)
        except BimanualError as error:
            refusal = str(error)
        self.outcome.recovered = not refusal
        self.outcome.recovery_s = round(time.monotonic() - begin, 2)
        if refusal and not self.outcome.failure:
            self.outcome.failure = f"no good motion afterwards: {refusal}"

    def _try(self, motion: Callable[[], str]) -> str:
        end = time.monotonic() + MEND_WAIT_S
        while True:
            refusal = motion()
            if not refusal or time.monotonic() > end:
                return refusal
            self.rig.wait_for(lambda: False, 0.3)
            if "reset the stop" in refusal:
                self.rig.allow_motion()  # as whoever reads these words would
