"""The safety supervisor's rules: what must stop the robot, and how it may go on. Pure: time and joints come in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_control.limits import velocity_limits
from bimanual_control.stop import StopLatch
from bimanual_core.observation import JointSample
from bimanual_core.robot import RobotSpec

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SafetySettings:
    """Measured joints may pass a position limit by ``position_margin`` [rad; m] and a speed limit by
    ``velocity_factor`` times."""

    position_margin: float = 0.05
    velocity_factor: float = 2.0


class SafetySupervisor:
    """Watches measured joints, and is told of what the graph misses; its ``latch`` says whether the robot must stand
    still and why."""

    def __init__(self, robot: RobotSpec, settings: SafetySettings | None = None) -> None:
        s = settings or SafetySettings()
        self.latch = StopLatch()
        self._names = robot.joints.names
        self._lower, self._upper = robot.lower - s.position_margin, robot.upper + s.position_margin
        self._velocity = velocity_limits(robot) * s.velocity_factor
        # An opening is squeezed shut or held open by contact, so only its speed and finiteness are judged.
        grippers = [robot.joints.group(f"{side}_gripper").start for side in robot.sides]
        self._lower[grippers], self._upper[grippers] = -np.inf, np.inf
        self._velocity[grippers] = np.inf
        self._fault = ""
        self._missing = ""

    @property
    def fault(self) -> str:
        """What is wrong with the newest joints or with the graph, empty if nothing is."""
        return self._fault or self._missing

    def watch(self, sample: JointSample) -> bool:
        """Judge measured joints; returns whether they newly stopped the robot."""
        self._fault = self._find_fault(sample.position, sample.velocity)
        return bool(self._fault) and self.latch.engage(self._fault)

    def miss(self, what: str) -> bool:
        """Take note of what the graph misses now (empty: nothing); returns whether that newly stopped the robot."""
        self._missing = what
        return bool(what) and self.latch.engage(what)

    def stop(self, reason: str) -> bool:
        """Stop on request; returns whether it was running."""
        return self.latch.engage(reason)

    def reset(self) -> str:
        """Allow motion again; returns why not, or an empty text."""
        if self.fault:
            return f"cannot reset: {self.fault}"
        self.latch.release()
        return ""

    def _find_fault(self, position: Array, velocity: Array) -> str:
        finite = np.isfinite(position) & np.isfinite(velocity)
        if not finite.all():
            return f"{self._names[int(np.argmin(finite))]}: measured value is not finite"
        outside = (position < self._lower) | (position > self._upper)
        if outside.any():
            j = int(np.argmax(outside))
            return f"{self._names[j]}: at {position[j]:.4f}, limits [{self._lower[j]:.4f}, {self._upper[j]:.4f}]"
        fast = np.abs(velocity) > self._velocity
        if fast.any():
            j = int(np.argmax(fast))
            return f"{self._names[j]}: speed {velocity[j]:.3f}, limit {self._velocity[j]:.3f}"
        return ""
