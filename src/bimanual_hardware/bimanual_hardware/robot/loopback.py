"""The loopback robot: joints without a simulator, which follow their setpoints with a lag and fail on request.

Each drive follows the line through its newest setpoint (position, velocity): what it is off fades out with the time
constant. A drive that hears nothing for ``hold_s`` stops at the end of that line, as real drives do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ConfigError
from bimanual_core.observation import JointSample, Setpoint
from bimanual_core.robot import RobotSpec
from bimanual_hardware.robot.device import BackendOptions, HardwareError
from bimanual_hardware.robot.faults import Fault, FaultKind

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LoopbackSettings:
    """Drives of the loopback robot.

    ``time_constant_s`` of all joints; ``feed_forward``: share of the setpoint's velocity that the drives use (1: no lag
    behind a steady motion); ``hold_s``: a setpoint is carried on for this long; stiffness [Nm/rad; N/m of an opening]
    and ``arm_torque`` [Nm] turn what a joint is off into its effort.
    """

    time_constant_s: float = 0.03
    feed_forward: float = 1.0
    hold_s: float = 0.05
    arm_stiffness: float = 500.0
    arm_torque: float = 30.0
    gripper_stiffness: float = 500.0

    def __post_init__(self) -> None:
        for name in ("time_constant_s", "hold_s", "arm_stiffness", "gripper_stiffness"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                raise ConfigError(f"loopback: {name} {value} is not above 0")
        if not 0.0 <= self.feed_forward <= 1.0:
            raise ConfigError(f"loopback: feed_forward {self.feed_forward} is outside [0, 1]")


class LoopbackBackend:
    """A ``DriverBackend`` of ``robot`` at home; its time is ``options.now_ns``, and it moves when it is looked at."""

    def __init__(self, robot: RobotSpec, options: BackendOptions, settings: LoopbackSettings | None = None) -> None:
        s = settings or LoopbackSettings(options.time_constant_s)
        self._layout, self._now_ns = robot.joints, options.now_ns
        self._grippers = np.zeros(robot.joints.size, dtype=bool)
        self._speed = np.concatenate([[*arm.velocity, arm.gripper.velocity] for arm in robot.arms])
        self._lower, self._upper = robot.lower.copy(), robot.upper.copy()
        force = np.full(robot.joints.size, s.arm_torque)
        for arm in robot.arms:
            i = robot.joints.group(f"{arm.side}_gripper").start
            self._grippers[i], force[i] = True, arm.gripper.force
        self._force = force
        self._stiffness = np.where(self._grippers, s.gripper_stiffness, s.arm_stiffness)
        self._time_constant = np.full(robot.joints.size, s.time_constant_s)
        self._feed_forward, self._hold_s = s.feed_forward, s.hold_s
        self._width = 0.0
        self._fault, self._faulty = Fault(), np.zeros(robot.joints.size, dtype=bool)
        self._position, self._velocity = robot.home.copy(), np.zeros(robot.joints.size)
        self._setpoint = Setpoint(self._position.copy(), self._velocity.copy())
        self._at_ns = self._set_ns = self._now_ns()
        self._sample = self._measured()

    # -- JointBackend -------------------------------------------------------------------------------------------------
    def read(self) -> JointSample:
        """The joints of this instant. Raises HardwareError during the fault ``read_error``."""
        if self._fault.kind is FaultKind.READ_ERROR:
            raise HardwareError(f"loopback: reading {self._who()} failed, as was asked for")
        self._advance(self._now_ns())
        if self._fault.kind is not FaultKind.STALE:
            self._sample = self._measured()
        return self._sample

    def write(self, setpoint: Setpoint) -> None:
        """Follow ``setpoint`` from this instant on. Raises HardwareError for one that is not finite, and during the
        fault ``write_error``."""
        if self._fault.kind is FaultKind.WRITE_ERROR:
            raise HardwareError(f"loopback: writing to {self._who()} failed, as was asked for")
        if not (np.isfinite(setpoint.position).all() and np.isfinite(setpoint.velocity).all()):
            raise HardwareError("loopback: a setpoint is not finite")
        self._advance(self._now_ns())
        self._setpoint, self._set_ns = setpoint, self._at_ns

    def close(self) -> None:
        """The joints hold where they are."""
        self._advance(self._now_ns())
        self._setpoint = Setpoint(self._position.copy(), np.zeros_like(self._position))

    # -- on request ---------------------------------------------------------------------------------------------------
    @property
    def fault(self) -> Fault:
        return self._fault

    def set_fault(self, fault: Fault) -> None:
        """Show ``fault`` from now on, and no other. Raises UnknownNameError for a joint that the robot lacks."""
        faulty = np.full(self._layout.size, fault.joint == "")
        if fault.joint:
            faulty[self._layout.index(fault.joint)] = True
        self._advance(self._now_ns())
        self._fault, self._faulty = fault, faulty

    def put_between_fingers(self, width: float) -> None:
        """A rigid thing of ``width`` [m] between the fingers of every gripper, from now on; 0: nothing.

        Raises BimanualError for a width that no gripper takes.
        """
        widest = float(self._upper[self._grippers].min())
        if not 0.0 <= width <= widest:
            raise BimanualError(f"a thing of {width} m does not fit between the fingers; at most {widest:.4f} m")
        self._advance(self._now_ns())
        self._width = width

    # -- dynamics -----------------------------------------------------------------------------------------------------
    def _advance(self, now_ns: int) -> None:
        """Move to ``now_ns``, first while the setpoint carries on, then while it stands."""
        if now_ns <= self._at_ns:
            return
        carried_ns = self._set_ns + round(self._hold_s * 1e9)
        if self._at_ns < carried_ns:
            self._move(min(now_ns, carried_ns), self._setpoint.velocity)
        if self._at_ns < now_ns:
            self._move(now_ns, np.zeros_like(self._velocity))

    def _move(self, until_ns: int, rate: Array) -> None:
        begin, elapsed = self._reference(self._at_ns), (until_ns - self._at_ns) * 1e-9
        self._at_ns = until_ns
        time_constant, feed_forward = self._time_constant, np.full_like(rate, self._feed_forward)
        if self._fault.kind is FaultKind.LAG:
            time_constant = np.where(self._faulty, self._fault.size * time_constant, time_constant)
            feed_forward[self._faulty] = 0.0
        # off' = (feed_forward - 1) * rate - off / time_constant, solved for a steady rate.
        steady = (feed_forward - 1.0) * rate * time_constant
        fading = np.exp(-elapsed / time_constant)
        off = steady + (self._position - begin - steady) * fading
        wanted = self._reference(until_ns) + off
        velocity = feed_forward * rate - off / time_constant
        reach = self._speed * elapsed
        wanted = np.clip(wanted, self._position - reach, self._position + reach)
        self._settle(np.clip(wanted, self._floor(), self._upper), np.clip(velocity, -self._speed, self._speed))

    def _settle(self, wanted: Array, velocity: Array) -> None:
        """Take on ``wanted`` but for what is frozen or at a stop; those stand."""
        standing = (wanted == self._position) | (wanted <= self._floor()) | (wanted >= self._upper)
        if self._fault.kind is FaultKind.FROZEN:
            wanted = np.where(self._faulty, self._position, wanted)
            standing |= self._faulty
        self._position, self._velocity = wanted, np.where(standing, 0.0, velocity)

    def _reference(self, at_ns: int) -> Array:
        carried = min((at_ns - self._set_ns) * 1e-9, self._hold_s)
        return self._setpoint.position + self._setpoint.velocity * carried

    def _floor(self) -> Array:
        """The lowest positions: limits, and what a gripper that is open wide enough holds."""
        holds = self._grippers & (self._position >= self._width)
        return np.where(holds, self._width, self._lower)

    def _measured(self) -> JointSample:
        position, velocity = self._position.copy(), self._velocity.copy()
        effort = np.clip(self._stiffness * (self._reference(self._at_ns) - position), -self._force, self._force)
        if self._fault.kind is FaultKind.JUMP:
            position[self._faulty] += self._fault.size
        elif self._fault.kind is FaultKind.NAN:
            position[self._faulty] = np.nan
        return JointSample(self._at_ns, position, velocity, effort)

    def _who(self) -> str:
        return self._fault.joint or "all joints"
