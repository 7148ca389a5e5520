"""The live graph: the contract is there, it moves as the world in process does, and it refuses in words."""

import math
import os
import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest
from action_msgs.msg import GoalStatus

from bimanual.graph.session import GraphSession
from bimanual.graph.shared_memory import dds_files, unused
from bimanual_core.contract import OPTIONAL, Kind, endpoints
from bimanual_core.errors import BimanualError, ErrorCode, SilentNodeError
from bimanual_core.motion import GripperGoal, JointTrajectory, Motion
from bimanual_core.scene import SceneObject, SceneSpec
from bimanual_core.se3 import make_T
from bimanual_core.skill import Skill
from bimanual_ros.conversions.basics import stamp_ns, time_msg
from bimanual_ros.conversions.joints import trajectory_msg
from bimanual_sim_bridge.world import SapienWorld
from bimanual_tasks.randomise import HARD
from bimanual_tasks.registry import get_task
from bimanual_tasks.scenes import scenes_in_reach
from control_msgs.action import FollowJointTrajectory

pytestmark = [pytest.mark.graph, pytest.mark.sim]
SCENE = SceneSpec((SceneObject("cube", "cube", "red", make_T((0.2, 0.0, 0.77))),), seed=3)


@pytest.fixture(scope="module")
def session() -> Iterator[GraphSession]:
    with GraphSession() as running:
        yield running


@pytest.fixture
def world(session: GraphSession):
    session.world.load_scene(SCENE)
    return session.world


def swing(robot, side: str, start: np.ndarray, angle: float, seconds: float = 1.0) -> JointTrajectory:
    """All joints of an arm by ``angle``, from rest to rest."""
    s = np.linspace(0.0, 1.0, 21)
    share = (10 * s**3 - 15 * s**4 + 6 * s**5)[:, None]
    rate = (30 * s**2 - 60 * s**3 + 30 * s**4)[:, None] / seconds
    way = np.full(robot.arm(side).dof, angle) * [1, 1, -1, 1, 1, 1]
    return JointTrajectory(robot.arm(side).joints, s * seconds, start + share * way, rate * way)


def motion(robot, q: np.ndarray, angle: float = 0.2) -> Motion:
    arms = {side: swing(robot, side, q[robot.joints.group(f"{side}_arm")], angle) for side in robot.sides}
    return Motion(arms, {"left": GripperGoal(0.03), "right": GripperGoal(0.06)})


def absent(session: GraphSession) -> list[str]:
    """What the contract promises and the graph lacks; this graph renders no cameras."""
    node = session.world.node
    types = dict([*node.get_topic_names_and_types(), *node.get_service_names_and_types()])
    missing = []
    for entry in (e for e in endpoints(session.world.robot) if e.server not in OPTIONAL):
        name, wanted = f"/{entry.name.lstrip('/')}", entry.type
        if entry.kind is Kind.ACTION:
            name, wanted = f"{name}/_action/send_goal", f"{wanted}_SendGoal"
        if "_camera/" not in name and wanted not in types.get(name, []):
            missing.append(f"{name}: {wanted}")
    return missing


def test_the_contract_is_alive(session: GraphSession) -> None:
    limit = time.monotonic() + 5.0
    session.world.feed.until(lambda: not absent(session) or time.monotonic() > limit, "the contract")
    assert absent(session) == []


def test_outcomes_are_those_of_the_world_in_process(world) -> None:
    local = SapienWorld(world.robot, cameras=())
    local.load_scene(SCENE)
    traces: dict[str, list] = {"graph": [], "process": []}
    world.add_listener(lambda objects, _: traces["graph"].append(objects.objects["cube"].T_world_object))
    local.add_listener(lambda objects, _: traces["process"].append(objects.objects["cube"].T_world_object))
    for angle in (0.2, -0.2):
        q = local.observe().commanded
        assert np.array_equal(world.observe().commanded, q)
        reports = world.execute(motion(world.robot, q, angle)), local.execute(motion(local.robot, q, angle))
        assert reports[0].success
        assert reports[0].parts == reports[1].parts
        world.wait(0.2)
        local.wait(0.2)
        here, there = world.observe(), local.observe()
        for field in ("position", "velocity", "effort"):
            assert np.array_equal(getattr(here.joints, field), getattr(there.joints, field))
        for side in world.robot.sides:
            assert np.allclose(here.T_world_tcp[side], there.T_world_tcp[side], atol=1e-6)
    assert np.array_equal(traces["graph"], traces["process"])
    assert len(traces["graph"]) > 50


