"""Faults that a loopback robot shows on request, so that what detects them can be tried without breaking a device."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from bimanual_core.errors import BimanualError, UnknownNameError


class FaultKind(str, Enum):
    NONE = "none"
    FROZEN = "frozen"  # the joint stays where it is
    JUMP = "jump"  # the measured position is off by the fault's size [rad; grippers m]
    NAN = "nan"  # the measured position is no number
    STALE = "stale"  # no new samples come
    LAG = "lag"  # the time constant is the fault's size times as long, and nothing is fed forward
    READ_ERROR = "read_error"  # reading fails
    WRITE_ERROR = "write_error"  # writing fails


#: Size of a fault that is given none.
DEFAULT_SIZES = {FaultKind.JUMP: 0.5, FaultKind.LAG: 20.0}
LARGEST = 1000.0


@dataclass(frozen=True)
class Fault:
    """A fault of one ``joint`` (empty: of all); ``size`` 0 is the kind's default."""

    kind: FaultKind = FaultKind.NONE
    joint: str = ""
    size: float = 0.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.size) or not 0.0 <= self.size <= LARGEST:
            raise BimanualError(f"fault size {self.size} is outside [0, {LARGEST:g}]")
        if self.size == 0.0:
            object.__setattr__(self, "size", DEFAULT_SIZES.get(self.kind, 0.0))

    @staticmethod
    def of(kind: str, joint: str = "", size: float = 0.0) -> Fault:
        """The fault of a kind's name. Raises UnknownNameError listing the kinds."""
        try:
            return Fault(FaultKind(kind), joint, size)
        except ValueError:
            raise UnknownNameError("fault", kind, [k.value for k in FaultKind]) from None
