"""``GraphAgent``: lets the agent of the graph act, as a client of agent/run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bimanual_interfaces.action import RunAgent

from bimanual_core.contract import AGENT
from bimanual_core.errors import BimanualError, ErrorCode, SilentNodeError
from bimanual_ros.conversions.basics import stamp_ns
from bimanual_ros.graph_world import GraphWorld
from bimanual_ros.handshake import shake_hands

#: A node that comes up takes this long at most [s]; one that waits for a model is heard of at 1 Hz.
LOADING_S, SILENCE_S = 60.0, 10.0
#: Told the planning call, the action in progress, and what came of it.
Progress = Callable[[int, str, str], None]


class GraphAgent:
    """Runs of the agent's node, over the feed and node of ``world``."""

    def __init__(self, world: GraphWorld) -> None:
        self._world = world
        self._met = False
        self._client = world.endpoints.action_client("agent/run")
        world.feed.expect(AGENT, "/diagnostics")
        world.endpoints.subscription("/diagnostics", world.feed.hears_node(AGENT))

    def wait_ready(self) -> None:
        """Wait until the node serves. Raises SilentNodeError."""
        self._world.feed.until(self._client.server_is_ready, "the action agent/run", AGENT, LOADING_S)
        if not self._met:
            shake_hands(self._world.feed, AGENT)
            self._met = True

    def run(self, task: str = "", instruction: str = "", progress: Progress | None = None) -> RunAgent.Result:
        """Let the agent do the task in progress, or what ``instruction`` says.

        Raises SilentNodeError naming a node that falls silent, BimanualError if the request is not taken on.
        """
        self.wait_ready()
        feed = self._world.feed

        def on_feedback(message: Any) -> None:
            if progress is not None:
                progress(int(message.feedback.step), message.feedback.action, message.feedback.text)

        goal = RunAgent.Goal(task=task, instruction=instruction)
        sent = self._client.send_goal_async(goal, feedback_callback=on_feedback)
        handle = feed.result(sent, "agent/run", AGENT, SILENCE_S)
        if not handle.accepted:
            raise BimanualError("agent/run was not taken on; the log of the node agent says why")
        try:
            result: RunAgent.Result = feed.result(handle.get_result_async(), "agent/run", AGENT, SILENCE_S).result
        except BaseException:
            with suppress(SilentNodeError):
                handle.cancel_goal_async()
            raise
        self._world.settle(stamp_ns(result.stamp))
        return result


def code_of(result: RunAgent.Result) -> ErrorCode:
    """The error code of a result; one that this version does not know becomes EXECUTION_FAILED."""
    known = {int(code) for code in ErrorCode}
    return ErrorCode(result.error_code) if result.error_code in known else ErrorCode.EXECUTION_FAILED
