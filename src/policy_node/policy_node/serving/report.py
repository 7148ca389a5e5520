"""How a run of a policy went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bimanual_core.errors import ErrorCode


@dataclass(frozen=True)
class RunReport:
    """``steps`` actions were executed, of ``asked``, in ``seconds`` of the world's time. ``clamped`` actions were
    outside joint limits, ``slowed`` ones too fast; the arms stood without points for at most ``stall_s`` at a time."""

    asked: int
    steps: int = 0
    seconds: float = 0.0
    error_code: ErrorCode = ErrorCode.NONE
    error_msg: str = ""
    clamped: int = 0
    slowed: int = 0
    stall_s: float = 0.0
    chunk_ms: Sequence[float] = field(default=())  # wall time of each inference

    @property
    def success(self) -> bool:
        """Whether it ran to its end; says nothing about the task."""
        return self.error_code == ErrorCode.NONE

    @property
    def chunk_ms_p50(self) -> float:
        return float(np.percentile(self.chunk_ms, 50)) if self.chunk_ms else 0.0

    @property
    def chunk_ms_p99(self) -> float:
        return float(np.percentile(self.chunk_ms, 99)) if self.chunk_ms else 0.0
