"""Goals sent by one thread while another one spins: the answer is heard however early it comes."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import rclpy
from bimanual_interfaces.action import ExecuteSkill
from rclpy.action import ActionClient, ActionServer
from rclpy.context import Context

from bimanual_ros.action_client import ThreadedActionClient
from bimanual_ros.spinning import BackgroundSpinner

pytestmark = pytest.mark.graph
PATIENCE_S = 10.0


class SlowDict(dict):
    """rclpy stores the callback for feedback between its two futures: now so slowly that the answer comes first."""

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        time.sleep(0.3)


@pytest.fixture
def client() -> Iterator[ActionClient]:
    context = Context()
    rclpy.init(context=context, domain_id=84)
    server_node, client_node = (rclpy.create_node(name, context=context) for name in ("server", "asker"))

    def execute(goal: Any) -> ExecuteSkill.Result:
        goal.succeed()
        return ExecuteSkill.Result()

    server = ActionServer(server_node, ExecuteSkill, "skill", execute)
    spinners = [BackgroundSpinner(node) for node in (server_node, client_node)]
    made = ThreadedActionClient(client_node, ExecuteSkill, "skill")
    assert made.wait_for_server(PATIENCE_S)
    yield made
    for spinner in spinners:
        spinner.stop()
    server.destroy()
    for node in (server_node, client_node):
        node.destroy_node()
    context.try_shutdown()


def done(future: Any) -> bool:
    ended = threading.Event()
    future.add_done_callback(lambda _: ended.set())
    return ended.wait(PATIENCE_S)


def test_an_answer_that_comes_before_the_goal_is_known_is_heard(client: ActionClient) -> None:
    client._feedback_callbacks = SlowDict()
    sent = client.send_goal_async(ExecuteSkill.Goal(), feedback_callback=lambda _: None)
    assert done(sent)
    assert done(sent.result().get_result_async())


def test_goals_leave_nothing_behind(client: ActionClient) -> None:
    for _ in range(3):
        sent = client.send_goal_async(ExecuteSkill.Goal())
        assert done(sent)
        assert done(sent.result().get_result_async())
    assert client._futures == []
