"""Asking a policy for a chunk: timed, checked, and with every failure in words."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.observation import Observation
from bimanual_core.protocols import Policy
from bimanual_core.robot import RobotSpec
from policy_node.serving.chunk import check_chunk

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Answer:
    """A chunk (T, D) whose action 0 is of ``stamp_ns``, and the wall time it took [ms]."""

    stamp_ns: int
    actions: Array
    chunk_ms: float


class Asker:
    """Asks ``policy``, and keeps how long each answer took (``chunk_ms``, wall time). ``delay_s`` is added to each."""

    def __init__(self, policy: Policy, robot: RobotSpec, delay_s: float = 0.0) -> None:
        self.chunk_ms: list[float] = []
        self._policy = policy
        self._robot = robot
        self._delay_s = delay_s

    def reset(self) -> None:
        """A new run begins."""
        self.chunk_ms.clear()
        self._policy.reset()

    def ask(self, window: Sequence[Observation], instruction: str) -> Answer:
        """The answer to ``window``, of at least two actions.

        Raises BimanualError: POLICY_CHUNK_INVALID for what no arm should follow, POLICY_FAILED for whatever else the
        policy raises.
        """
        begin = time.perf_counter()
        try:
            answer = self._policy.infer(window, instruction)
        except BimanualError:
            raise
        except Exception as error:
            words = f"the policy failed: {type(error).__name__}: {error}"
            raise BimanualError(words, ErrorCode.POLICY_FAILED) from error
        if self._delay_s > 0.0:
            time.sleep(self._delay_s)
        took_ms = (time.perf_counter() - begin) * 1e3
        self.chunk_ms.append(took_ms)
        return Answer(window[-1].stamp_ns, check_chunk(answer, self._robot), took_ms)
