"""``GraphSkills``: ``Skills`` as a client of skills/execute."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from bimanual_interfaces.action import ExecuteSkill
from numpy.typing import NDArray
from rclpy.task import Future

from bimanual_core.contract import PLANNER
from bimanual_core.errors import ErrorCode, SilentNodeError
from bimanual_core.skill import Skill, SkillReport
from bimanual_ros.conversions.basics import stamp_ns
from bimanual_ros.conversions.skills import report_of, skill_msg
from bimanual_ros.graph_world import GraphWorld
from bimanual_ros.handshake import shake_hands

Array = NDArray[np.float64]
#: Without a word of the planner for this long [s] it is taken for dead; it speaks at 1 Hz on /diagnostics.
PLANNER_SILENCE_S = 10.0


class GraphSkills:
    """Skills done by the planner node, over the feed and node of ``world``."""

    def __init__(self, world: GraphWorld) -> None:
        self._world = world
        self._unfinished: Future | None = None
        self._client = world.endpoints.action_client("skills/execute")
        world.feed.expect(PLANNER, "/diagnostics")
        world.endpoints.subscription("/diagnostics", world.feed.hears_node(PLANNER))

    @property
    def ready(self) -> bool:
        """Whether the planner's action was found."""
        return bool(self._client.server_is_ready())

    def wait_ready(self) -> None:
        """Wait for the planner. Raises SilentNodeError."""
        self._world.feed.until(lambda: self.ready, "the action skills/execute", PLANNER, 60.0)
        shake_hands(self._world.feed, PLANNER)

    def arm_pose(self, side: str) -> Array:
        """Pose (4, 4) of the tcp in the world; raises UnknownNameError for an arm the robot lacks."""
        self._world.robot.arm(side)
        return self._world.observe().T_world_tcp[side]

    def await_end(self) -> None:
        """Wait until a request that was cancelled has ended, and with it its motion. Raises SilentNodeError."""
        sent, self._unfinished = self._unfinished, None
        if sent is None:
            return
        what = "the end of skills/execute"
        handle = self._world.feed.result(sent, what, PLANNER, PLANNER_SILENCE_S)
        if handle.accepted:
            self._world.feed.result(handle.get_result_async(), what, PLANNER, PLANNER_SILENCE_S)

    def execute(
        self, left: Sequence[Skill], right: Sequence[Skill], sync: str = "proportional", ahead: int = 0
    ) -> SkillReport:
        """Run both lists index by index, but for the last ``ahead``.

        Raises SilentNodeError naming a planner that falls silent.
        """
        feed = self._world.feed
        feed.until(lambda: self.ready, "the action skills/execute", PLANNER, PLANNER_SILENCE_S)
        self.await_end()
        lists = {"left": [skill_msg(s) for s in left], "right": [skill_msg(s) for s in right]}
        goal = ExecuteSkill.Goal(**lists, sync=sync, ahead=ahead)
        asked = max(len(left), len(right))
        what = "skills/execute"
        sent = self._unfinished = self._client.send_goal_async(goal)
        try:
            handle = feed.result(sent, what, PLANNER, PLANNER_SILENCE_S)
            if not handle.accepted:
                self._unfinished = None
                text = "the planner refused the request: it is busy with another one"
                return SkillReport(asked, 0, ErrorCode.INVALID_REQUEST, text, 0, layer="request")
            answer = feed.result(handle.get_result_async(), what, PLANNER, PLANNER_SILENCE_S)
        except BaseException as error:
            if isinstance(error, SilentNodeError):
                self._unfinished = None  # nobody is left to end it
            # Also where the planner has not answered yet: a request that nobody waits for must not begin to move.
            sent.add_done_callback(_cancel)
            raise
        self._unfinished = None
        self._world.settle(stamp_ns(answer.result.stamp))
        return report_of(answer.result)


def _cancel(sent: Future) -> None:
    """Cancel the goal that was sent, if the planner took it on."""
    handle = None if sent.cancelled() or sent.exception() is not None else sent.result()
    if handle is not None and handle.accepted:
        handle.cancel_goal_async()
