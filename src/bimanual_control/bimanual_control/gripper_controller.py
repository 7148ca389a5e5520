"""The controller of one parallel gripper: the setpoint is the total opening [m].

The command never leads the measured opening by more than the squeeze that gives the wanted force, so neither finger's
drive saturates: two saturated fingers would let what they hold drift sideways.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bimanual_control import checks
from bimanual_control.attach import attach
from bimanual_control.follower import PathFollower
from bimanual_control.goal import GoalHandle, GoalRejectedError, GoalStatus, preempted
from bimanual_core.errors import ErrorCode
from bimanual_core.motion import GripperGoal, JointTrajectory, PartReport
from bimanual_core.robot import GripperSpec

_LONGEST_STEP_S = 0.02  # after a longer gap the command still moves no further than this long
_SATURATION_SHARE = 0.8  # of the force a finger can give
_MARGIN = 1e-4


@dataclass(frozen=True)
class GripperSettings:
    """``stiffness`` [N/m] of the position loop behind each finger, default ``hold_force`` [N] of each finger, when an
    opening counts as reached [m] and when as stalled (slower than ``stall_velocity`` [m/s] for ``stall_time_s``, or, if
    the measured speed trembles, within ``still_within`` [m] for ``still_time_s``, while the command is ``stall_error``
    [m] away), and the time allowed beyond the ramp."""

    stiffness: float = 1000.0
    hold_force: float = 8.0
    tolerance: float = 0.001
    stall_velocity: float = 0.004
    stall_error: float = 0.002
    stall_time_s: float = 0.15
    still_within: float = 0.0005
    still_time_s: float = 0.5
    timeout_s: float = 2.0


@dataclass
class _Active:
    handle: GoalHandle
    opening: float
    start_ns: int
    deadline_ns: int
    still_since_ns: int | None = None
    rests_at: float = -1.0  # [m]; below zero: nowhere yet
    rests_since_ns: int = 0


class GripperController:
    """Runs gripper goals and streamed openings of one gripper; holds still otherwise. A goal preempts what runs."""

    def __init__(self, side: str, gripper: GripperSpec, settings: GripperSettings | None = None) -> None:
        self.name = f"{side}_gripper"
        self.joint = gripper.joint
        self.settings = settings or GripperSettings()
        self._spec = gripper
        self._command = gripper.max_opening
        self._command_velocity = 0.0
        self._measured = gripper.max_opening
        self._measured_velocity = 0.0
        self._squeeze = self._squeeze_for(None)
        self._now_ns = 0
        self._goal: _Active | None = None
        self._stream: PathFollower | None = None

    @property
    def goal(self) -> GoalHandle | None:
        """The goal that runs or waits for its start."""
        return self._goal.handle if self._goal else None

    @property
    def idle(self) -> bool:
        """Whether the command stands still: no goal, no stream."""
        return self._goal is None and self._stream is None

    @property
    def command(self) -> float:
        """The opening commanded now [m]."""
        return self._command

    @property
    def measured(self) -> float:
        """The opening measured at the newest step [m]."""
        return self._measured

    @property
    def force(self) -> float:
        """What each finger presses with by the position loop [N], closing positive."""
        return (self._measured - self._command) / 2 * self.settings.stiffness

    def clamped(self, opening: float) -> float:
        """The nearest opening [m] that the gripper has."""
        return min(max(opening, 0.0), self._spec.max_opening)

    def reset(self, now_ns: int, opening: float) -> None:
        """Hold ``opening`` [m], clamped to the limits; a running goal ends cancelled."""
        self._finish(GoalStatus.CANCELED, ErrorCode.CANCELLED, "the controller was reset")
        self._stream = None
        self._now_ns = now_ns
        self._command = self.clamped(float(opening))
        self._command_velocity = 0.0
        self._measured, self._measured_velocity = float(opening), 0.0

    # -- requests -------------------------------------------------------------------------------------------------
    def check(self, goal: GripperGoal) -> None:
        """Raises GoalRejectedError for an opening or a force that is not finite or outside the gripper's limits."""
        high = self._spec.max_opening
        if not -_MARGIN <= goal.opening <= high + _MARGIN:
            raise GoalRejectedError(f"{self.joint}: opening {goal.opening:.4f} m is outside [0, {high:.4f}]")
        if goal.max_force is not None and not 0.0 < goal.max_force <= self._spec.force:
            raise GoalRejectedError(
                f"{self.joint}: max_force {goal.max_force:.2f} N is outside (0, {self._spec.force:.2f}]"
            )

    def send(self, goal: GripperGoal, start_ns: int, now_ns: int) -> GoalHandle:
        """Start a goal at ``start_ns`` (0 = now). The goal that ran ends preempted.

        Raises GoalRejectedError, and changes nothing, where :meth:`check` does.
        """
        self.check(goal)
        checks.check_lead(start_ns, now_ns)
        start_ns = max(start_ns, now_ns)
        opening = self.clamped(goal.opening)
        seconds = abs(opening - self._command) / self._spec.velocity + self.settings.timeout_s
        handle = GoalHandle(self.name, start_ns, self._cancel)
        old, self._stream = self._goal, None
        self._goal = _Active(handle, opening, start_ns, start_ns + round(seconds * 1e9))
        self._squeeze = self._squeeze_for(goal.max_force)
        if old is not None:
            old.handle.finish(GoalStatus.ABORTED, preempted())
        return handle

    def stream(self, trajectory: JointTrajectory, now_ns: int, start_ns: int = 0) -> None:
        """Follow openings without a goal, at most at the gripper's speed; hold when they run out.

        Raises GoalRejectedError, and changes nothing, during a goal or for a bad trajectory.
        """
        if self._goal is not None:
            raise GoalRejectedError(f"{self.name}: streamed points are refused while a goal runs")
        trajectory = checks.reorder(trajectory, (self.joint,))
        checks.check_positions(trajectory, np.zeros(1), np.array([self._spec.max_opening]))
        origin_ns = start_ns or now_ns
        checks.check_stamp(trajectory, origin_ns, now_ns)
        command = np.array([[self._command], [self._command_velocity]])
        unlimited = np.array([np.inf])
        self._stream = attach(trajectory, origin_ns, now_ns, command, unlimited, float("inf"))
        self._squeeze = self._squeeze_for(None)

    def stop(self, now_ns: int, code: ErrorCode, message: str) -> None:
        """End the goal with ``code`` and hold: what is grasped stays grasped."""
        self._stream = None
        self._command_velocity = 0.0
        self._finish(GoalStatus.ABORTED, code, message)

    # -- the period -----------------------------------------------------------------------------------------------
    def step(self, now_ns: int, opening: float, velocity: float) -> tuple[float, float]:
        """Commanded opening [m] and its rate [m/s] for ``now_ns`` from the newest measured opening and rate."""
        elapsed = min(max((now_ns - self._now_ns) * 1e-9, 0.0), _LONGEST_STEP_S)
        self._now_ns = now_ns
        self._measured, self._measured_velocity = opening, velocity
        if self._goal is not None:
            self._run(self._goal, now_ns, elapsed)
        elif self._stream is not None:
            self._follow(self._stream, now_ns, elapsed)
        return self._command, self._command_velocity

    def _run(self, goal: _Active, now_ns: int, elapsed: float) -> None:
        if now_ns < goal.start_ns:
            return
        self._move_to(goal.opening, elapsed)
        arrived = self._command == goal.opening
        error = abs(self._measured - goal.opening)
        if arrived and error <= self.settings.tolerance:
            self._command_velocity = 0.0
            self._finish(GoalStatus.SUCCEEDED, ErrorCode.NONE, "", error)
        elif self._stalled(goal, now_ns, arrived):
            self._command_velocity = 0.0
            self._finish(GoalStatus.SUCCEEDED, ErrorCode.NONE, "", error, stalled=True)
        elif now_ns > goal.deadline_ns:
            self._command_velocity = 0.0
            message = f"{self.joint}: at {self._measured:.4f} m, goal {goal.opening:.4f} m, neither reached nor stalled"
            self._finish(GoalStatus.ABORTED, ErrorCode.TIMEOUT, message, error)

    def _stalled(self, goal: _Active, now_ns: int, arrived: bool) -> bool:
        pressing = arrived or abs(self._command - self._measured) > self.settings.stall_error
        if not pressing:
            goal.still_since_ns, goal.rests_at = None, -1.0
            return False
        if self._rests_long(goal, now_ns):
            return True
        if not abs(self._measured_velocity) < self.settings.stall_velocity:
            goal.still_since_ns = None
            return False
        if goal.still_since_ns is None:
            goal.still_since_ns = now_ns
        return (now_ns - goal.still_since_ns) * 1e-9 >= self.settings.stall_time_s

    def _rests_long(self, goal: _Active, now_ns: int) -> bool:
        """Whether the fingers have stayed where they are, whatever the speed that is measured."""
        if abs(self._measured - goal.rests_at) > self.settings.still_within:
            goal.rests_at, goal.rests_since_ns = self._measured, now_ns
        return (now_ns - goal.rests_since_ns) * 1e-9 >= self.settings.still_time_s

    def _follow(self, stream: PathFollower, now_ns: int, elapsed: float) -> None:
        self._move_to(self.clamped(float(stream.at(now_ns)[0, 0])), elapsed)
        overtime_ns = now_ns - stream.origin_ns - round(stream.path.end * 1e9)
        closing_s = self._spec.max_opening / self._spec.velocity + self.settings.stall_time_s
        if overtime_ns >= 0 and (self._command == float(stream.path.last[0]) or overtime_ns * 1e-9 > closing_s):
            self._stream = None
            self._command_velocity = 0.0

    def _move_to(self, target: float, elapsed: float) -> None:
        """One step of the command towards ``target``: rate-limited, then bounded by the squeeze."""
        if not math.isfinite(self._measured):
            self._command_velocity = 0.0
            return
        before, reach = self._command, self._spec.velocity * elapsed
        step = min(max(target - before, -reach), reach)
        wanted = target if abs(target - before) <= reach else before + step
        bounded = min(max(wanted, self._measured - self._squeeze), self._measured + self._squeeze)
        self._command = min(max(bounded, before - reach, 0.0), before + reach, self._spec.max_opening)
        moving = self._command == wanted and elapsed > 0.0
        self._command_velocity = step / elapsed if moving else 0.0

    # -- helpers --------------------------------------------------------------------------------------------------
    def _squeeze_for(self, max_force: float | None) -> float:
        """How far [m, of the total opening] the command may lead the measured opening."""
        force = self.settings.hold_force if max_force is None else max_force
        return 2.0 * min(force, _SATURATION_SHARE * self._spec.force) / self.settings.stiffness

    def _cancel(self, handle: GoalHandle, reason: str) -> None:
        if self._goal is not None and self._goal.handle is handle:
            self._command_velocity = 0.0
            self._finish(GoalStatus.CANCELED, ErrorCode.CANCELLED, reason)

    def _finish(
        self, status: GoalStatus, code: ErrorCode, message: str, error: float = 0.0, stalled: bool = False
    ) -> None:
        if self._goal is not None:
            goal, self._goal = self._goal, None
            goal.handle.finish(status, PartReport(code, message, error, stalled, self._measured))
