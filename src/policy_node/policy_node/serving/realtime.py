"""Running a policy while time goes on: the arms follow one chunk while the next is being computed.

An action is executed at its own time or not at all: what a chunk says about the time it took to compute it is dropped,
and over the next few actions the new chunk fades in over what is left of the one before it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.observation import Observation
from bimanual_core.protocols import World
from bimanual_core.rates import NS_PER_S, seconds_to_ns
from policy_node.contract import PolicyContract
from policy_node.serving.asking import Answer, Asker
from policy_node.serving.report import RunReport
from policy_node.serving.run import ChunkListener, Commander
from policy_node.serving.runner import PolicyRunner
from policy_node.serving.window import ObservationWindow

Array = NDArray[np.float64]

#: Points are sent at least this long before they are due, and may take so much of it to reach the controllers [s].
LEAD_S, RESERVE_S = 0.05, 0.035
#: A new chunk has faded in after this many actions.
FADE_ACTIONS = 3
#: Without points for this long [s] the run ends; the first chunk may take longer.
LATE_S, FIRST_S = 1.0, 10.0
#: An arm counts as off its path beyond this [rad or m]; then it is joined from where it is.
OFF_PATH = 0.1
#: Inferences whose time tells how long the next one will take.
REMEMBERED = 3


class RealtimeRunner(PolicyRunner):
    """Lets ``policy`` act in ``world``, whose time goes on by itself."""

    def run(self, instruction: str, most_steps: int, over: Callable[[], bool] = lambda: False) -> RunReport:
        """Act until ``over()``, which is asked once a period, or for ``most_steps`` periods; the arms are at rest
        afterwards, also after a failure. Reports and raises as :meth:`PolicyRunner.run`."""
        flow = _Flow(self._world, self._contract, self._asker, instruction, self._on_chunk)
        code, words = ErrorCode.NONE, ""
        try:
            self._asker.reset()
            flow.begin()
            while flow.steps < most_steps and not over():
                flow.period()
        except BimanualError as error:
            code, words = error.code, str(error)
        finally:
            flow.commander.halt()
        return RunReport(
            asked=most_steps,
            steps=flow.steps,
            seconds=flow.steps / self._contract.rate_hz,
            error_code=code,
            error_msg=words,
            clamped=flow.commander.shaper.clamped,
            slowed=flow.commander.shaper.slowed,
            stall_s=flow.stall_s,
            chunk_ms=tuple(self._asker.chunk_ms),
        )


class _Inference(threading.Thread):
    """One question to the policy in a thread of its own."""

    def __init__(self, asker: Asker, window: Sequence[Observation], instruction: str) -> None:
        super().__init__(name="inference", daemon=True)
        self.stamp_ns = window[-1].stamp_ns
        self._ask = lambda: asker.ask(window, instruction)
        self._answer: Answer | None = None
        self._error: BimanualError | None = None
        self.start()

    def run(self) -> None:
        try:
            self._answer = self._ask()
        except BimanualError as error:
            self._error = error

    def answer(self) -> Answer | None:
        """The answer, None while it is computed. Raises what went wrong."""
        if self.is_alive():
            return None
        if self._error is not None:
            raise self._error
        return self._answer


class _Flow:
    """The state of one run."""

    def __init__(
        self, world: World, contract: PolicyContract, asker: Asker, instruction: str, on_chunk: ChunkListener
    ) -> None:
        self.commander = Commander(world, contract, RESERVE_S)
        self.steps = 0
        self.stall_s = 0.0
        self._world = world
        self._contract = contract
        self._asker = asker
        self._instruction = instruction
        self._on_chunk = on_chunk
        self._window = ObservationWindow(contract.observations)
        self._inference: _Inference | None = None
        self._begin_ns = 0
        self._asked_ns = 0

    def begin(self) -> None:
        self._window.add(self.commander.observe())
        self._begin_ns = self._window.newest.stamp_ns
        self._ask()

    def period(self) -> None:
        """Wait for the next period, look, take an answer that came and ask anew where it is time."""
        period_ns = NS_PER_S / self._contract.rate_hz
        due_ns = self._begin_ns + round((self.steps + 1) * period_ns)
        self._world.wait(max(0, due_ns - self._window.newest.stamp_ns) / NS_PER_S)
        seen = self.commander.observe()
        self._window.add(seen)
        self.steps = max(self.steps + 1, round((seen.stamp_ns - self._begin_ns) / period_ns))
        self._take(seen)
        self.commander.lead_on(seen)
        if self._inference is None and self._is_time(seen.stamp_ns):
            self._ask()
        self._watch(seen.stamp_ns)

    def _ask(self) -> None:
        self._inference = _Inference(self._asker, self._window.seen(), self._instruction)
        self._asked_ns = self._inference.stamp_ns

    def _is_time(self, now_ns: int) -> bool:
        """Whether the answer would come when as many actions are executed as the policy is to execute."""
        newest = self._asker.chunk_ms[-REMEMBERED:]
        took_s = max(newest, default=0.0) * 1e-3
        wait_s = self._contract.actions / self._contract.rate_hz - took_s
        return now_ns >= self._asked_ns + seconds_to_ns(wait_s)

    def _take(self, seen: Observation) -> None:
        answer = self._inference.answer() if self._inference is not None else None
        if answer is None:
            return
        self._inference = None
        now_ns, old = seen.stamp_ns, self.commander.path
        stamps = self.commander.stamps(answer)
        ahead = stamps > now_ns + seconds_to_ns(LEAD_S)
        if not ahead.any():
            return
        self._on_chunk(answer, self.steps)
        self.commander.check_followed(seen)
        stamps, actions = stamps[ahead], answer.actions[ahead]
        position = seen.commanded
        if old is not None:
            self.stall_s = max(self.stall_s, (now_ns - old.end_ns) / NS_PER_S)
            planned = old.at(now_ns)[0]
            if np.abs(planned - position).max() < OFF_PATH:
                position = planned
            actions = _faded(stamps, actions, [old.at(int(s))[0] if s <= old.end_ns else None for s in stamps])
        self.commander.follow(now_ns, position, stamps, actions)

    def _watch(self, now_ns: int) -> None:
        """Raises BimanualError (POLICY_LATE) if nothing has come for too long."""
        path = self.commander.path
        begin_ns, limit_s = (self._begin_ns, FIRST_S) if path is None else (path.end_ns, LATE_S)
        missing_s = (now_ns - begin_ns) / NS_PER_S
        if missing_s > limit_s:
            if path is not None:
                self.stall_s = max(self.stall_s, missing_s)
            waiting_s = (now_ns - self._asked_ns) / NS_PER_S
            raise BimanualError(
                f"the policy is late: no actions for {missing_s:.2f} s, limit {limit_s:g} s; it was asked "
                f"{waiting_s:.2f} s ago",
                ErrorCode.POLICY_LATE,
            )


def _faded(stamps: NDArray[np.int64], actions: Array, before: Sequence[Array | None]) -> Array:
    """``actions`` (N, D), the first of them mixed with what was planned ``before`` for the same stamps."""
    out = actions.copy()
    for k, planned in enumerate(before[:FADE_ACTIONS]):
        if planned is not None:
            share = (k + 1) / (FADE_ACTIONS + 1)
            out[k] = share * actions[k] + (1 - share) * planned
    return out
