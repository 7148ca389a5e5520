"""The controllers of a bank as actions and streamed topics, named as ros2_control names them.

- follow_joint_trajectory accepts every goal. One that the controller refuses ends at once as ABORTED with
  ``error_code`` and ``error_string`` (a rejected ROS goal carries no words); nothing moves, and a running goal goes
  on. One that it takes on sends feedback at once: the first of feedback and result tells a client which it is.
- gripper_cmd has no words in its result: refused goals are rejected and the reason is logged.
- ``header.frame_id`` (of the trajectory, of the gripper's command) names the sender. An arm under a lease obeys only
  its owner; an arm without one obeys any sender.
- Goals of one sender with the same start stamp are one motion: the first that fails ends the others. While the
  simulation is paused they wait, and start together when it goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from rclpy.action import CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node
from rclpy.subscription import Subscription
from rclpy.task import Future
from trajectory_msgs.msg import JointTrajectory as TrajectoryMsg

from bimanual_control.bank import ControllerBank
from bimanual_control.goal import GoalHandle, GoalRejectedError, GoalStatus
from bimanual_control.tolerances import ArmTolerances
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import JointTrajectory, PartReport
from bimanual_ros.control_messages import (
    follow_feedback,
    follow_result,
    gripper_feedback,
    gripper_goal_of,
    gripper_result,
)
from bimanual_ros.conversions.basics import stamp_ns
from bimanual_ros.conversions.joints import tolerances_of, trajectory_of
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.polling import take_waiting
from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand


@dataclass(eq=False)
class _Goal:
    """A ROS goal from its acceptance to its result; ``handle`` is there once the bank has it."""

    part: str
    sender: str
    start_ns: int
    ros: ServerGoalHandle
    send: Callable[[], GoalHandle] | None = None
    future: Future = field(default_factory=Future)
    handle: GoalHandle | None = None
    status: GoalStatus = GoalStatus.ACTIVE
    report: PartReport = field(default_factory=PartReport)

    def end(self, status: GoalStatus, report: PartReport) -> None:
        if not self.future.done():
            self.status, self.report = status, report
            self.future.set_result(None)


class ControllerActions:
    """Serves the bank that ``bank()`` returns. ``held()`` says whether goals wait for time to go on; then call
    :meth:`release` when it does. ``admit()`` raises BimanualError while no goal and no stream is taken at all."""

    def __init__(
        self,
        node: Node,
        endpoints: Endpoints,
        bank: Callable[[], ControllerBank],
        held: Callable[[], bool],
        admit: Callable[[], None] = lambda: None,
    ) -> None:
        self._node = node
        self._bank = bank
        self._held = held
        self._admit = admit
        self._goals: list[_Goal] = []
        self._accepted: dict[bytes, _Goal] = {}
        self._streams: list[Subscription] = []
        for side in bank().robot.sides:
            self._serve_arm(endpoints, side)
            self._serve_gripper(endpoints, side)

    @property
    def waiting(self) -> bool:
        """Whether goals wait for :meth:`release`."""
        return any(goal.handle is None for goal in self._goals)

    def release(self) -> None:
        """Hand the waiting goals to the controllers."""
        for goal in [g for g in self._goals if g.handle is None]:
            self._start(goal)

    def take_streams(self) -> None:
        """Hear the streamed points that have come by now, ahead of the executor."""
        for subscription in self._streams:
            take_waiting(subscription)

    def cancel_all(self, reason: str, sides: tuple[str, ...] | None = None) -> None:
        """End the goals of ``sides`` (None = all)."""
        for goal in list(self._goals):
            if sides is None or goal.part.rsplit("_", 1)[0] in sides:
                self._cancel(goal, reason)

    def publish_feedback(self) -> None:
        """Feedback of every goal that runs or waits."""
        for goal in self._goals:
            self._feed_back(goal)

    # -- goals ------------------------------------------------------------------------------------------------------
    def _serve_arm(self, endpoints: Endpoints, side: str) -> None:
        part = f"{side}_arm"
        endpoints.action_server(
            f"{part}_controller/follow_joint_trajectory",
            partial(self._result, follow_result),
            handle_accepted_callback=partial(self._accept_arm, side),
            cancel_callback=self._on_cancel,
        )
        self._streams.append(
            endpoints.subscription(f"{part}_controller/joint_trajectory", partial(self._on_stream, part))
        )

    def _serve_gripper(self, endpoints: Endpoints, side: str) -> None:
        part = f"{side}_gripper"
        endpoints.action_server(
            f"{part}_controller/gripper_cmd",
            partial(self._result, lambda report: gripper_result(report, self._bank().grippers[side])),
            goal_callback=partial(self._check_gripper, side),
            handle_accepted_callback=partial(self._accept_gripper, side),
            cancel_callback=self._on_cancel,
        )
        self._streams.append(
            endpoints.subscription(f"{part}_controller/joint_trajectory", partial(self._on_stream, part))
        )

    def _accept_arm(self, side: str, ros: ServerGoalHandle) -> None:
        request: FollowJointTrajectory.Goal = ros.request
        sender = request.trajectory.header.frame_id
        start_ns = stamp_ns(request.trajectory.header.stamp)
        goal = _Goal(f"{side}_arm", sender, start_ns, ros)
        try:
            trajectory, tolerances = self._admit_arm(side, request, sender, start_ns)
        except BimanualError as error:
            self._refuse(goal, error)
        else:
            goal.send = lambda: self._bank().send_arm(side, trajectory, start_ns, tolerances, sender)
            self._take_on(goal)
        self._execute(goal)

    def _admit_arm(
        self, side: str, request: FollowJointTrajectory.Goal, sender: str, start_ns: int
    ) -> tuple[JointTrajectory, ArmTolerances]:
        self._admit()
        bank = self._bank()
        if request.multi_dof_trajectory.points:
            raise GoalRejectedError("multi_dof_trajectory is not supported; use trajectory")
        trajectory = trajectory_of(request.trajectory)
        arm = bank.arms[side]
        tolerances = arm.tolerances.override(
            arm.joints,
            tolerances_of(request.path_tolerance),
            tolerances_of(request.goal_tolerance),
            stamp_ns(request.goal_time_tolerance) * 1e-9,
        )
        bank.stop_latch.check()
        bank.leases.check(sender, side, bank.now_ns)
        arm.check(trajectory, start_ns, bank.now_ns)
        return trajectory, tolerances

    def _check_gripper(self, side: str, request: ParallelGripperCommand.Goal) -> GoalResponse:
        bank = self._bank()
        try:
            self._admit()
            goal = gripper_goal_of(request, bank.grippers[side].joint)
            bank.stop_latch.check()
            bank.leases.check(request.command.header.frame_id, side, bank.now_ns)
            bank.grippers[side].check(goal)
        except BimanualError as error:
            self._node.get_logger().warning(f"{side}_gripper: goal refused: {error}")
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _accept_gripper(self, side: str, ros: ServerGoalHandle) -> None:
        command = ros.request.command
        wanted = gripper_goal_of(ros.request, self._bank().grippers[side].joint)
        sender, start_ns = command.header.frame_id, stamp_ns(command.header.stamp)
        goal = _Goal(f"{side}_gripper", sender, start_ns, ros)
        goal.send = lambda: self._bank().send_gripper(side, wanted, start_ns, sender)
        self._take_on(goal)
        self._execute(goal)

    def _take_on(self, goal: _Goal) -> None:
        self._goals.append(goal)
        if not self._held():
            self._start(goal)
        self._feed_back(goal)

    def _start(self, goal: _Goal) -> None:
        try:
            goal.handle = goal.send() if goal.send else None
        except BimanualError as error:
            self._refuse(goal, error)
            self._ended(goal)
            return
        goal.handle.on_done(partial(self._on_done, goal))

    def _on_done(self, goal: _Goal, handle: GoalHandle) -> None:
        goal.end(handle.status, handle.report)
        self._ended(goal)

    def _ended(self, goal: _Goal) -> None:
        """Forget the goal; if it failed, end the other parts of its motion."""
        if goal in self._goals:
            self._goals.remove(goal)
        if goal.report.success or goal.report.error_code == ErrorCode.CANCELLED or not (goal.sender and goal.start_ns):
            return
        for other in list(self._goals):
            if (other.sender, other.start_ns) == (goal.sender, goal.start_ns):
                self._cancel(other, f"{goal.part} failed: {goal.report.error_msg}")

    def _refuse(self, goal: _Goal, error: BimanualError) -> None:
        code = error.code if error.code != ErrorCode.INVALID_REQUEST else ErrorCode.CONTROL_REJECTED
        self._node.get_logger().warning(f"{goal.part}: goal refused: {error}")
        goal.end(GoalStatus.ABORTED, PartReport(code, str(error)))

    def _cancel(self, goal: _Goal, reason: str) -> None:
        if goal.handle is not None:
            goal.handle.cancel(reason)
            return
        goal.end(GoalStatus.CANCELED, PartReport(ErrorCode.CANCELLED, reason))
        self._ended(goal)

    def _on_cancel(self, ros: ServerGoalHandle) -> CancelResponse:
        for goal in list(self._goals):
            # rclpy hands out the same object, but compares it by identity only
            if goal.ros.goal_id == ros.goal_id:
                self._cancel(goal, "cancelled by its sender")
        return CancelResponse.ACCEPT

    def _execute(self, goal: _Goal) -> None:
        """Let rclpy wait for the goal's end without blocking the executor."""
        self._accepted[bytes(goal.ros.goal_id.uuid)] = goal
        goal.ros.execute()

    async def _result(self, result_of: Callable[[PartReport], Any], ros: ServerGoalHandle) -> Any:
        goal = self._accepted.pop(bytes(ros.goal_id.uuid))
        await goal.future
        if goal.status is GoalStatus.SUCCEEDED:
            ros.succeed()
        elif goal.status is GoalStatus.CANCELED and ros.is_cancel_requested:
            ros.canceled()
        else:
            ros.abort()
        return result_of(goal.report)

    def _feed_back(self, goal: _Goal) -> None:
        side, kind = goal.part.rsplit("_", 1)
        if kind == "arm":
            goal.ros.publish_feedback(follow_feedback(self._bank().arms[side]))
        else:
            goal.ros.publish_feedback(gripper_feedback(self._bank().grippers[side], self._bank().now_ns))

    # -- streamed points --------------------------------------------------------------------------------------------
    def _on_stream(self, part: str, message: TrajectoryMsg) -> None:
        start_ns, sender = stamp_ns(message.header.stamp), message.header.frame_id
        try:
            self._admit()
            self._bank().stream(part, trajectory_of(message), start_ns, sender)
        except BimanualError as error:
            text = f"{part}: streamed points refused: {error}"
            self._node.get_logger().warning(text, throttle_duration_sec=1.0)
