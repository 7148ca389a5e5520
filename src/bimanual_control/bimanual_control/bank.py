"""All controllers of one robot behind one step: arms, grippers, gate, stop and leases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bimanual_control.arm_controller import ArmTrajectoryController
from bimanual_control.checks import check_lead
from bimanual_control.follower import Follower, PathFollower
from bimanual_control.goal import GoalHandle, GoalRejectedError
from bimanual_control.gripper_controller import GripperController, GripperSettings
from bimanual_control.guard import MotionGuard
from bimanual_control.keeper import ClearanceKeeper, KeptPart
from bimanual_control.lease import LeaseTable
from bimanual_control.limits import LimitGate, stop_accelerations, velocity_limits
from bimanual_control.motion_handle import MotionHandle
from bimanual_control.stop import StopLatch
from bimanual_control.tolerances import ArmTolerances
from bimanual_core.errors import BimanualError, ErrorCode, UnknownNameError
from bimanual_core.motion import GripperGoal, JointTrajectory, Motion, PartReport
from bimanual_core.observation import JointSample, Setpoint
from bimanual_core.robot import RobotSpec

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BankSettings:
    """Settings of all controllers of a bank; arm tolerances [rad]."""

    path_tolerance: float = 0.2
    goal_tolerance: float = 0.02
    start_tolerance: float = 0.05
    gripper: GripperSettings = field(default_factory=GripperSettings)


class ControllerBank:
    """The controllers of ``robot``; parts are called ``left_arm``, ``left_gripper``, ``right_arm``, ``right_gripper``.

    Call :meth:`reset` once with measured joints, then :meth:`step` every period. Requests refer to the time of the
    newest step (``now_ns``). A ``guard`` keeps workspaces and the arms' distance; without one they are not looked at.
    """

    def __init__(
        self, robot: RobotSpec, settings: BankSettings | None = None, guard: MotionGuard | None = None
    ) -> None:
        self.robot = robot
        s = self.settings = settings or BankSettings()
        self.arms: dict[str, ArmTrajectoryController] = {}
        self.grippers: dict[str, GripperController] = {}
        for arm in robot.arms:
            tolerances = ArmTolerances.uniform(arm.dof, s.path_tolerance, s.goal_tolerance)
            self.arms[arm.side] = ArmTrajectoryController(arm, tolerances, s.start_tolerance)
            self.grippers[arm.side] = GripperController(arm.side, arm.gripper, s.gripper)
        self.parts = tuple(f"{side}_{kind}" for side in robot.sides for kind in ("arm", "gripper"))
        self.stop_latch = StopLatch()
        self.leases = LeaseTable(robot.sides)
        self.now_ns = 0
        self._gate = LimitGate(robot.lower, robot.upper, velocity_limits(robot), stop_accelerations(robot))
        self._layout = [
            (self.arms[side], self.grippers[side], layout.group(f"{side}_arm"), layout.group(f"{side}_gripper").start)
            for layout in (robot.joints,)
            for side in robot.sides
        ]
        kept = [KeptPart(side, *row) for side, row in zip(robot.sides, self._layout, strict=True)]
        self.keeper = ClearanceKeeper(guard, kept) if guard is not None else None
        self._sample: JointSample | None = None
        self._wanted = np.zeros((2, robot.joints.size))
        self._setpoint = Setpoint(robot.home.copy(), np.zeros(robot.joints.size))
        self._still = False

    # -- the period -----------------------------------------------------------------------------------------------
    def reset(self, sample: JointSample) -> None:
        """Hold the measured joints; goals end cancelled. The stop and the leases stay as they are."""
        self.now_ns = sample.stamp_ns
        self._sample = sample
        if self.keeper is not None:
            self.keeper.reset()
        self._gate.reset(sample.stamp_ns, sample.position)
        for arm, gripper, arm_slice, i in self._layout:
            arm.reset(sample.stamp_ns, sample.position[arm_slice])
            gripper.reset(sample.stamp_ns, float(sample.position[i]))
        self._setpoint = Setpoint(*self._gate.apply(sample.stamp_ns, sample.position, np.zeros_like(sample.position)))
        self._still = False

    def step(self, now_ns: int, sample: JointSample) -> Setpoint:
        """Setpoint for ``now_ns`` from the newest measured joints. Treat its arrays as read-only."""
        if self.keeper is not None:
            self.keeper.keep(self.now_ns, now_ns, sample)
        self.now_ns, self._sample = now_ns, sample
        wanted, position, velocity = self._wanted, sample.position, sample.velocity
        idle = True
        for arm, gripper, arm_slice, i in self._layout:
            idle = idle and arm.idle and gripper.idle
            command = arm.step(now_ns, position[arm_slice], velocity[arm_slice])
            opening, rate = gripper.step(now_ns, float(position[i]), float(velocity[i]))
            if not (idle and self._still):
                wanted[:, arm_slice] = command
                wanted[0, i] = opening
                wanted[1, i] = rate
        if not (idle and self._still):
            self._setpoint = Setpoint(*self._gate.apply(now_ns, wanted[0], wanted[1]))
            self._still = idle and self._gate.at_rest and bool((self._setpoint.position == wanted[0]).all())
        return self._setpoint

    @property
    def setpoint(self) -> Setpoint:
        """The newest setpoint. Treat its arrays as read-only."""
        return self._setpoint

    @property
    def commanded(self) -> Array:
        """The newest setpoint's position (D,)."""
        return self._setpoint.position

    @property
    def active(self) -> bool:
        """Whether a goal, a stream or the braking after one moves anything, or waits to."""
        return not all(arm.idle and gripper.idle for arm, gripper, _, _ in self._layout)

    @property
    def pursuing(self) -> bool:
        """Whether a goal, or the braking after one, moves anything or waits to; streams do not count."""
        return not all((arm.idle or arm.streaming) and (gripper.goal is None) for arm, gripper, _, _ in self._layout)

    @property
    def goals(self) -> dict[str, GoalHandle]:
        """The running goals by part."""
        found = {c.name: c.goal for pair in self._layout for c in pair[:2]}
        return {name: goal for name, goal in found.items() if goal is not None}

    # -- requests -------------------------------------------------------------------------------------------------
    def send_arm(
        self,
        side: str,
        trajectory: JointTrajectory,
        start_ns: int = 0,
        tolerances: ArmTolerances | None = None,
        owner: str | None = None,
    ) -> GoalHandle:
        """Start a goal of one arm (``start_ns`` 0 = now). Raises GoalRejectedError, UnknownNameError, LeaseError."""
        follower = self._check_arm(side, trajectory, start_ns, owner)
        self._keep_clear({side: follower})
        return self.arms[side].start(follower, tolerances)

    def send_gripper(self, side: str, goal: GripperGoal, start_ns: int = 0, owner: str | None = None) -> GoalHandle:
        """Start a goal of one gripper (``start_ns`` 0 = now). Raises as :meth:`send_arm`."""
        gripper = self._gripper(side)
        self._admit(side, owner)
        return gripper.send(goal, start_ns, self.now_ns)

    def stream(self, part: str, trajectory: JointTrajectory, start_ns: int = 0, owner: str | None = None) -> None:
        """Stream points to ``part``. Raises as :meth:`send_arm`, and while a goal of that part runs."""
        if part not in self.parts:
            raise UnknownNameError("controller", part, self.parts)
        side, kind = part.rsplit("_", 1)
        self._admit(side, owner)
        if kind == "gripper":
            self.grippers[side].stream(trajectory, self.now_ns, start_ns)
            return
        follower = self.arms[side].check_stream(trajectory, start_ns, self.now_ns)
        self._keep_clear({side: follower})
        self.arms[side].start_stream(follower)

    def send_motion(self, motion: Motion, start_ns: int = 0, owner: str | None = None) -> MotionHandle:
        """Start all parts of ``motion`` at ``start_ns`` (0 = now), or none: a refused part refuses the motion.

        Never raises for what a controller refuses: the handle is done and its report says why.
        """
        start_ns = start_ns or self.now_ns
        refused: dict[str, PartReport] = {}
        followers: dict[str, PathFollower] = {}
        for side, trajectory in motion.arms.items():
            try:
                followers[side] = self._check_arm(side, trajectory, start_ns, owner)
            except BimanualError as error:
                refused[f"{side}_arm"] = PartReport(_refusal_code(error), f"{side}_arm: {error}")
        for side, goal in motion.grippers.items():
            try:
                gripper = self._gripper(side)
                self._admit(side, owner)
                gripper.check(goal)
                check_lead(start_ns, self.now_ns)
            except BimanualError as error:
                refused[f"{side}_gripper"] = PartReport(_refusal_code(error), f"{side}_gripper: {error}")
        try:
            self._keep_clear(followers)
        except GoalRejectedError as error:
            refused |= {f"{side}_arm": PartReport(error.code, f"{side}_arm: {error}") for side in followers}
        if refused:
            return MotionHandle({}, _with_the_others(refused, motion))
        goals = {f"{side}_arm": self.arms[side].start(followers[side]) for side in motion.arms}
        for side, goal in motion.grippers.items():
            goals[f"{side}_gripper"] = self.grippers[side].send(goal, start_ns, self.now_ns)
        return MotionHandle(goals, {})

    def cancel_all(self, reason: str) -> None:
        """Cancel every goal; the arms slow down along their paths and hold."""
        for goal in self.goals.values():
            goal.cancel(reason)

    def stop(self, reason: str) -> None:
        """Latch the stop: every goal is aborted with CONTROL_STOPPED and motion slows down from the next step on."""
        self.stop_latch.engage(reason)
        for arm, gripper, _, _ in self._layout:
            arm.stop(self.now_ns, ErrorCode.CONTROL_STOPPED, f"stopped: {reason}")
            gripper.stop(self.now_ns, ErrorCode.CONTROL_STOPPED, f"stopped: {reason}")

    def release_stop(self) -> None:
        """Allow motion again after :meth:`stop`; nothing resumes by itself."""
        self.stop_latch.release()

    # -- helpers --------------------------------------------------------------------------------------------------
    def _arm(self, side: str) -> ArmTrajectoryController:
        if side not in self.arms:
            raise UnknownNameError("arm", side, self.arms)
        return self.arms[side]

    def _check_arm(self, side: str, trajectory: JointTrajectory, start_ns: int, owner: str | None) -> PathFollower:
        arm = self._arm(side)
        self._admit(side, owner)
        follower = arm.check(trajectory, start_ns, self.now_ns)
        if self.keeper is not None and self._sample is not None:
            self.keeper.admit_goal(side, self._sample, follower.path.last)
        return follower

    def _keep_clear(self, followers: Mapping[str, Follower]) -> None:
        """Raises GoalRejectedError for followers that lead into what is forbidden at once."""
        if self.keeper is not None and self._sample is not None and followers:
            self.keeper.admit(self.now_ns, self._sample, followers)

    def _gripper(self, side: str) -> GripperController:
        if side not in self.grippers:
            raise UnknownNameError("gripper", side, self.grippers)
        return self.grippers[side]

    def _admit(self, side: str, owner: str | None) -> None:
        self.stop_latch.check()
        if owner is not None:
            self.leases.check(owner, side, self.now_ns)


def _refusal_code(error: BimanualError) -> ErrorCode:
    return error.code if error.code != ErrorCode.INVALID_REQUEST else ErrorCode.CONTROL_REJECTED


def _with_the_others(refused: dict[str, PartReport], motion: Motion) -> dict[str, PartReport]:
    """Reports of all parts of a refused motion, the refused ones first."""
    first = next(iter(refused))
    parts = [f"{side}_arm" for side in motion.arms] + [f"{side}_gripper" for side in motion.grippers]
    idle = PartReport(ErrorCode.CANCELLED, f"not started because {first} was refused")
    return refused | {part: idle for part in parts if part not in refused}
