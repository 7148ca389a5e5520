"""Joint backends by name: what the robot driver puts behind its controllers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.protocols import JointBackend
from bimanual_core.registry import Registry
from bimanual_core.robot import RobotSpec


class HardwareError(BimanualError):
    """A device does not do what it must; says which and why."""

    code = ErrorCode.HARDWARE_FAULT


@dataclass(frozen=True)
class BackendOptions:
    """What a backend is opened with: the time [ns] that its samples are stamped with, and the arms' interfaces."""

    now_ns: Callable[[], int]
    can_interface: str = ""


@runtime_checkable
class DriverBackend(JointBackend, Protocol):
    """A ``JointBackend`` with an end. ``read`` and ``write`` raise HardwareError where the device fails."""

    def close(self) -> None:
        """Leave the device; the joints hold."""
        ...


Opener = Callable[[RobotSpec, BackendOptions], DriverBackend]
BACKENDS: Registry[Opener] = Registry("robot backend")

#: Backends that ``up real`` asks for by default and that no driver serves.
_WITHOUT_DRIVER = ("can",)


def check_backend(name: str) -> None:
    """Raises BimanualError if there is no backend ``name``, saying what to start instead."""
    if name in _WITHOUT_DRIVER:
        raise BimanualError(
            f"robot backend {name!r}: there is no driver for arms on a CAN bus; "
            f"start the loopback robot with use_mock_hardware:=true (backends: {', '.join(BACKENDS)})",
            ErrorCode.HARDWARE_NOT_READY,
        )
    BACKENDS.get(name)


def open_backend(name: str, robot: RobotSpec, options: BackendOptions) -> DriverBackend:
    """The opened backend ``name`` for ``robot``. Raises BimanualError, as :func:`check_backend` and as the device
    does."""
    check_backend(name)
    return BACKENDS.get(name)(robot, options)
