"""The graph without a simulator: the contract is there, skills and goals run unchanged on the loopback robot, the
driver is a lifecycle node, and every fault that is asked for is detected and named."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.parameter import Parameter

from bimanual.graph.session import GraphSession
from bimanual_core.contract import OPTIONAL, ROBOT_DRIVER, Kind, endpoints
from bimanual_core.errors import BimanualError, ErrorCode, SilentNodeError
from bimanual_core.motion import GripperGoal, JointTrajectory, Motion
from bimanual_core.scene import SceneSpec
from bimanual_core.skill import Skill
from bimanual_ros.control_messages import follow_report
from bimanual_ros.conversions.joints import trajectory_msg
from bimanual_ros.feed import call
from bimanual_ros.graph_world import GraphWorld
from control_msgs.action import FollowJointTrajectory

pytestmark = pytest.mark.graph
LEFT = "left_arm_controller/follow_joint_trajectory"


@pytest.fixture(scope="module")
def session() -> Iterator[GraphSession]:
    with GraphSession("cobot_magic", graph="real") as running:
        yield running


@pytest.fixture
def world(session: GraphSession) -> GraphWorld:
    """The world at rest, free to move, leased to nobody."""
    session.world.release()
    trigger(session.world, "safety/reset")
    come_to_rest(session.world)
    return session.world


class Driver:
    """The robot driver as a lifecycle node with parameters and diagnostics."""

    def __init__(self, world: GraphWorld) -> None:
        self._world = world
        self._health: dict[str, tuple[bytes, str]] = {}
        world.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)

    def ask(self, kind: Any, name: str, **fields: Any) -> Any:
        client = self._world.node.create_client(kind, f"{ROBOT_DRIVER}/{name}")
        try:
            return call(self._world.feed, client, kind.Request(**fields), ROBOT_DRIVER)
        finally:
            self._world.node.destroy_client(client)

    def set(self, **parameters: Any) -> Any:
        given = [Parameter(name, value=value).to_parameter_msg() for name, value in parameters.items()]
        return self.ask(SetParametersAtomically, "set_parameters_atomically", parameters=given).result

    def change(self, label: str) -> bool:
        request = ChangeState.Request()
        request.transition.label = label
        return bool(self.ask(ChangeState, "change_state", transition=request.transition).success)

    @property
    def state(self) -> str:
        return str(self.ask(GetState, "get_state").current_state.label)

    def says(self, words: str) -> bool:
        """Whether /diagnostics comes to say ``words`` of the driver."""
        limit = time.monotonic() + 5.0
        self._world.feed.until(
            lambda: words in self._health.get(ROBOT_DRIVER, (b"", ""))[1] or time.monotonic() > limit, "diagnostics"
        )
        return words in self._health.get(ROBOT_DRIVER, (b"", ""))[1]

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self._health[status.name.rpartition("/")[2]] = (status.level, status.message)


@pytest.fixture(scope="module")
def driver(session: GraphSession) -> Driver:
    return Driver(session.world)


@pytest.fixture
def broken(session: GraphSession, driver: Driver) -> Iterator[Callable[..., None]]:
    """Breaks the robot; afterwards it is whole, active and allowed to move again."""

    def show(kind: str, joint: str = "", size: float = 0.0) -> None:
        result = driver.set(fault=kind, fault_joint=joint, fault_size=size)
        assert result.successful, result.reason

    yield show
    show("none")
    if driver.state == "inactive":
        driver.change("activate")


def come_to_rest(world: GraphWorld) -> None:
    """After an abort the command goes back to where the arm is."""
    before = np.full(world.robot.joints.size, np.inf)
    for _ in range(50):
        now = world.observe().commanded
        if np.array_equal(now, before):
            return
        before = now
        world.wait(0.2)
    raise AssertionError("the controllers do not come to rest")


def trigger(world: GraphWorld, name: str) -> Any:
    client = world.endpoints.client(name)
    return call(world.feed, client, client.srv_type.Request(), "safety")


def swing(world: GraphWorld, side: str = "left", angle: float = 0.2, seconds: float = 0.8) -> JointTrajectory:
    """All joints of an arm by ``angle`` from where they are, rest to rest."""
    robot = world.robot
    start = world.observe().commanded[robot.joints.group(f"{side}_arm")]
    s = np.linspace(0.0, 1.0, 21)
    share = (10 * s**3 - 15 * s**4 + 6 * s**5)[:, None]
    rate = (30 * s**2 - 60 * s**3 + 30 * s**4)[:, None] / seconds
    way = np.full(robot.arm(side).dof, angle) * [1, 1, -1, 1, 1, 1]
    return JointTrajectory(robot.arm(side).joints, s * seconds, start + share * way, rate * way)


class Sender:
    """A client without a lease, as MoveIt or rqt_joint_trajectory_controller is one."""

    def __init__(self, world: GraphWorld) -> None:
        self._world = world
        self._client = world.endpoints.action_client(LEFT)
        world.feed.until(self._client.server_is_ready, LEFT, ROBOT_DRIVER)

    def send(self, trajectory: JointTrajectory, lead_s: float = 0.0) -> Any:
        start_ns = self._world.observe().stamp_ns + round(lead_s * 1e9) if lead_s else 0
        goal = FollowJointTrajectory.Goal(trajectory=trajectory_msg(trajectory, start_ns))
        return self._world.feed.result(self._client.send_goal_async(goal), "the goal's answer", ROBOT_DRIVER)

    def end_of(self, handle: Any) -> Any:
        return self._world.feed.result(handle.get_result_async(), "the goal's end", ROBOT_DRIVER)


def absent(session: GraphSession) -> list[str]:
    """What the contract promises and the graph lacks; this graph has no cameras."""
    node = session.world.node
    types = dict([*node.get_topic_names_and_types(), *node.get_service_names_and_types()])
    missing = []
    for entry in (e for e in endpoints(session.world.robot, "real") if e.server not in OPTIONAL):
        name, wanted = f"/{entry.name.lstrip('/')}", entry.type
        if entry.kind is Kind.ACTION:
            name, wanted = f"{name}/_action/send_goal", f"{wanted}_SendGoal"
        if "_camera/" not in name and wanted not in types.get(name, []):
            missing.append(f"{name}: {wanted}")
    return missing


# -- the graph as it is ------------------------------------------------------------------------------------------------
def test_the_contract_is_alive_and_nothing_is_simulated(session: GraphSession, world: GraphWorld) -> None:
    limit = time.monotonic() + 5.0
    world.feed.until(lambda: not absent(session) or time.monotonic() > limit, "the contract")
    assert absent(session) == []
    names = [name for name, _ in world.node.get_topic_names_and_types()]
    assert not [name for name in names if name == "/clock" or name.startswith("/sim/")]
    with pytest.raises(BimanualError, match="only in a simulation a scene is built"):
        world.load_scene(SceneSpec())


def test_skills_run_unchanged_and_report_truthfully(session: GraphSession, world: GraphWorld) -> None:
    home = world.observe()
    up = Skill("move_by_displacement", displacement=(0.0, 0.0, 0.05))
    report = session.skills.execute([up, Skill("close_gripper")], [Skill("close_gripper", gripper_pos=0.5), up])
    assert report.success, report.error_msg
    there = world.observe()
    moved = there.T_world_tcp["left"][:3, 3] - home.T_world_tcp["left"][:3, 3]
    assert np.allclose(moved, (0.0, 0.0, 0.05), atol=2e-3)
    assert there.joints.position[world.robot.joints.index("left_gripper")] == pytest.approx(0.0, abs=2e-3)
    assert there.joints.position[world.robot.joints.index("right_gripper")] == pytest.approx(0.05, abs=2e-3)
    back = [Skill("open_gripper", gripper_pos=1.0), Skill("back_to_origin")]
    report = session.skills.execute(back, back)
    assert report.success, report.error_msg
    assert np.allclose(world.observe().joints.position, home.joints.position, atol=5e-3)
    report = session.skills.execute([Skill("move_by_displacement", displacement=(0.0, 0.0, 2.0))], [])
    assert (report.success, report.layer, report.failed_side, report.done) == (False, "plan", "left", 0)


def test_a_motion_of_both_arms_arrives_and_is_tracked(world: GraphWorld) -> None:
    arms = {side: swing(world, side) for side in world.robot.sides}
    goal = {side: t.positions[-1] for side, t in arms.items()}
    off: list[np.ndarray] = []
    world.add_listener(lambda _, joints: off.append(joints.position))
    report = world.execute(Motion(arms, {"left": GripperGoal(0.03)}))
    assert report.success, report.parts
    there = world.observe().joints.position
    for side in world.robot.sides:
        assert np.allclose(there[world.robot.joints.group(f"{side}_arm")], goal[side], atol=0.005)
        assert report.parts[f"{side}_arm"].max_error < 0.005
    assert len(off) > 15  # samples come at 30 Hz, paired with the objects of an empty table
    assert world.execute(Motion({side: swing(world, side, -0.2) for side in world.robot.sides}, {})).success


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda m: m.points[3].positions.__setitem__(2, float("nan")), "point 3, joint left_joint3"),
        (lambda m: m.joint_names.__setitem__(0, "elbow"), "unknown joint 'elbow'"),
        (lambda m: setattr(m.header.stamp, "sec", 1), "stale: the last point was due"),
        (lambda m: setattr(m.header, "frame_id", "stranger"), "leased to 'bimanual_client'"),
    ],
)
def test_bad_goals_are_refused_in_words(world: GraphWorld, spoil: Any, words: str) -> None:
    assert world.execute(Motion({}, {"left": GripperGoal(0.1)})).success  # takes the lease
    message = trajectory_msg(swing(world, angle=0.1), 0)
    message.header.frame_id = world.owner
    spoil(message)
    client = world.endpoints.action_client(LEFT)
    world.feed.until(client.server_is_ready, LEFT, ROBOT_DRIVER)
    goal = FollowJointTrajectory.Goal(trajectory=message)
    handle = world.feed.result(client.send_goal_async(goal), "the goal's answer", ROBOT_DRIVER)
    answer = world.feed.result(handle.get_result_async(), "the goal's end", ROBOT_DRIVER)
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert words in answer.result.error_string


def test_an_unleased_client_streams_and_its_goals_preempt(world: GraphWorld) -> None:
    sender = Sender(world)
    first = sender.send(swing(world, angle=0.2, seconds=2.0), lead_s=0.1)
    back = swing(world, angle=0.0, seconds=1.0)
    second = sender.send(back)
    preempted = follow_report(sender.end_of(first).result, canceled=False)
    assert preempted.error_code == ErrorCode.CONTROL_PREEMPTED
    ended = sender.end_of(second)
    assert ended.status == GoalStatus.STATUS_SUCCEEDED, ended.result.error_string
    stream = world.endpoints.publisher("left_arm_controller/joint_trajectory")
    world.feed.until(lambda: stream.get_subscription_count() > 0, "the stream's listener", ROBOT_DRIVER)
    streamed = swing(world, angle=0.1, seconds=1.0)
    stream.publish(trajectory_msg(streamed, 0))
    world.wait(1.3)
    arm = world.robot.joints.group("left_arm")
    assert np.allclose(world.observe().joints.position[arm], streamed.positions[-1], atol=0.005)
    stream.publish(trajectory_msg(swing(world, angle=0.1, seconds=2.0), 0))
    world.wait(0.3)
    handle = sender.send(swing(world, angle=-0.05, seconds=1.0), lead_s=0.1)
    assert sender.end_of(handle).status == GoalStatus.STATUS_SUCCEEDED


def test_a_stop_is_obeyed_until_it_is_reset(world: GraphWorld, broken: Callable[..., None]) -> None:
    sender, _ = Sender(world), broken
    handle = sender.send(swing(world, angle=0.4, seconds=2.0), lead_s=0.1)
    world.wait(1.0)
    assert trigger(world, "safety/stop").success
    report = follow_report(sender.end_of(handle).result, canceled=False)
    assert report.error_code == ErrorCode.CONTROL_STOPPED
    world.wait(0.5)
    held = world.observe().joints
    assert np.abs(held.velocity).max() < 1e-3
    refused = world.execute(Motion({"left": swing(world)}, {})).parts["left_arm"]
    assert refused.error_code == ErrorCode.CONTROL_STOPPED
    assert np.allclose(world.observe().joints.position, held.position, atol=1e-3)
    assert trigger(world, "safety/reset").success
    assert world.execute(Motion({"left": swing(world, angle=-0.05)}, {})).success


# -- faults on request -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("kind", "size"), [("frozen", 0.0), ("lag", 20.0)])
def test_a_joint_that_does_not_follow_is_named(world: GraphWorld, broken: Any, kind: str, size: float) -> None:
    assert world.execute(Motion({"left": swing(world, angle=0.05)}, {})).success
    trajectory = swing(world, angle=-0.6, seconds=1.2)
    broken(kind, "left_joint4", size)
    report = world.execute(Motion({"left": trajectory}, {}))
    part = report.parts["left_arm"]
    assert part.error_code == ErrorCode.CONTROL_PATH_TOLERANCE
    assert part.error_msg.startswith("left_joint4: ")


def test_a_measured_nan_stops_the_robot_by_name(world: GraphWorld, broken: Callable[..., None]) -> None:
    broken("nan", "right_joint2")
    report = world.execute(Motion({"left": swing(world, angle=0.3, seconds=2.0)}, {}))
    part = report.parts["left_arm"]
    assert part.error_code == ErrorCode.CONTROL_STOPPED
    assert "right_joint2: measured value is not finite" in part.error_msg
    assert "cannot reset: right_joint2" in trigger(world, "safety/reset").message


@pytest.mark.parametrize(
    ("kind", "size", "words"),
    [
        ("stale", 0.0, "no feedback"),
        ("write_error", 0.0, "writing to all joints failed"),
        ("jump", 0.5, "left_joint4: the measured position jumped by 0.5000"),
    ],
)
def test_a_failing_device_ends_the_motion_and_is_named(
    world: GraphWorld, driver: Driver, broken: Callable[..., None], kind: str, size: float, words: str
) -> None:
    sender = Sender(world)
    handle = sender.send(swing(world, angle=0.3, seconds=3.0), lead_s=0.1)
    broken(kind, "left_joint4" if kind == "jump" else "", size)
    report = follow_report(sender.end_of(handle).result, canceled=False)
    assert report.error_code == ErrorCode.HARDWARE_FAULT
    assert words in report.error_msg
    assert driver.state == "inactive"
    assert driver.says(words)
    refused = sender.end_of(sender.send(at_zero(world)))
    assert "the robot driver is inactive after a fault" in refused.result.error_string
    assert words in refused.result.error_string


def at_zero(world: GraphWorld) -> JointTrajectory:
    """A goal that needs no look at the robot."""
    joints = world.robot.arm("left").joints
    return JointTrajectory(joints, np.array([1.0]), np.zeros((1, len(joints))), np.zeros((1, len(joints))))


def test_faults_that_make_no_sense_are_refused_in_words(driver: Driver) -> None:
    assert "unknown joint 'elbow'; choices: left_gripper" in driver.set(fault="frozen", fault_joint="elbow").reason
    assert "'melted' is not a choice; choices: none, frozen" in driver.set(fault="melted").reason
    assert "does not fit between the fingers" in driver.set(held_width=0.5).reason
    assert not driver.set(fault_size=-1.0).successful
    assert not driver.set(control_hz=300).successful


# -- lifecycle ---------------------------------------------------------------------------------------------------------
def test_deactivating_brakes_and_the_joints_stay_in_sight(world: GraphWorld, driver: Driver, broken: Any) -> None:
    sender = Sender(world)
    handle = sender.send(swing(world, angle=0.5, seconds=2.0), lead_s=0.1)
    world.wait(1.0)
    assert driver.change("deactivate")
    report = follow_report(sender.end_of(handle).result, canceled=False)
    assert (report.error_code, report.error_msg) == (ErrorCode.HARDWARE_NOT_READY, "the robot driver is deactivated")
    held = world.observe().joints
    world.wait(0.5)
    assert np.allclose(world.observe().joints.position, held.position, atol=1e-3)
    assert driver.says("inactive: goals are refused")
    parts = world.execute(Motion({"left": swing(world)}, {"left": GripperGoal(0.05)})).parts
    assert "the robot driver is inactive; activate it first" in parts["left_arm"].error_msg
    assert not parts["left_gripper"].success
    assert driver.change("cleanup")
    assert driver.state == "unconfigured"
    assert driver.change("configure")
    assert driver.change("activate")
    assert driver.state == "active"
    assert world.execute(Motion({"left": swing(world, angle=0.05)}, {})).success


# -- tasks -------------------------------------------------------------------------------------------------------------
def test_a_person_builds_the_scene(session: GraphSession, world: GraphWorld) -> None:
    before = world.objects().scene_id
    with pytest.raises(BimanualError, match=r"build the layout of handover_block: block .* confirm true") as request:
        session.request("task/load", task="handover_block", seed=1)
    assert request.value.code == ErrorCode.NOT_CONFIRMED
    with pytest.raises(BimanualError, match="randomisation 'hard' is only in simulation"):
        session.request("task/load", task="handover_block", seed=1, randomisation="hard", confirm=True)
    assert world.objects().scene_id == before
    answer = session.request("task/load", task="handover_block", seed=1, confirm=True)
    assert answer.scene_id == before + 1
    world.feed.until(lambda: world.objects().scene_id > before, "the confirmed layout", "task_server")
    assert list(world.objects().objects) == ["block", "pad"]
    verdict = session.request("task/evaluate")
    assert not verdict.task_success
    assert "nothing tracks the objects" in verdict.reason


def test_a_driver_that_falls_silent_is_named(session: GraphSession, world: GraphWorld) -> None:
    pid = session.supervisor.find(ROBOT_DRIVER).process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(SilentNodeError, match=f"node {ROBOT_DRIVER} "):
            _observe_all_that_is_on_its_way(world)
    finally:
        os.kill(pid, signal.SIGCONT)
    limit = time.monotonic() + 10.0
    while not _is_back(world):
        assert time.monotonic() < limit


def _observe_all_that_is_on_its_way(world: GraphWorld) -> None:
    for _ in range(20):
        world.observe()


def _is_back(world: GraphWorld) -> bool:
    try:
        world.observe()
    except SilentNodeError:
        return False
    return True
