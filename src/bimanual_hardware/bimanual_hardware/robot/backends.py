"""Joint backends by name: what the robot driver puts behind its controllers."""

from __future__ import annotations

from collections.abc import Callable

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.registry import Registry
from bimanual_core.robot import RobotSpec
from bimanual_hardware.robot.device import BackendOptions, DriverBackend
from bimanual_hardware.robot.loopback import LoopbackBackend

Opener = Callable[[RobotSpec, BackendOptions], DriverBackend]
BACKENDS: Registry[Opener] = Registry("robot backend")
BACKENDS.add("loopback", LoopbackBackend)

#: Asked for by ``up real`` unless told otherwise, and served by no driver.
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
