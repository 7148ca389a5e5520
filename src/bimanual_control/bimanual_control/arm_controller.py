"""The trajectory controller of one arm, after joint_trajectory_controller."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_control import checks
from bimanual_control.attach import attach
from bimanual_control.follower import Follower, PathFollower
from bimanual_control.goal import GoalHandle, GoalRejectedError, GoalStatus, preempted
from bimanual_control.sampler import HermitePath, path_between
from bimanual_control.stream import StreamFollower
from bimanual_control.tolerances import ArmTolerances
from bimanual_core.errors import ErrorCode
from bimanual_core.motion import JointTrajectory, PartReport
from bimanual_core.robot import ArmSpec

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
#: No motion is brought to rest faster than this [s].
QUICKEST_REST_S = 0.03
#: Where a joint strays beyond its tolerance, the others count as blocked too from this share of theirs on.
BLOCKED_SHARE = 0.25
#: Points of the way of a joint back to where it is.
RETREAT_POINTS = 41


@dataclass(frozen=True, eq=False)
class ControllerState:
    """What a controller commands and what is measured, each (n,), at ``stamp_ns``; error = reference - measured."""

    stamp_ns: int
    reference: Array
    reference_velocity: Array
    measured: Array
    measured_velocity: Array
    error: Array


@dataclass(frozen=True)
class _Active:
    handle: GoalHandle
    tolerances: ArmTolerances
    goal: Array
    end_ns: int


class ArmTrajectoryController:
    """Follows goals and streamed trajectories of one arm; holds still otherwise. A goal preempts what runs."""

    def __init__(self, arm: ArmSpec, tolerances: ArmTolerances | None = None, start_tolerance: float = 0.05) -> None:
        self.name = f"{arm.side}_arm"
        self.joints = arm.joints
        self.tolerances = tolerances or ArmTolerances.uniform(arm.dof)
        self._lower, self._upper = np.array(arm.lower), np.array(arm.upper)
        self._velocity, self._acceleration = np.array(arm.velocity), np.array(arm.acceleration)
        self.stop_acceleration = np.array(arm.stop_acceleration)
        self.streams_run_out = 0  # streams whose points ended in the middle of a motion, since the start
        self._arm = arm
        self._start_tolerance = start_tolerance
        self._command = np.zeros((2, arm.dof))
        self._measured = np.zeros((2, arm.dof))
        self._error = np.zeros(arm.dof)
        self._now_ns = 0
        self._follower: Follower | None = None
        self._goal: _Active | None = None

    # -- what it does now ---------------------------------------------------------------------------------------
    @property
    def goal(self) -> GoalHandle | None:
        """The goal that runs or waits for its start."""
        return self._goal.handle if self._goal else None

    @property
    def idle(self) -> bool:
        """Whether the arm holds still: no goal, no stream, no braking."""
        return self._follower is None

    @property
    def streaming(self) -> bool:
        """Whether streamed points move the arm, or the braking after them."""
        return isinstance(self._follower, StreamFollower)

    @property
    def state(self) -> ControllerState:
        """Commanded and measured joints of the newest step."""
        c, m = self._command, self._measured
        return ControllerState(self._now_ns, c[0].copy(), c[1].copy(), m[0].copy(), m[1].copy(), self._error.copy())

    @property
    def commanded(self) -> Array:
        """Position (n,) of the newest command. Treat it as read-only."""
        return self._command[0]

    def stopping(self, at_ns: int, follower: Follower | None = None) -> tuple[Array, Array]:
        """Positions (n,) where a stop from ``at_ns`` on would begin and end, of the arm as it moves now or as it would
        move with ``follower``."""
        follower = follower or self._follower
        if follower is None:
            return self._command[0], self._command[0]
        return follower.stopping(at_ns, self.stop_acceleration)

    def reset(self, now_ns: int, position: Array) -> None:
        """Hold ``position`` (n,), clamped to the limits; a running goal ends cancelled."""
        self._end(GoalStatus.CANCELED, ErrorCode.CANCELLED, "the controller was reset")
        self._follower = None
        self._now_ns = now_ns
        self._command = np.stack([np.clip(position, self._lower, self._upper), np.zeros(len(self.joints))])
        self._measured = np.stack([np.asarray(position, dtype=float), np.zeros(len(self.joints))])
        self._error = self._command[0] - self._measured[0]

    # -- requests -------------------------------------------------------------------------------------------------
    def check(self, trajectory: JointTrajectory, start_ns: int, now_ns: int) -> PathFollower:
        """The follower that :meth:`send` would start. Raises GoalRejectedError saying what is wrong."""
        trajectory = checks.reorder(trajectory, self.joints)
        checks.check_motion(trajectory, self._lower, self._upper, self._velocity, self._acceleration)
        checks.check_rest_at_end(trajectory)
        return self._attach(trajectory, start_ns, now_ns, self._acceleration)

    def send(
        self, trajectory: JointTrajectory, start_ns: int, now_ns: int, tolerances: ArmTolerances | None = None
    ) -> GoalHandle:
        """Start a goal at ``start_ns`` (0 = now). The goal that ran ends preempted.

        Raises GoalRejectedError, and changes nothing, for wrong joints, limits, a stale stamp or a start too far away.
        """
        return self.start(self.check(trajectory, start_ns, now_ns), tolerances)

    def start(self, follower: PathFollower, tolerances: ArmTolerances | None = None) -> GoalHandle:
        """Start what :meth:`check` returned at this same instant."""
        handle = GoalHandle(self.name, follower.origin_ns, self._cancel)
        end_ns = follower.origin_ns + round(follower.path.end * 1e9)
        old, self._follower = self._goal, follower
        self._goal = _Active(handle, tolerances or self.tolerances, follower.path.last, end_ns)
        if old is not None:
            old.handle.finish(GoalStatus.ABORTED, preempted())
        return handle

    def check_stream(self, trajectory: JointTrajectory, start_ns: int, now_ns: int) -> StreamFollower:
        """The follower that :meth:`stream` would start. Raises GoalRejectedError saying what is wrong."""
        if self._goal is not None:
            raise GoalRejectedError(f"{self.name}: streamed points are refused while a goal runs")
        trajectory = checks.reorder(trajectory, self.joints)
        checks.check_motion(trajectory, self._lower, self._upper, self._velocity)
        path = self._attach(self._brought_to_rest(trajectory), start_ns, now_ns)
        return StreamFollower(self._arm, self._now_ns, self._command, path, not trajectory.velocities[-1].any())

    def stream(self, trajectory: JointTrajectory, now_ns: int, start_ns: int = 0) -> None:
        """Follow points without a goal, within the acceleration limits whatever the points ask for; the arm slows down
        and holds when they run out.

        Raises GoalRejectedError, and changes nothing, during a goal or for a bad trajectory.
        """
        self.start_stream(self.check_stream(trajectory, start_ns, now_ns))

    def start_stream(self, follower: StreamFollower) -> None:
        """Follow what :meth:`check_stream` returned at this same instant."""
        self._follower = follower

    def stop(self, now_ns: int, code: ErrorCode, message: str) -> None:
        """End the goal with ``code`` and slow down to rest as fast as a stop may, beginning with the next step."""
        self._end(GoalStatus.ABORTED, code, message)
        if self._follower is not None:
            self._follower.brake(now_ns, self.stop_acceleration)

    # -- the period -----------------------------------------------------------------------------------------------
    def step(self, now_ns: int, position: Array, velocity: Array) -> Array:
        """Command (2, n) [position; velocity] for ``now_ns`` from the newest measured joints (n,).

        The measured joints are compared to the command of the step before.
        """
        self._now_ns = now_ns
        self._measured[0] = position
        self._measured[1] = velocity
        if self._follower is None:
            return self._command
        np.subtract(self._command[0], position, out=self._error)
        if self._goal is not None:
            self._watch(self._goal, now_ns, position, velocity)
        follower = self._follower
        self._command = follower.at(now_ns)
        if self._goal is None and follower.ended(now_ns):
            self._command = np.stack([self._command[0], np.zeros(len(self.joints))])
            self._follower = None
            self.streams_run_out += isinstance(follower, StreamFollower) and follower.ran_out
        return self._command

    def _watch(self, goal: _Active, now_ns: int, position: Array, velocity: Array) -> None:
        strayed = np.abs(self._error)
        if not bool((strayed <= goal.tolerances.path).all()):
            self._abort_on_path(goal, now_ns, position, strayed)
        elif now_ns > goal.end_ns:
            self._watch_end(goal, now_ns, position, velocity)

    def _abort_on_path(self, goal: _Active, now_ns: int, position: Array, strayed: Array) -> None:
        """The arm stops along its path, but what blocks a joint is not pushed: its command returns to where it is."""
        j = int(np.argmax(np.where(np.isfinite(strayed), strayed / goal.tolerances.path, np.inf)))
        message = (
            f"{self.joints[j]}: {strayed[j]:.4f} rad off the path, tolerance {goal.tolerances.path[j]:.4f} "
            f"({(now_ns - goal.handle.start_ns) * 1e-9:.2f} s after the start)"
        )
        self._end(GoalStatus.ABORTED, ErrorCode.CONTROL_PATH_TOLERANCE, message, float(strayed[j]))
        blocked = (strayed > BLOCKED_SHARE * goal.tolerances.path) & np.isfinite(position)
        halt = self.stopping(now_ns)[1]
        place = np.clip(np.where(blocked, position, halt), self._lower, self._upper)
        self._follower = PathFollower(self._retreat(place, blocked), now_ns)

    def _retreat(self, place: Array, blocked: Mask) -> HermitePath:
        """From the present command to rest at ``place`` (n,) within what a stop may take; the joints that are not
        ``blocked`` (n,) wait for no other: they rest as soon as they can."""
        free, back = (self._to_rest(place, moving) for moving in (~blocked, blocked))
        times = np.linspace(0.0, max(free.end, back.end), RETREAT_POINTS)
        points = [np.where(blocked, back.sample(t), free.sample(t)) for t in times]
        positions, velocities = np.stack(points, axis=1)
        return HermitePath(times, positions, velocities)

    def _to_rest(self, place: Array, moving: Mask) -> HermitePath:
        """From the present command to rest at ``place``, as fast as the joints ``moving`` (n,) may."""
        duration = QUICKEST_REST_S
        while True:
            path = path_between(duration, self._command[0], place, self._command[1])
            found = path.extremes()
            within = (found.acceleration <= self.stop_acceleration) & (found.speed <= self._velocity)
            if within[:, moving].all():
                return path
            duration *= 1.3

    def _watch_end(self, goal: _Active, now_ns: int, position: Array, velocity: Array) -> None:
        missed = np.abs(goal.goal - position)
        worst = float(missed.max())
        if bool((missed <= goal.tolerances.goal).all()) and np.abs(velocity).max() <= goal.tolerances.goal_velocity:
            self._end(GoalStatus.SUCCEEDED, ErrorCode.NONE, "", worst)
            return
        if (now_ns - goal.end_ns) * 1e-9 <= goal.tolerances.goal_time_s:
            return
        j = int(np.argmax(missed / goal.tolerances.goal))
        message = (
            f"{self.joints[j]}: {missed[j]:.4f} rad from the goal (tolerance {goal.tolerances.goal[j]:.4f}) moving at "
            f"{np.abs(velocity).max():.4f} rad/s (tolerance {goal.tolerances.goal_velocity:.4f}), "
            f"{goal.tolerances.goal_time_s:.2f} s after the last point"
        )
        self._end(GoalStatus.ABORTED, ErrorCode.CONTROL_GOAL_TOLERANCE, message, worst)

    # -- helpers --------------------------------------------------------------------------------------------------
    def _attach(
        self, trajectory: JointTrajectory, start_ns: int, now_ns: int, acceleration: Array | None = None
    ) -> PathFollower:
        origin_ns = start_ns or now_ns
        checks.check_stamp(trajectory, origin_ns, now_ns)
        tolerance = self._start_tolerance
        return attach(trajectory, origin_ns, now_ns, self._command, self._velocity, tolerance, acceleration)

    def _brought_to_rest(self, trajectory: JointTrajectory) -> JointTrajectory:
        """The trajectory with a point of rest behind its last one if that moves."""
        velocity = trajectory.velocities[-1]
        duration = float(np.max(np.abs(velocity) / self._acceleration))
        if duration < 1e-6:
            return trajectory
        rest = np.clip(trajectory.positions[-1] + velocity * duration / 2, self._lower, self._upper)
        zero = np.zeros((1, len(self.joints)))
        accelerations = trajectory.accelerations
        return JointTrajectory(
            self.joints,
            np.append(trajectory.times, trajectory.duration + duration),
            np.vstack([trajectory.positions, rest]),
            np.vstack([trajectory.velocities, zero]),
            None if accelerations is None else np.vstack([accelerations, zero]),
        )

    def _cancel(self, handle: GoalHandle, reason: str) -> None:
        if self._goal is not None and self._goal.handle is handle:
            self._end(GoalStatus.CANCELED, ErrorCode.CANCELLED, reason)
            if self._follower is not None:
                self._follower.brake(self._now_ns, self.stop_acceleration)

    def _end(self, status: GoalStatus, code: ErrorCode, message: str, max_error: float = 0.0) -> None:
        if self._goal is not None:
            goal, self._goal = self._goal, None
            goal.handle.finish(status, PartReport(code, message, max_error))
