"""Asks the guard in time, and brakes when it says so: the part of the bank that keeps arms where they may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_control.arm_controller import ArmTrajectoryController
from bimanual_control.follower import Follower
from bimanual_control.goal import GoalRejectedError
from bimanual_control.gripper_controller import GripperController
from bimanual_control.guard import MotionGuard, Violation
from bimanual_core.errors import ErrorCode
from bimanual_core.observation import JointSample

Array = NDArray[np.float64]
#: How often the guard is asked while anything moves [s]: near what is forbidden, and where ROOMY_M are left [m].
PERIOD_S, ROOMY_PERIOD_S = 0.01, 0.05
ROOMY_M = 0.05
_PERIOD_NS, _ROOMY_PERIOD_NS = round(PERIOD_S * 1e9), round(ROOMY_PERIOD_S * 1e9)
_EARLY_NS = _PERIOD_NS // 6  # control periods do not divide it to the nanosecond


@dataclass(frozen=True)
class KeptPart:
    """The controllers of one side and where their joints lie in the flat vector."""

    side: str
    arm: ArmTrajectoryController
    gripper: GripperController
    arm_slice: slice
    gripper_index: int


class ClearanceKeeper:
    """Keeps ``parts`` within what ``guard`` permits: each judgement covers a stop that begins one period later, so
    that when it says no, stopping at once is what the judgement before it permitted."""

    def __init__(self, guard: MotionGuard, parts: Sequence[KeptPart]) -> None:
        self.guard = guard
        self.violations = 0
        self.last: Violation | None = None
        self._parts = tuple(parts)
        self._due_ns = 0
        self._still = True
        self._roomy = False

    def reset(self) -> None:
        """All stand still, possibly elsewhere."""
        self._still = True

    def admit(self, now_ns: int, sample: JointSample, followers: Mapping[str, Follower]) -> None:
        """Raises GoalRejectedError if arms that follow ``followers`` (by side) from ``now_ns`` on could not stop in
        time."""
        self._begin(sample)
        found = self.guard.judge(*self._stopping(now_ns + _PERIOD_NS, sample, followers))
        if found is not None:
            raise GoalRejectedError(found.message, found.code)
        self._due_ns = now_ns + _PERIOD_NS
        self._roomy = self.guard.spare > ROOMY_M

    def admit_goal(self, side: str, sample: JointSample, goal: Array) -> None:
        """Raises GoalRejectedError if an arm's ``goal`` (n,) is outside its workspace."""
        present = self._present(sample)
        wanted = present.copy()
        wanted[next(part.arm_slice for part in self._parts if part.side == side)] = goal
        found = self.guard.refuse_goal(present, wanted)
        if found is not None:
            raise GoalRejectedError(f"the goal is refused: {found.message}", found.code)

    def keep(self, last_ns: int, now_ns: int, sample: JointSample) -> None:
        """Call before the controllers step from ``last_ns`` to ``now_ns``: asks the guard if it is time to, and brakes
        from ``last_ns`` on if it says so."""
        if all(part.arm.idle and part.gripper.idle for part in self._parts):
            self._still = True
            return
        if not self._still and last_ns < self._due_ns - _EARLY_NS:
            return
        self._begin(sample)
        # A period may be longer than planned: then the next judgement comes as late as that.
        least_ns = now_ns - last_ns
        if self._roomy and self._judge(last_ns, max(_ROOMY_PERIOD_NS, least_ns), sample) is None:
            return
        horizon_ns = last_ns + max(_PERIOD_NS, least_ns)
        found = self._judge(last_ns, horizon_ns - last_ns, sample)
        if found is None:
            return
        self.violations += 1
        self.last = found
        self._brake(last_ns, found, found.sides)
        others = [part.side for part in self._parts if part.side not in found.sides]
        if others and self.guard.judge(*self._stopping(horizon_ns, sample, {})) is not None:
            self._brake(last_ns, found, others)

    def _judge(self, last_ns: int, period_ns: int, sample: JointSample) -> Violation | None:
        """Judge a stop that begins a period later; if that is permitted there is nothing to ask until then."""
        self._due_ns = last_ns + period_ns
        found = self.guard.judge(*self._stopping(self._due_ns, sample, {}))
        self._roomy = found is None and self.guard.spare > ROOMY_M
        return found

    def _brake(self, last_ns: int, found: Violation, sides: Sequence[str]) -> None:
        message = f"stopped in time: {found.message}"
        for part in self._parts:
            if part.side in sides:
                part.arm.stop(last_ns, found.code, message)
                if found.code == ErrorCode.CONTROL_ARM_DISTANCE:
                    part.gripper.stop(last_ns, found.code, message)

    def _begin(self, sample: JointSample) -> None:
        if self._still:
            self._still = False
            self.guard.begin(self._present(sample))

    def _present(self, sample: JointSample) -> Array:
        """Where the arms (D,) are commanded to be, and how far the grippers are open."""
        q = np.where(np.isfinite(sample.position), sample.position, 0.0)
        for part in self._parts:
            q[part.arm_slice] = part.arm.commanded
        return q

    def _stopping(self, at_ns: int, sample: JointSample, followers: Mapping[str, Follower]) -> tuple[Array, Array]:
        """Joints (D,) where a stop of everything from ``at_ns`` on would begin and end."""
        begin = self._present(sample)
        rest = begin.copy()
        for part in self._parts:
            where = part.arm_slice
            begin[where], rest[where] = part.arm.stopping(at_ns, followers.get(part.side))
            if not part.gripper.idle:
                i = part.gripper_index
                rest[i] = part.gripper.clamped(begin[i] + PERIOD_S * float(np.nan_to_num(sample.velocity[i])))
        return begin, rest
