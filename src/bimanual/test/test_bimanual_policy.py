"""Policies in evaluations, in process and over the graph: a policy whose answers are known, the expert's own commands,
must do the task, and do it alike in both worlds."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bimanual import cli
from bimanual.graph.policy import GraphPolicyPerformer, PolicyGraph
from bimanual.graph.session import GraphSession
from bimanual.policy_session import PolicyPerformers, PolicySessionFactory
from bimanual.process_session import ProcessSession
from bimanual_core.contract import POLICY
from bimanual_core.errors import BimanualError, ErrorCode, SilentNodeError
from bimanual_core.rates import OBJECTS_HZ, POLICY_HZ
from bimanual_core.robot import load_robot
from bimanual_description.files import robot_path
from bimanual_ros.graph_policy import GraphPolicy
from bimanual_tasks.episode import EpisodeResult, run_episode
from bimanual_tasks.performer import expert_performer
from bimanual_tasks.registry import get_task
from policy_node.serving.recorded import save_recorded

TASK = get_task("handover_block")
SEED, OTHER_SEED = 100_000, 100_001


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the expert commands on SEED, as a policy."""
    session = ProcessSession()
    every = OBJECTS_HZ // POLICY_HZ
    commands: list[np.ndarray] = []

    def perform(opened, assignment):
        rows = [session.world.bank.commanded.copy()]
        session.world.add_listener(lambda objects, joints: rows.append(session.world.bank.commanded.copy()))
        report = expert_performer(TASK.name)(opened, assignment)
        commands.extend(rows[::every])
        return report

    assert run_episode(session, TASK, perform, SEED).success
    session.close()
    path = tmp_path_factory.mktemp("policy") / "recorded.npz"
    save_recorded(path, session.world.robot, POLICY_HZ, np.array(commands))
    return path


@pytest.fixture(scope="module")
def in_process(recorded: Path) -> dict[int, EpisodeResult]:
    performers = PolicyPerformers(str(recorded), (TASK.name,))
    session = PolicySessionFactory(performers)()
    found = {seed: run_episode(session, TASK, performers(TASK.name), seed) for seed in (SEED, OTHER_SEED)}
    session.close()
    return found


@pytest.mark.sim
def test_a_policy_does_the_task_in_process(in_process: dict[int, EpisodeResult]) -> None:
    done, missed = in_process[SEED], in_process[OTHER_SEED]
    assert done.success, done.reason
    assert done.done < done.asked == TASK.step_limit
    assert not missed.success
    assert "block is not at pad" in missed.reason
    assert missed.done == TASK.step_limit


@pytest.fixture(scope="module")
def graph(recorded: Path) -> Iterator[GraphSession]:
    with PolicyGraph("cobot_magic", recorded, ())() as session:
        yield session


@pytest.mark.graph
@pytest.mark.sim
def test_a_policy_does_over_the_graph_what_it_does_in_process(
    graph: GraphSession, in_process: dict[int, EpisodeResult]
) -> None:
    over_graph = run_episode(graph, TASK, GraphPolicyPerformer(), SEED)
    kept = ("success", "seconds", "reason", "instruction", "arm_arm_contacts", "arm_table_contacts", "error_code")
    values = [{k: v for k, v in dataclasses.asdict(r).items() if k in kept} for r in (over_graph, in_process[SEED])]
    assert values[0] == values[1]


@pytest.mark.graph
@pytest.mark.sim
def test_a_run_may_be_cancelled_and_then_others_may_move(graph: GraphSession) -> None:
    graph.request("task/load", task=TASK.name, seed=SEED)
    begin_ns = graph.world.objects().stamp_ns
    policy = GraphPolicy(graph.world)
    samples: list[int] = []
    graph.listen(lambda objects, joints: samples.append(joints.stamp_ns))
    result = policy.result(TASK.name, "", 30.0, lambda: bool(samples) and samples[-1] - begin_ns > 1_000_000_000)
    graph.listen(None)
    assert result.error_code == ErrorCode.CANCELLED
    assert "cancelled after" in result.error_msg
    assert result.steps < 60
    before = graph.world.observe().joints.position
    graph.world.wait(0.2)
    assert np.abs(graph.world.observe().joints.position - before).max() < 5e-3
    assert expert_performer(TASK.name)(graph, _assignment()).error_code is not ErrorCode.CONTROL_LEASED


def _assignment():
    from bimanual_tasks.performer import Assignment

    return Assignment(TASK, SEED, "", lambda: False)


@pytest.mark.graph
@pytest.mark.sim
def test_what_cannot_be_run_is_refused_in_words(graph: GraphSession) -> None:
    policy = GraphPolicy(graph.world)
    code, words = _refused(policy, TASK.name, float("nan"))
    assert code == ErrorCode.INVALID_REQUEST
    assert "max_seconds nan is outside [0, 3600]" in words
    with pytest.raises(BimanualError, match="delay_ms"):
        policy.set_parameter("delay_ms", 99_999)


def _refused(policy: GraphPolicy, task: str, seconds: float) -> tuple[int, str]:
    result = policy.result(task, "", seconds)
    return result.error_code, result.error_msg


@pytest.mark.graph
@pytest.mark.sim
def test_a_stop_ends_the_run_in_words(graph: GraphSession) -> None:
    graph.request("task/load", task=TASK.name, seed=SEED)
    graph.request("safety/stop")
    try:
        code, words = _refused(GraphPolicy(graph.world), TASK.name, 5.0)
    finally:
        graph.request("safety/reset")
    assert code == ErrorCode.CONTROL_STOPPED
    assert "the robot is stopped" in words


@pytest.mark.graph
@pytest.mark.sim
def test_a_graph_with_a_checkpoint_that_is_missing_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(SilentNodeError, match=rf"node {POLICY} died[^$]*there is no checkpoint"),
        GraphSession(given={"policy": str(tmp_path / "none.npz")}) as session,
    ):
        GraphPolicy(session.world).wait_ready()


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("there is no checkpoint", ["--policy", "nothing.npz"]),
        ("needs a policy that sees", ["--policy", "expert", "--shuffle-clouds"]),
        ("one policy does one task", ["--policy", "dp3", "--world", "graph", "--shuffle-clouds"]),
    ],
)
def test_eval_refuses_what_cannot_act(words: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["eval", "--task", TASK.name, "--episodes", "1", *arguments]) == 1
    assert words in capsys.readouterr().err


def test_eval_refuses_the_checkpoint_of_another_robot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    robot = dataclasses.replace(load_robot(robot_path("cobot_magic")), name="other")
    save_recorded(tmp_path / "other.npz", robot, POLICY_HZ, np.array([robot.home]))
    code = cli.main(["eval", "--task", TASK.name, "--episodes", "1", "--policy", str(tmp_path / "other.npz")])
    assert code == 1
    assert "commands robot 'other'" in capsys.readouterr().err
