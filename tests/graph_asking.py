"""Asking the live graph from a test: raw answers of services and actions, within a time."""

import time
from typing import Any

from action_msgs.msg import GoalStatus

from bimanual.graph.session import GraphSession

#: A refusal takes no time [s].
PATIENCE_S = 10.0


def answer_of(graph: GraphSession, future: Any, what: str, patience_s: float = PATIENCE_S) -> Any:
    """What a future holds once it is done; fails if that takes too long."""
    limit = time.monotonic() + patience_s
    future.add_done_callback(graph.world.feed.poke)
    graph.world.feed.until(lambda: future.done() or time.monotonic() > limit, what)
    assert future.done(), f"no answer of {what} within {patience_s:.0f} s"
    return future.result()


def wait_for(graph: GraphSession, predicate: Any, what: str, patience_s: float = PATIENCE_S) -> Any:
    """Wait until ``predicate()`` is true and return it; fails if that takes too long."""
    limit = time.monotonic() + patience_s
    value = graph.world.feed.until(lambda: predicate() or time.monotonic() > limit, what)
    found = predicate() or value
    assert found is not True or predicate(), f"{what} did not happen within {patience_s:.0f} s"
    return found


class Asker:
    """Clients of one graph, made once a name."""

    def __init__(self, graph: GraphSession) -> None:
        self._graph = graph
        self._clients: dict[str, Any] = {}

    def call_async(self, name: str, request: Any = None, **fields: Any) -> Any:
        """The future of a service's answer, to ``request`` or one made of ``fields``."""
        client = self.client(name)
        return client.call_async(client.srv_type.Request(**fields) if request is None else request)

    def ask(self, name: str, request: Any = None, patience_s: float = PATIENCE_S, **fields: Any) -> Any:
        """A service's answer."""
        return answer_of(self._graph, self.call_async(name, request, **fields), name, patience_s)

    def client(self, name: str) -> Any:
        """The client of a service, once the service is there."""
        if name not in self._clients:
            world = self._graph.world
            client = self._clients[name] = world.endpoints.client(name)
            world.feed.until(client.service_is_ready, name, world.endpoints.entry(name).server, PATIENCE_S)
        return self._clients[name]

    def action(self, name: str) -> Any:
        """The client of an action, once the action is there."""
        if name not in self._clients:
            world = self._graph.world
            client = self._clients[name] = world.endpoints.action_client(name)
            world.feed.until(client.server_is_ready, name, world.endpoints.entry(name).server, PATIENCE_S)
        return self._clients[name]

    def send(self, name: str, goal: Any, feedback: Any = None) -> Any:
        """The handle of a goal, accepted or not."""
        future = self.action(name).send_goal_async(goal, feedback_callback=feedback)
        return answer_of(self._graph, future, f"the goal of {name}")

    def finish(self, name: str, handle: Any, patience_s: float = PATIENCE_S) -> Any:
        """The final answer to an accepted goal. One that is still under way after ``patience_s`` is cancelled, and must
        end then."""
        future = handle.get_result_async()
        limit = time.monotonic() + patience_s
        future.add_done_callback(self._graph.world.feed.poke)
        self._graph.world.feed.until(lambda: future.done() or time.monotonic() > limit, name)
        if not future.done():
            answer_of(self._graph, handle.cancel_goal_async(), f"the cancelling of {name}")
        answer = answer_of(self._graph, future, f"the end of {name}", 2 * PATIENCE_S)
        assert answer.status in (
            GoalStatus.STATUS_SUCCEEDED,
            GoalStatus.STATUS_ABORTED,
            GoalStatus.STATUS_CANCELED,
        )
        return answer