def test_a_refused_part_stops_the_whole_motion(world) -> None:
    before = world.observe()
    good = motion(world.robot, before.commanded)
    arms = {
        **good.arms,
        "right": swing(world.robot, "right", before.commanded[world.robot.joints.group("right_arm")], 9),
    }
    report = world.execute(Motion(arms, good.grippers))
    first, why = next(iter(report.parts.items()))
    assert first == "right_arm"
    assert why.error_code == ErrorCode.CONTROL_REJECTED
    assert "right_joint5: position 1.3286 of point 5 is outside [-1.2200, 1.2200]" in why.error_msg
    assert report.parts["left_arm"].error_msg == "not started because right_arm was refused"
    report = world.execute(Motion({}, {"left": GripperGoal(0.5)}))
    assert "opening 0.5000 m is outside [0, 0.1000]" in report.parts["left_gripper"].error_msg
    after = world.observe()
    assert after.stamp_ns == before.stamp_ns
    assert np.array_equal(after.joints.position, before.joints.position)


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (lambda m: m.points[3].positions.__setitem__(2, math.nan), "INVALID_GOAL", "point 3, joint left_joint3"),
        (lambda m: m.points[3].positions.pop(), "INVALID_GOAL", "point 3 has 5 positions for 6 joints"),
        (lambda m: m.joint_names.__setitem__(0, "elbow"), "INVALID_JOINTS", "unknown joint 'elbow'; this controller"),
        (lambda m: setattr(m.header, "stamp", time_msg(1)), "OLD_HEADER_TIMESTAMP", "stale: the last point was due"),
        (lambda m: m.points.clear(), "INVALID_GOAL", "no points"),
        (lambda m: setattr(m.header, "frame_id", "stranger"), None, "leased to 'bimanual_client'"),
    ],
)
def test_bad_trajectories_are_refused_in_words(world, spoil, code, words) -> None:
    before = world.observe()
    assert world.execute(Motion({}, {"left": GripperGoal(0.1)})).success  # takes the lease
    q = world.observe().commanded
    start_ns = world.since_ns + 100_000_000
    message = trajectory_msg(swing(world.robot, "left", q[world.robot.joints.group("left_arm")], 0.1), start_ns)
    message.header.frame_id = world.owner
    spoil(message)
    client = world.endpoints.action_client("left_arm_controller/follow_joint_trajectory")
    feed = world.feed
    feed.until(client.server_is_ready, "the action", "sim_bridge")
    goal = FollowJointTrajectory.Goal(trajectory=message)
    handle = feed.result(client.send_goal_async(goal), "the goal's answer", "sim_bridge")
    answer = feed.result(handle.get_result_async(), "the goal's end", "sim_bridge")
    assert answer.status == GoalStatus.STATUS_ABORTED
    wanted = getattr(FollowJointTrajectory.Result, code) if code else int(ErrorCode.CONTROL_LEASED)
    assert answer.result.error_code == wanted
    assert words in answer.result.error_string
    arm = world.robot.joints.group("left_arm")
    assert np.array_equal(world.observe().commanded[arm], before.commanded[arm])


def test_a_second_owner_is_refused_by_name(session: GraphSession, world) -> None:
    assert world.execute(Motion({}, {"left": GripperGoal(0.1)})).success
    with pytest.raises(BimanualError, match="leased to 'bimanual_client'") as refusal:
        session.request("control/acquire", owner="other", arms=["left"], ttl=1.0)
    assert refusal.value.code == ErrorCode.CONTROL_LEASED


def test_a_stop_is_obeyed_until_it_is_reset(session: GraphSession, world) -> None:
    feed, owner = world.feed, world.owner
    assert owner
    client = world.endpoints.client("safety/stop")
    feed.until(client.service_is_ready, "safety/stop", "safety")
    feed.result(client.call_async(client.srv_type.Request()), "safety/stop", "safety")
    q = world.observe().commanded

    def refused() -> bool:
        report = world.execute(motion(world.robot, q))
        failure = report.first_failure
        return failure is not None and failure[1].error_code == ErrorCode.CONTROL_STOPPED

    # The stop travels by a topic of its own: it may come after the first goal.
    stopped = any(refused() for _ in range(3))
    client = world.endpoints.client("safety/reset")
    feed.until(client.service_is_ready, "safety/reset", "safety")
    assert feed.result(client.call_async(client.srv_type.Request()), "safety/reset", "safety").success
    assert stopped


def test_scene_and_time_services_refuse_in_words(session: GraphSession, world) -> None:
    scene_id = world.observe().scene_id
    unknown = SceneSpec((SceneObject("x", "teapot", "red", np.eye(4)),))
    with pytest.raises(BimanualError, match="unknown asset class 'teapot'; choices: .*cube"):
        world.load_scene(unknown)
    assert world.observe().scene_id == scene_id
    with pytest.raises(BimanualError, match="unknown task 'juggle'; choices: .*handover_block"):
        session.request("task/load", task="juggle", seed=0)
    with pytest.raises(BimanualError, match="unknown randomisation 'wild'; choices: easy, hard"):
        session.request("task/load", task="handover_block", seed=0, randomisation="wild")
    with pytest.raises(BimanualError, match="no task is loaded"):
        session.request("task/evaluate")


def test_a_task_is_loaded_with_all_that_hard_varies(session: GraphSession, world) -> None:
    wanted = next(scenes_in_reach(get_task("handover_block"), 0, world.robot, HARD)).scene
    session.request("task/load", task="handover_block", seed=0, randomisation=HARD)
    found = world.objects()
    assert list(found.objects) == [item.name for item in wanted.objects]
    assert found.table.top_z == wanted.table.top_z != 0.74
    block = wanted.objects[0]
    assert found.objects[block.name].scale == block.scale


def test_a_killed_planner_is_named_and_nothing_is_left() -> None:
    files_before = dds_files()
    with GraphSession() as session:
        pids = [node.process.pid for node in session.supervisor.processes]
        session.world.load_scene(SCENE)
        os.kill(session.supervisor.find("planner").process.pid, signal.SIGKILL)
        with pytest.raises(SilentNodeError, match=r"planner died \(killed by SIGKILL\)"):
            session.skills.execute([Skill("move_by_displacement", displacement=(0.0, 0.0, 0.05))], [])
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not unused(dds_files() - files_before)


def test_stamps_are_whole_ticks(world) -> None:
    stamps = []
    world.add_listener(lambda objects, _: stamps.append(objects.stamp_ns))
    world.wait(0.5)
    assert stamp_ns(world.status.header.stamp) == world.since_ns
    assert set(np.diff(stamps)) <= {33_333_333, 33_333_334}
    assert len(stamps) == 15
