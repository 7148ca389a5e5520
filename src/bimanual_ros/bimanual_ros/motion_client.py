"""Sending a motion to the controllers' actions: all parts are taken on before any starts, or none starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from action_msgs.msg import GoalStatus
from bimanual_interfaces.msg import Owners, SafetyState

from bimanual_control.gripper_controller import GripperController
from bimanual_core.contract import SAFETY
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import GripperGoal, JointTrajectory, Motion, PartReport
from bimanual_core.robot import RobotSpec
from bimanual_ros.control_messages import follow_report, gripper_goal_msg, gripper_report
from bimanual_ros.conversions.joints import trajectory_msg
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.feed import Feed
from control_msgs.action import FollowJointTrajectory


@dataclass(eq=False)
class SentPart:
    """One part of a motion on its way."""

    part: str
    goal: JointTrajectory | GripperGoal
    response: Any
    ros: Any = None
    result: Any = None
    answered: bool = False  # feedback came: the controller has taken the goal on
    refusal: PartReport | None = None

    @property
    def is_arm(self) -> bool:
        return isinstance(self.goal, JointTrajectory)

    @property
    def ended(self) -> bool:
        return self.refusal is not None or (self.result is not None and self.result.done())

    @property
    def decided(self) -> bool:
        """Whether the controller has taken the goal on or refused it."""
        return self.ended or (self.ros is not None and (self.answered or not self.is_arm))


class MotionClient:
    """Action clients of every controller of one robot. ``sender`` goes with each goal as ``header.frame_id``."""

    def __init__(self, feed: Feed, endpoints: Endpoints, robot: RobotSpec, sender: str) -> None:
        self._feed = feed
        self._robot = robot
        self._sender = sender
        self._clients: dict[str, Any] = {}
        for side in robot.sides:
            arm, gripper = f"{side}_arm", f"{side}_gripper"
            self._clients[arm] = endpoints.action_client(f"{arm}_controller/follow_joint_trajectory")
            self._clients[gripper] = endpoints.action_client(f"{gripper}_controller/gripper_cmd")
        self._driver = endpoints.entry("control/owners").server
        self._safety = SafetyState()
        self._owners: dict[str, str] = {}
        endpoints.subscription("safety/state", feed.hears(SAFETY, self._on_safety))
        endpoints.subscription("control/owners", feed.hears(self._driver, self._on_owners))

    @property
    def ready(self) -> bool:
        """Whether every controller's action was found."""
        return all(client.server_is_ready() for client in self._clients.values())

    @property
    def owns_all(self) -> bool:
        """Whether the driver last said that every arm is leased to the sender."""
        return all(self._owners.get(side) == self._sender for side in self._robot.sides)

    def check_stop(self) -> None:
        """Raises BimanualError (CONTROL_STOPPED) with the reason while the robot is stopped."""
        if self._safety.stopped:
            raise BimanualError(f"the robot is stopped: {self._safety.reason}", ErrorCode.CONTROL_STOPPED)

    def send(self, motion: Motion, start_ns: int) -> list[SentPart]:
        """Send every part to start at ``start_ns``; returns when each was taken on or refused."""
        self._feed.until(lambda: self.ready, "the controllers' actions", self._driver)
        parts = [self._send_arm(side, t, start_ns) for side, t in motion.arms.items()]
        parts += [self._send_gripper(side, g, start_ns) for side, g in motion.grippers.items()]
        self._feed.until(lambda: all(p.decided for p in parts), "the controllers to take the goals on", self._driver)
        for part in parts:
            if part.is_arm and part.refusal is None and part.result.done():
                report = self.report(part)
                if not report.success:
                    part.refusal = PartReport(report.error_code, f"{part.part}: {report.error_msg}")
        return parts

    def refused(self, parts: list[SentPart]) -> dict[str, PartReport]:
        """Reports of a motion that was not started, the refused parts first; empty if all were taken on.

        The other parts are cancelled before they start.
        """
        refused = {p.part: p.refusal for p in parts if p.refusal is not None}
        if not refused:
            return {}
        first = next(iter(refused))
        self.cancel(parts)
        self.await_results(parts)
        idle = PartReport(ErrorCode.CANCELLED, f"not started because {first} was refused")
        return refused | {p.part: idle for p in parts if p.part not in refused}

    def await_results(self, parts: list[SentPart]) -> None:
        """Wait until every part has ended."""
        self._feed.until(lambda: all(p.ended for p in parts), "the end of the motion", self._driver)

    def cancel(self, parts: list[SentPart]) -> None:
        """Ask for the end of every part that has not ended."""
        for part in parts:
            if part.ros is not None and not part.ended:
                part.ros.cancel_goal_async()

    def report(self, part: SentPart) -> PartReport:
        """How an ended part ended."""
        if part.refusal is not None:
            return part.refusal
        answer = part.result.result()
        canceled = answer.status == GoalStatus.STATUS_CANCELED
        if isinstance(part.goal, GripperGoal):
            return gripper_report(answer.result, part.goal, self._outcome(answer.status))
        return follow_report(answer.result, canceled)

    # -- helpers --------------------------------------------------------------------------------------------------
    def _send_arm(self, side: str, trajectory: JointTrajectory, start_ns: int) -> SentPart:
        part = f"{side}_arm"
        if part not in self._clients:
            return self._unknown(part, trajectory)
        message = trajectory_msg(trajectory, start_ns)
        message.header.frame_id = self._sender
        return self._send(part, trajectory, FollowJointTrajectory.Goal(trajectory=message))

    def _send_gripper(self, side: str, goal: GripperGoal, start_ns: int) -> SentPart:
        part = f"{side}_gripper"
        if part not in self._clients:
            return self._unknown(part, goal)
        joint = self._robot.arm(side).gripper.joint
        return self._send(part, goal, gripper_goal_msg(joint, goal, start_ns, self._sender))

    def _unknown(self, part: str, goal: JointTrajectory | GripperGoal) -> SentPart:
        text = f"{part}: unknown arm; choices: {', '.join(self._robot.sides)}"
        return SentPart(part, goal, None, refusal=PartReport(ErrorCode.UNKNOWN_NAME, text))

    def _send(self, part: str, goal: JointTrajectory | GripperGoal, request: Any) -> SentPart:
        sent = SentPart(part, goal, None)

        def on_feedback(_: Any) -> None:
            sent.answered = True
            self._feed.poke()

        sent.response = self._clients[part].send_goal_async(request, feedback_callback=on_feedback)
        sent.response.add_done_callback(lambda future: self._on_response(sent, future))
        return sent

    def _on_response(self, sent: SentPart, future: Any) -> None:
        handle = future.result()
        if handle.accepted:
            sent.result = handle.get_result_async()
            sent.result.add_done_callback(self._feed.poke)
            sent.ros = handle
        else:
            sent.refusal = self._why_rejected(sent)
        self._feed.poke()

    def _why_rejected(self, sent: SentPart) -> PartReport:
        """A rejected goal carries no words: find them among what refuses goals."""
        side = sent.part.rsplit("_", 1)[0]
        if self._safety.stopped:
            text = f"motion is stopped: {self._safety.reason}; reset the stop first"
            return PartReport(ErrorCode.CONTROL_STOPPED, f"{sent.part}: {text}")
        owner = self._owners.get(side, "")
        if owner not in ("", self._sender):
            return PartReport(ErrorCode.CONTROL_LEASED, f"{sent.part}: {side} arm is leased to {owner!r}")
        if isinstance(sent.goal, GripperGoal):
            try:
                GripperController(side, self._robot.arm(side).gripper).check(sent.goal)
            except BimanualError as error:
                return PartReport(ErrorCode.CONTROL_REJECTED, f"{sent.part}: {error}")
        return PartReport(ErrorCode.CONTROL_REJECTED, f"{sent.part}: rejected by its controller, whose log says why")

    def _outcome(self, status: int) -> ErrorCode:
        if status == GoalStatus.STATUS_SUCCEEDED:
            return ErrorCode.NONE
        if status == GoalStatus.STATUS_CANCELED:
            return ErrorCode.CANCELLED
        return ErrorCode.CONTROL_STOPPED if self._safety.stopped else ErrorCode.EXECUTION_FAILED

    def _on_safety(self, state: SafetyState) -> None:
        self._safety = state

    def _on_owners(self, message: Owners) -> None:
        self._owners = dict(zip(message.arms, message.owners, strict=True))
