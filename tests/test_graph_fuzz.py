"""Whatever reaches the graph: no node dies, an answer in words comes in time, no joint leaves its limits, the arms end
at rest, and the graph still does a good request.

The examples are the same in each run, few by default and many with ``--all``.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from bimanual_interfaces.action import ExecuteSkill
from bimanual_interfaces.msg import Owners, SceneObject, Skill
from bimanual_interfaces.srv import Acquire, Annotate, LoadScene, LoadTask, PlanMotion, Release, StartRecording
from geometry_msgs.msg import Vector3
from graph_asking import Asker, answer_of, wait_for
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from message_strategies import NASTY, Messages
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters, SetParameters, SetParametersAtomically
from rclpy._rclpy_pybind11 import RCLError
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from bimanual.graph.session import GraphSession
from bimanual_control.limits import velocity_limits
from bimanual_core.contract import ANY, OPTIONAL, Kind, endpoints
from bimanual_core.motion import GripperGoal, Motion
from bimanual_core.motion import JointTrajectory as CoreTrajectory
from bimanual_core.observation import JointSample
from bimanual_description import load
from bimanual_ros.conversions.basics import pose_msg
from bimanual_ros.conversions.joints import trajectory_msg
from bimanual_ros.endpoints import message_class
from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from control_msgs.msg import JointTolerance

pytestmark = [pytest.mark.graph, pytest.mark.sim]

ROBOT = load("cobot_magic")
TABLE = [e for e in endpoints(ROBOT) if e.server not in OPTIONAL]
SERVICES = sorted(e.name for e in TABLE if e.kind is Kind.SERVICE)
ACTIONS = sorted(e.name for e in TABLE if e.kind is Kind.ACTION)
STREAMS = sorted(e.name for e in TABLE if e.kind is Kind.TOPIC and e.server == ANY)
TOPICS = sorted(e.name for e in TABLE if e.kind is Kind.TOPIC)
NODES = ("sim_bridge", "robot_state_publisher", "safety", "planner", "task_server", "recorder")
PARAMETER_SERVICES = {
    "set_parameters": SetParameters,
    "set_parameters_atomically": SetParametersAtomically,
    "get_parameters": GetParameters,
    "describe_parameters": DescribeParameters,
    "list_parameters": ListParameters,
}
#: Examples of each name: in every run, and with --all.
FEW, MANY = 6, 150
#: How far a joint may pass a limit that a simulated one does not stop at [rad; m], and its speed a limit [share].
MARGIN, SPEED_MARGIN = 0.02, 1.2
#: A skill or a plan is thought about, a scene is built [s].
PATIENCE_S = 30.0
#: A goal that is good may last for ever: after this it is cancelled [s].
GOAL_S = 3.0

WORDS = (
    *ROBOT.sides,
    *ROBOT.joints.names,
    *("handover_block", "stack_blocks_two", "robotwin2", "block", "pad", "cube", "box", "red", "table", "world"),
    *("hold", "grasp_actor", "place_actor", "move_by_displacement", "move_to_pose", "open_gripper", "close_gripper"),
    *("back_to_origin", "delay", "proportional", "independent", "arm", "auto", "free", "align", "bimanual_client"),
    *("robot", "cameras", "use_sim_time", "position_margin", '{"success": true}', '{"extra": {}}', "{", "[]", "NaN"),
)


class Watch:
    """Remembers every joint that was out of bounds."""

    def __init__(self) -> None:
        self.broken: list[str] = []
        grippers = [ROBOT.joints.group(f"{side}_gripper").start for side in ROBOT.sides]
        self._speed = velocity_limits(ROBOT) * SPEED_MARGIN
        self._speed[grippers] = np.inf

    def __call__(self, _: object, joints: JointSample) -> None:
        outside = (joints.position < ROBOT.lower - MARGIN) | (joints.position > ROBOT.upper + MARGIN)
        outside |= ~np.isfinite(joints.position) | (np.abs(joints.velocity) > self._speed)
        for i in np.flatnonzero(outside):
            self.broken.append(f"{ROBOT.joints.names[i]} at {joints.position[i]:.4f}, {joints.velocity[i]:.3f}/s")


class Fuzzed:
    """The graph under test, and what a test needs to talk to it and to put it right."""

    def __init__(self, session: GraphSession, folder: Path) -> None:
        self.session = session
        self.asker = Asker(session)
        self.folder = folder
        self.watch = Watch()
        session.world.add_listener(self.watch)
        self._numbers = itertools.count()
        self._owners = Owners()
        session.world.endpoints.subscription("control/owners", self._on_owners)
        self._scene()

    def _scene(self) -> None:
        self.session.request("task/load", task="handover_block", seed=0)

    def new_folder(self) -> Path:
        return self.folder / f"episode{next(self._numbers)}"

    def put_right(self) -> None:
        """Undo what a request that was good did on purpose: leases, stops, pauses, recordings."""
        for side, owner in zip(self._owners.arms, self._owners.owners, strict=True):
            if owner not in ("", "bimanual_client"):
                self.asker.ask("control/release", owner=owner, arms=[side])
        self.asker.ask("safety/reset")
        state = self.asker.client("sim/set_simulation_state").srv_type.Request()
        state.state.state = 1
        self.asker.ask("sim/set_simulation_state", state)
        self.asker.ask("recorder/stop")

    def _on_owners(self, owners: Owners) -> None:
        self._owners = owners

    def is_sound(self) -> None:
        """Every node lives, no joint was out of bounds, the arms rest, and a good request is done."""
        self.put_right()
        self.session.supervisor.check()
        assert self.watch.broken == []
        self._scene()
        world = self.session.world
        world.wait(0.1)
        before = world.observe()
        assert np.max(np.abs(before.joints.velocity)) < 0.02
        assert world.execute(Motion({}, {side: GripperGoal(0.05) for side in ROBOT.sides})).success
        after = world.observe()
        assert after.stamp_ns > before.stamp_ns
        self.session.supervisor.check()


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    with GraphSession() as session:
        yield Fuzzed(session, tmp_path_factory.mktemp("fuzz"))


def messages(fuzzed: Fuzzed) -> Messages:
    """Fields whose good values would take long or write anywhere are held within bounds."""
    inside = st.sampled_from([*NASTY, ".", "..", "a/../../b"]).map(lambda name: str(fuzzed.folder / name))
    new = st.builds(lambda: str(fuzzed.new_folder()))
    outside = st.sampled_from(["", "/", "/proc/x", "/dev/shm/../x", "/etc/x", "../x", "a/../../x", "\0", "/dev/null/x"])
    fields = {
        "steps": st.sampled_from([0, 1, 7, 300, 3600 * 300 + 1, 2**63, 2**64 - 1]),
        "directory": st.one_of(inside, new, outside),
        "duration": st.floats(0.0, 1.0),
        "budget": st.one_of(st.floats(0.0, 2.0), st.sampled_from([-1.0, 61.0, np.nan, np.inf])),
    }
    return Messages(WORDS, fields)


def good_messages(fuzzed: Fuzzed, name: str) -> Callable[[], Any] | None:
    """What makes a good request, goal or message of ``name``, or None where any is good enough."""
    world = fuzzed.session.world
    part, _, what = name.partition("_controller/")
    if what:
        joints = ROBOT.joints.names[ROBOT.joints.group(part)]

        def trajectory() -> JointTrajectory:
            q = world.observe().commanded[ROBOT.joints.group(part)]
            times = np.array([0.0, 0.2, 0.5])
            to = np.where(q > 0.05, -0.02, 0.02) * np.array([[0.0], [0.4], [1.0]])
            return trajectory_msg(CoreTrajectory(joints, times, q + to, np.zeros((3, len(joints)))))

        def follow() -> FollowJointTrajectory.Goal:
            goal = FollowJointTrajectory.Goal(trajectory=trajectory())
            goal.path_tolerance = [JointTolerance(name=joints[0], position=0.1)]
            return goal

        command = JointState(name=list(joints), position=[0.05])
        makers = {
            "joint_trajectory": trajectory,
            "follow_joint_trajectory": follow,
            "gripper_cmd": lambda: ParallelGripperCommand.Goal(command=deepcopy(command)),
        }
        return makers[what]
    here = pose_msg(world.observe().T_world_tcp["left"])
    cube = SceneObject(name="cube", class_name="cube", asset_id="red", mass_scale=1.0, friction_scale=1.0)
    cube.pose.position.z, cube.scale = 0.8, Vector3(x=1.0, y=1.0, z=1.0)
    reach = Skill(name="move_to_pose", has_target=True, target=here)
    lift = Skill(name="move_by_displacement", displacement=Vector3(z=0.02))
    grasp = Skill(name="grasp_actor", actor="block", pre_grasp_dis=0.1)
    good = {
        "skills/execute": ExecuteSkill.Goal(left=[reach, Skill(name="open_gripper"), grasp], right=[lift]),
        "planner/plan": PlanMotion.Request(sides=["left"], targets=[here], sync="proportional"),
        "sim/load_scene": LoadScene.Request(objects=[cube], table_top_z=0.74, seed=1),
        "task/load": LoadTask.Request(task="handover_block", seed=1),
        "control/acquire": Acquire.Request(owner="somebody", arms=["left"], ttl=5.0),
        "control/release": Release.Request(owner="somebody", arms=["left"]),
        "recorder/start": StartRecording.Request(directory=str(fuzzed.new_folder()), meta_json='{"task": "x"}'),
        "recorder/annotate": Annotate.Request(meta_json='{"success": true}'),
    }
    return (lambda: deepcopy(good[name])) if name in good else None


def candidates(fuzzed: Fuzzed, name: str, kind: Any) -> st.SearchStrategy[Any]:
    """Any messages, and good ones with a value or two replaced."""
    good = good_messages(fuzzed, name)
    strategy = messages(fuzzed)
    return st.one_of(strategy.of(kind), strategy.spoiled(good)) if good else strategy.of(kind)


def examine(strategy: st.SearchStrategy[Any], check: Callable[[Any], None], count: int) -> None:
    """Run ``check`` on ``count`` examples, always the same ones."""

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    @given(strategy)
    def run(example: Any) -> None:
        check(example)

    run()


def words_of(answer: Any) -> tuple[bool, str]:
    """Whether an answer or result is a success, and its words."""
    fields = answer.get_fields_and_field_types()
    if fields.get("result") == "simulation_interfaces/Result":
        return answer.result.result == answer.result.RESULT_OK, answer.result.error_message
    if "success" in fields:
        return answer.success, getattr(answer, "error_msg", "") or getattr(answer, "message", "")
    if "error_code" in fields:
        return answer.error_code == 0, getattr(answer, "error_msg", "") or getattr(answer, "error_string", "")
    return True, ""


def faulty(text: str) -> bool:
    """Whether words tell of a bug instead of a refusal."""
    return "failed inside" in text


def examine_service(fuzzed: Fuzzed, name: str, count: int) -> None:
    kind = fuzzed.asker.client(name).srv_type.Request

    def check(request: Any) -> None:
        success, text = words_of(fuzzed.asker.ask(name, request, PATIENCE_S))
        assert success or text
        assert not faulty(text), text
        fuzzed.session.supervisor.check()

    examine(candidates(fuzzed, name, kind), check, count)
    fuzzed.is_sound()


def examine_action(fuzzed: Fuzzed, name: str, count: int) -> None:
    kind = message_class(fuzzed.session.world.endpoints.entry(name).type).Goal

    def check(goal: Any) -> None:
        handle = fuzzed.asker.send(name, goal)
        if handle.accepted:
            answer = fuzzed.asker.finish(name, handle, GOAL_S)
            success, text = words_of(answer.result)
            done = answer.status == GoalStatus.STATUS_SUCCEEDED
            assert done or text or name.endswith("gripper_cmd")
            assert not faulty(text), text
            assert success or not done
        else:
            assert name.endswith("gripper_cmd"), "a rejected goal has no words"
        fuzzed.session.supervisor.check()

    examine(candidates(fuzzed, name, kind), check, count)
    fuzzed.is_sound()


def examine_stream(fuzzed: Fuzzed, name: str, count: int) -> None:
    world = fuzzed.session.world
    publisher = world.node.create_publisher(JointTrajectory, name, 1)
    try:
        world.feed.until(publisher.get_subscription_count, name, "sim_bridge")

        def check(message: Any) -> None:
            publisher.publish(message)
            world.wait(0.1)
            fuzzed.session.supervisor.check()

        examine(candidates(fuzzed, name, JointTrajectory), check, count)
    finally:
        world.node.destroy_publisher(publisher)
    fuzzed.is_sound()


@pytest.mark.parametrize("name", SERVICES)
def test_services(fuzzed: Fuzzed, name: str) -> None:
    examine_service(fuzzed, name, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("name", SERVICES)
def test_services_with_many_examples(fuzzed: Fuzzed, name: str) -> None:
    examine_service(fuzzed, name, MANY)


@pytest.mark.parametrize("name", ACTIONS)
def test_actions(fuzzed: Fuzzed, name: str) -> None:
    examine_action(fuzzed, name, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("name", ACTIONS)
def test_actions_with_many_examples(fuzzed: Fuzzed, name: str) -> None:
    examine_action(fuzzed, name, MANY)


@pytest.mark.parametrize("name", STREAMS)
def test_streamed_points(fuzzed: Fuzzed, name: str) -> None:
    examine_stream(fuzzed, name, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("name", STREAMS)
def test_streamed_points_with_many_examples(fuzzed: Fuzzed, name: str) -> None:
    examine_stream(fuzzed, name, MANY)


@pytest.mark.parametrize("node", NODES)
def test_parameters(fuzzed: Fuzzed, node: str) -> None:
    world = fuzzed.session.world
    for name, kind in PARAMETER_SERVICES.items():
        client = world.node.create_client(kind, f"{node}/{name}")
        world.feed.until(client.service_is_ready, client.srv_name, node)

        def check(request: Any, client: Any = client) -> None:
            future = client.call_async(request)
            future.add_done_callback(world.feed.poke)
            wait_for(fuzzed.session, future.done, f"the answer of {client.srv_name}")
            for result in getattr(future.result(), "results", []):
                assert result.successful or result.reason
            fuzzed.session.supervisor.check()

        examine(messages(fuzzed).of(kind.Request), check, FEW)
        world.node.destroy_client(client)
    fuzzed.session.supervisor.check()


def test_bytes_that_are_no_message(fuzzed: Fuzzed) -> None:
    """On every topic of the graph, from somebody else: they are dropped, and who reads the topic lives on."""
    world = fuzzed.session.world
    publishers = {name: world.endpoints.publisher(name) for name in TOPICS}
    for name, publisher in publishers.items():
        readers = world.node.count_subscribers(publisher.topic_name)
        wait_for(fuzzed.session, lambda p=publisher, n=readers: p.get_subscription_count() >= n, f"readers of {name}")
        for junk in (b"", b"\x00", b"\x00\x01\x00\x00", b"\x00\x01\x00\x00" + b"\xff" * 64, b"junk" * 100):
            # The middleware itself does not send more than a message of fixed size has.
            with suppress(RCLError):
                publisher.publish(junk)
        world.node.destroy_publisher(publisher)
    fuzzed.session.supervisor.check()
    # A second publisher of joint_states is another graph to the driver, until it looks again and finds it gone.
    fuzzed.put_right()
    end = time.monotonic() + PATIENCE_S
    while not world.execute(Motion({}, {side: GripperGoal(0.04) for side in ROBOT.sides})).success:
        assert time.monotonic() < end, "the driver still refuses to move"
        fuzzed.put_right()
    fuzzed.is_sound()


def test_a_busy_planner_says_so(fuzzed: Fuzzed) -> None:
    """A second request ends at once, in words; cancelling it does not touch the first."""
    name, long = "skills/execute", ExecuteSkill.Goal(left=[Skill(name="delay", seconds=60.0)] * 20)
    first = fuzzed.asker.send(name, long)
    second = fuzzed.asker.send(name, ExecuteSkill.Goal(left=[Skill(name="open_gripper")]))
    answer = fuzzed.asker.finish(name, second)
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert answer.result.error_msg == "the planner is busy with skills/execute; ask again when it is done"
    plan = fuzzed.asker.ask("planner/plan", sides=["left"])
    assert plan.error_msg == answer.result.error_msg
    answer_of(fuzzed.session, second.cancel_goal_async(), "the cancelling of what has ended")
    assert fuzzed.asker.finish(name, first, patience_s=0.1).status == GoalStatus.STATUS_CANCELED
    fuzzed.is_sound()
