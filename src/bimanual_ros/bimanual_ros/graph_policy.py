"""``GraphPolicy``: lets the policy of policy_node act, as a client of policy/run."""

from __future__ import annotations

from collections.abc import Callable

from bimanual_interfaces.action import RunPolicy
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter

from bimanual_core.contract import POLICY
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.skill import SkillReport
from bimanual_ros.conversions.basics import stamp_ns
from bimanual_ros.feed import call
from bimanual_ros.graph_world import GraphWorld
from bimanual_ros.handshake import shake_hands

#: A node that loads a network for the first time takes this long at most [s]; one that acts is heard of at 1 Hz.
LOADING_S, SILENCE_S = 120.0, 10.0
LAYER = "policy"


class GraphPolicy:
    """Runs of the policy node, over the feed and node of ``world``."""

    def __init__(self, world: GraphWorld) -> None:
        self._world = world
        self._met = False
        self._client = world.endpoints.action_client("policy/run")
        world.feed.expect(POLICY, "/diagnostics")
        world.endpoints.subscription("/diagnostics", world.feed.hears_node(POLICY))

    def wait_ready(self) -> None:
        """Wait until the node has loaded its policy. Raises SilentNodeError."""
        self._world.feed.until(self._client.server_is_ready, "the action policy/run", POLICY, LOADING_S)
        if not self._met:
            shake_hands(self._world.feed, POLICY, LOADING_S)
            self._met = True

    def run(
        self, task: str, instruction: str, max_seconds: float, over: Callable[[], bool] = lambda: False
    ) -> SkillReport:
        """Let the policy act until ``over()`` or for ``max_seconds``; done and asked count actions.

        Raises SilentNodeError naming a node that falls silent.
        """
        result = self.result(task, instruction, max_seconds, over)
        code = ErrorCode(result.error_code)
        if code is ErrorCode.CANCELLED and over():
            return SkillReport(int(result.asked), int(result.steps))
        layer = "" if code is ErrorCode.NONE else LAYER
        return SkillReport(int(result.asked), int(result.steps), code, result.error_msg, layer=layer)

    def result(
        self, task: str, instruction: str, max_seconds: float, over: Callable[[], bool] = lambda: False
    ) -> RunPolicy.Result:
        """As :meth:`run`, with all that the node says of the run."""
        self.wait_ready()
        feed = self._world.feed
        goal = RunPolicy.Goal(task=task, instruction=instruction, max_seconds=max_seconds)
        handle = feed.result(self._client.send_goal_async(goal), "policy/run", POLICY, LOADING_S)
        if not handle.accepted:
            words = f"{POLICY} refused the request"
            return RunPolicy.Result(error_code=int(ErrorCode.INVALID_REQUEST), error_msg=words)
        ended = handle.get_result_async()
        ended.add_done_callback(feed.poke)
        try:
            feed.until(lambda: ended.done() or over(), "policy/run", POLICY, SILENCE_S)
            if not ended.done():
                handle.cancel_goal_async()
            result: RunPolicy.Result = feed.result(ended, "the end of policy/run", POLICY, SILENCE_S).result
        except BaseException:
            handle.cancel_goal_async()
            raise
        self._world.settle(stamp_ns(result.stamp))
        return result

    def set_parameter(self, name: str, value: int) -> None:
        """Change a parameter of the node. Raises BimanualError in the node's words."""
        client = self._world.node.create_client(SetParameters, f"{POLICY}/set_parameters")
        try:
            self._world.feed.until(client.service_is_ready, f"the parameters of {POLICY}", POLICY, SILENCE_S)
            shake_hands(self._world.feed, POLICY)
            request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
            answer = call(self._world.feed, client, request, POLICY, SILENCE_S).results[0]
        finally:
            self._world.node.destroy_client(client)
        if not answer.successful:
            raise BimanualError(f"{POLICY}.{name}: {answer.reason}")
