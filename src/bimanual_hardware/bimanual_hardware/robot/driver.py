"""The robot driver's rules, without ROS: when the controllers run over a backend, and what takes them off it.

A driver is closed, open (it reads, and the joints hold) or running (the controllers command). What fails while it runs
- reading, writing, samples that stop coming - ends every motion with the reason and leaves it open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bimanual_control.bank import ControllerBank
from bimanual_control.limits import velocity_limits
from bimanual_core.errors import BimanualError, ConfigError, ErrorCode
from bimanual_core.observation import JointSample
from bimanual_core.rates import JOINT_STATE_HZ, PHYSICS_HZ
from bimanual_hardware.robot.device import DriverBackend, HardwareError

#: Rates of the control loop [Hz]: divisors of the time base, and no slower than the joint states.
CONTROL_RATES = tuple(hz for hz in range(JOINT_STATE_HZ, PHYSICS_HZ + 1) if PHYSICS_HZ % hz == 0)
#: Between two samples a joint may go this much [rad; m], and so many times as far as its top speed takes it.
JUMP_MARGIN, JUMP_FACTOR = 0.05, 3.0


@dataclass(frozen=True)
class DriverSettings:
    """``control_hz`` of the loop; samples older than ``feedback_timeout_s`` are a fault. Raises ConfigError."""

    control_hz: int = 100
    feedback_timeout_s: float = 0.1

    def __post_init__(self) -> None:
        if self.control_hz not in CONTROL_RATES:
            choices = ", ".join(map(str, CONTROL_RATES))
            raise ConfigError(f"control_hz {self.control_hz} is not a choice; choices: {choices}")

    @property
    def period_s(self) -> float:
        return 1.0 / self.control_hz


class RobotDriver:
    """Runs ``bank`` over a backend. Call :meth:`cycle` once a period while it is open."""

    def __init__(self, bank: ControllerBank, settings: DriverSettings) -> None:
        self.bank = bank
        self.settings = settings
        self.fault = ""  # what took the controllers off the joints, until they run again
        self.trouble = ""  # what was wrong with the newest cycle
        self.running = False
        self._speeds = velocity_limits(bank.robot)
        self._backend: DriverBackend | None = None
        self._sample: JointSample | None = None

    # -- states -------------------------------------------------------------------------------------------------------
    @property
    def backend(self) -> DriverBackend | None:
        """The open backend."""
        return self._backend

    def open(self, backend: DriverBackend) -> None:
        """Read from ``backend`` from now on."""
        self._backend, self._sample, self.fault, self.trouble = backend, None, "", ""

    def start(self, now_ns: int) -> None:
        """Let the controllers hold the joints where they are measured. Raises HardwareError if that is not known."""
        sample = self._read(now_ns)
        if not np.isfinite(sample.position).all():
            j = int(np.argmin(np.isfinite(sample.position)))
            raise HardwareError(f"{self.bank.robot.joints.names[j]}: measured value is not finite")
        self.bank.reset(sample)
        self.running, self.fault = True, ""

    def stop(self, code: ErrorCode, reason: str) -> None:
        """End every motion with ``reason``; the controllers brake as long as :meth:`cycle` is called."""
        for side in self.bank.robot.sides:
            self.bank.arms[side].stop(self.bank.now_ns, code, reason)
            self.bank.grippers[side].stop(self.bank.now_ns, code, reason)

    def leave(self) -> None:
        """Take the controllers off the joints, which hold."""
        self.running = False

    def close(self) -> None:
        """Leave the backend."""
        self.running = False
        backend, self._backend, self.trouble = self._backend, None, ""
        if backend is not None:
            backend.close()

    def check(self) -> None:
        """Raises BimanualError (HARDWARE_NOT_READY), in words, unless goals are taken."""
        if self.running:
            return
        why = f" after a fault ({self.fault})" if self.fault else ""
        state = "inactive" if self._backend is not None else "unconfigured"
        raise BimanualError(f"the robot driver is {state}{why}; activate it first", ErrorCode.HARDWARE_NOT_READY)

    # -- the period ---------------------------------------------------------------------------------------------------
    def cycle(self, now_ns: int) -> JointSample | None:
        """One period: read, step the controllers if they run, write. Returns a sample that was not returned before.

        A failure is kept in ``trouble``; while the controllers run it ends their motion and takes them off the joints.
        """
        if self._backend is None:
            self.bank.now_ns = now_ns
            return None
        before = self._sample
        try:
            sample = self._read(now_ns)
            if self.running:
                self._backend.write(self.bank.step(now_ns, sample))
            elif np.isfinite(sample.position).all():
                self.bank.reset(sample)  # what is commanded is what is there
        except BimanualError as error:
            self._fail(str(error))
            return None
        finally:
            self.bank.now_ns = now_ns  # leases run also while the controllers do not
        self.trouble = ""
        return None if before is not None and sample.stamp_ns <= before.stamp_ns else sample

    def _read(self, now_ns: int) -> JointSample:
        if self._backend is None:
            raise HardwareError("no backend is open")
        before, sample = self._sample, self._backend.read()
        self._sample = sample
        age_s = (now_ns - sample.stamp_ns) * 1e-9
        if age_s > self.settings.feedback_timeout_s:
            raise HardwareError(
                f"no feedback: the newest sample is {age_s:.3f} s old, limit {self.settings.feedback_timeout_s:.3f} s"
            )
        if self.running and before is not None:
            self._require_steady(before, sample)
        return sample

    def _require_steady(self, before: JointSample, sample: JointSample) -> None:
        """Raises HardwareError for a joint that cannot have come from where it was; to follow it would move the arm."""
        seconds = max(sample.stamp_ns - before.stamp_ns, 0) * 1e-9
        farthest = JUMP_MARGIN + JUMP_FACTOR * seconds * self._speeds
        way = np.abs(sample.position - before.position)
        if bool((way > farthest).any()):
            j = int(np.argmax(way - farthest))
            name, limit = self.bank.robot.joints.names[j], f"limit {farthest[j]:.4f}"
            raise HardwareError(f"{name}: the measured position jumped by {way[j]:.4f} within {seconds:.3f} s, {limit}")

    def _fail(self, reason: str) -> None:
        self.trouble = reason
        if self.running:
            self.fault = reason
            self.running = False
            self.stop(ErrorCode.HARDWARE_FAULT, f"the robot driver failed: {reason}")
