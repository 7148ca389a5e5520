"""What a robot's device is to the driver: a ``JointBackend`` that is opened with options, fails in words and ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.protocols import JointBackend


class HardwareError(BimanualError):
    """A device does not do what it must; says which and why."""

    code = ErrorCode.HARDWARE_FAULT


@dataclass(frozen=True)
class BackendOptions:
    """What a backend is opened with: the time [ns] that its samples are stamped with, the arms' interfaces, and the
    time constant [s] of drives that are modelled."""

    now_ns: Callable[[], int]
    can_interface: str = ""
    time_constant_s: float = 0.03


@runtime_checkable
class DriverBackend(JointBackend, Protocol):
    """A ``JointBackend`` with an end. ``read`` and ``write`` raise HardwareError where the device fails."""

    def close(self) -> None:
        """Leave the device; the joints hold."""
        ...
