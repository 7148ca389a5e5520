"""A bug in any callback costs one request an answer in words: the node lives, counts it, and its health shows it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import rclpy
from action_msgs.msg import GoalStatus
from bimanual_interfaces.action import ExecuteSkill
from bimanual_interfaces.srv import LoadTask
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.action import ActionClient, GoalResponse
from rclpy.context import Context
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_description import load
from bimanual_ros import faults as module
from bimanual_ros.diagnostics import ERROR, OK, WARN, Diagnostics
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.faults import faults_of, guard_rest
from bimanual_ros.node_executor import NodeExecutor
from bimanual_ros.spinning import spin_some
from simulation_interfaces.srv import StepSimulation

pytestmark = pytest.mark.graph
PATIENCE_S = 10.0


def bug(*_: Any) -> Any:
    raise KeyError("left_elbow")


async def late_bug(*_: Any) -> Any:
    raise ZeroDivisionError("division by zero")


def refusal(*_: Any) -> Any:
    raise BimanualError("seed -1 is below the limit 0", ErrorCode.DATA_INVALID)


@dataclass
class Rig:
    """A node under test, another that talks to it, and an executor for each."""

    node: Node
    other: Node
    endpoints: Endpoints
    executors: tuple[NodeExecutor, NodeExecutor]

    def until(self, done: Callable[[], Any]) -> None:
        limit = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < limit, "nothing happened"
            for executor in self.executors:
                spin_some(executor, 0.01)

    def call(self, kind: Any, name: str, request: Any = None) -> Any:
        client = self.other.create_client(kind, name)
        self.until(client.service_is_ready)
        future = client.call_async(request or kind.Request())
        self.until(future.done)
        return future.result()

    def send(self, name: str, cancel: bool = False) -> Any:
        """The handle of a goal and, where it was accepted, its final answer."""
        client = ActionClient(self.other, ExecuteSkill, name)
        self.until(client.server_is_ready)
        sent = client.send_goal_async(ExecuteSkill.Goal())
        self.until(sent.done)
        handle = sent.result()
        if not handle.accepted:
            return handle, None
        if cancel:
            asked = handle.cancel_goal_async()
            self.until(asked.done)
            return handle, asked.result()
        result = handle.get_result_async()
        self.until(result.done)
        return handle, result.result()


@pytest.fixture
def rig() -> Iterator[Rig]:
    context = Context()
    rclpy.init(context=context, domain_id=83)
    node, other = (rclpy.create_node(name, context=context) for name in ("worker", "asker"))
    executors = NodeExecutor(context=context), NodeExecutor(context=context)
    for executor, member in zip(executors, (node, other), strict=True):
        executor.add_node(member)
    yield Rig(node, other, Endpoints(node, load("cobot_magic")), executors)
    for executor, member in zip(executors, (node, other), strict=True):
        executor.shutdown(timeout_sec=1.0)
        member.destroy_node()
    context.try_shutdown()


@pytest.mark.parametrize(("callback", "words"), [(bug, "KeyError: 'left_elbow'"), (late_bug, "ZeroDivisionError: div")])
def test_a_service_answers_in_words(rig: Rig, callback: Callable[..., Any], words: str) -> None:
    rig.endpoints.service("task/load", callback)
    for _ in range(2):
        answer = rig.call(LoadTask, "task/load")
        assert not answer.success
        assert answer.error_code == ErrorCode.INTERNAL
        assert answer.error_msg.startswith(f"task/load failed inside worker: {words}")
        assert answer.error_msg.endswith("its log has the traceback")
    assert faults_of(rig.node).count == 2


def test_words_are_found_a_place_in_other_answers(rig: Rig) -> None:
    rig.endpoints.service("safety/stop", bug)
    rig.endpoints.service("sim/step_simulation", late_bug, apart=True)
    assert "KeyError" in rig.call(Trigger, "safety/stop").message
    result = rig.call(StepSimulation, "sim/step_simulation").result
    assert result.result == result.RESULT_OPERATION_FAILED
    assert "ZeroDivisionError" in result.error_message


def test_what_was_half_filled_is_not_sent(rig: Rig) -> None:
    def half(_: Any, response: LoadTask.Response) -> LoadTask.Response:
        response.success, response.instruction = True, "lift it"
        raise RuntimeError("late")

    rig.endpoints.service("task/load", half)
    answer = rig.call(LoadTask, "task/load")
    assert (answer.success, answer.instruction) == (False, "")


def test_a_refusal_that_nobody_caught_is_no_fault(rig: Rig) -> None:
    rig.endpoints.service("task/load", refusal)
    answer = rig.call(LoadTask, "task/load")
    assert (answer.error_code, answer.error_msg) == (ErrorCode.DATA_INVALID, "seed -1 is below the limit 0")
    assert faults_of(rig.node).count == 0


def test_messages_and_timers_that_fail_are_counted(rig: Rig) -> None:
    rig.endpoints.subscription("joint_states", bug)
    heard: list[Any] = []
    rig.endpoints.subscription("joint_states", heard.append)
    rig.node.create_timer(0.05, late_bug)
    guard_rest(rig.node)
    publisher = rig.other.create_publisher(JointState, "joint_states", 10)
    rig.until(lambda: publisher.get_subscription_count() == 2)
    publisher.publish(JointState())
    rig.until(lambda: heard and faults_of(rig.node).count >= 3)


def test_a_callback_that_wants_the_info_of_a_message_gets_it(rig: Rig) -> None:
    heard: list[Any] = []

    def listen(message: Any, info: dict[str, Any]) -> None:
        heard.append((message, info))

    rig.endpoints.subscription("joint_states", listen)
    publisher = rig.other.create_publisher(JointState, "joint_states", 10)
    rig.until(lambda: publisher.get_subscription_count() == 1)
    publisher.publish(JointState(name=["left_joint1"]))
    rig.until(lambda: heard or faults_of(rig.node).count)
    assert [m.name for m, info in heard if info["source_timestamp"] > 0] == [["left_joint1"]]


@pytest.mark.parametrize("execute", [bug, late_bug])
def test_a_goal_ends_aborted_with_words(rig: Rig, execute: Callable[..., Any]) -> None:
    rig.endpoints.action_server("skills/execute", execute)
    for _ in range(2):
        _, answer = rig.send("skills/execute")
        assert answer.status == GoalStatus.STATUS_ABORTED
        assert answer.result.error_code == ErrorCode.INTERNAL
        assert "skills/execute failed inside worker: " in answer.result.error_msg


def test_a_goal_that_never_began_ends_all_the_same(rig: Rig) -> None:
    rig.endpoints.action_server("skills/execute", lambda _: ExecuteSkill.Result(), handle_accepted_callback=bug)
    _, answer = rig.send("skills/execute")
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert "KeyError" in answer.result.error_msg


def test_a_goal_that_cannot_be_judged_is_turned_down(rig: Rig) -> None:
    rig.endpoints.action_server("skills/execute", lambda _: ExecuteSkill.Result(), goal_callback=bug)
    handle, _ = rig.send("skills/execute")
    assert not handle.accepted
    assert "KeyError" in faults_of(rig.node).newest


def test_a_cancelling_that_fails_is_turned_down(rig: Rig) -> None:
    waiting = rclpy.task.Future()

    async def wait(goal: Any) -> ExecuteSkill.Result:
        await waiting
        goal.succeed()
        return ExecuteSkill.Result()

    rig.endpoints.action_server(
        "skills/execute", wait, goal_callback=lambda _: GoalResponse.ACCEPT, cancel_callback=bug
    )
    _, answer = rig.send("skills/execute", cancel=True)
    assert list(answer.goals_canceling) == []
    assert faults_of(rig.node).count == 1
    waiting.set_result(None)


@pytest.mark.parametrize("kind", [SetParameters, SetParametersAtomically])
def test_a_parameter_of_no_type_is_refused_in_words(rig: Rig, kind: Any) -> None:
    guard_rest(rig.node)
    odd = Parameter(name="x", value=ParameterValue(type=99))
    name = "set_parameters" + ("_atomically" if kind is SetParametersAtomically else "")
    answer = rig.call(kind, f"worker/{name}", kind.Request(parameters=[odd, odd]))
    results = getattr(answer, "results", None) or [answer.result]
    assert all(not r.successful and "99 is not a valid" in r.reason for r in results)


def test_health_shows_faults_and_forgets_none(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"health": (OK, "running", {"rtf": 1})}
    diagnostics = Diagnostics(rig.node, lambda: state["health"])
    assert diagnostics._judge() == (OK, "running", {"rtf": 1})
    faults_of(rig.node).note("task/load", KeyError("x"))
    level, text, values = diagnostics._judge()
    assert level == ERROR
    assert text == "running; 1 callbacks failed, newest: task/load failed inside worker: KeyError: 'x'"
    assert values == {"rtf": 1, "faults": 1}
    monkeypatch.setattr(module, "FRESH_S", 0.0)
    assert diagnostics._judge()[0] == WARN
    state["health"] = None  # a health that cannot be told is a fault too
    assert diagnostics._judge()[0] == ERROR
    assert faults_of(rig.node).count == 2


def test_who_asks_and_leaves_takes_nobody_along(rig: Rig) -> None:
    """The answer to a client that is gone has nowhere to go; the next one is served."""
    gone = rclpy.task.Future()

    async def slow(_: Any, response: LoadTask.Response) -> LoadTask.Response:
        await gone
        return response

    rig.endpoints.service("task/load", slow, apart=True)
    client = rig.other.create_client(LoadTask, "task/load")
    rig.until(client.service_is_ready)
    client.call_async(LoadTask.Request())
    for _ in range(20):
        spin_some(rig.executors[0], 0.01)
    rig.other.destroy_client(client)
    gone.set_result(None)
    assert rig.call(LoadTask, "task/load") is not None
