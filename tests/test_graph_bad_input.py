"""Bad input over the graph: each is refused in words with value, limit or choices; nothing moves and no node dies."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from bimanual_interfaces.action import ExecuteSkill
from bimanual_interfaces.msg import SceneObject, Skill
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point, Pose, Quaternion, Vector3
from graph_asking import PATIENCE_S, answer_of
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from bimanual.graph.session import GraphSession
from bimanual_core.contract import SIM_BRIDGE
from bimanual_core.errors import ErrorCode
from bimanual_ros.conversions.basics import pose_msg, time_msg
from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from control_msgs.msg import JointTolerance

pytestmark = [pytest.mark.graph, pytest.mark.sim]

NAN = math.nan
LOST = Pose(position=Point(x=NAN))
FAR = Pose(position=Point(x=5.0))
START = 100_000_000  # a goal's start [ns] after the resting world's time


@pytest.fixture(scope="module")
def graph() -> Iterator[GraphSession]:
    with GraphSession() as session:
        session.request("task/load", task="handover_block", seed=0)
        yield session


@pytest.fixture(autouse=True)
def nothing_happens(graph: GraphSession) -> Iterator[None]:
    """Whatever a test sends: the same scene stands still at the same instant, and every node lives."""
    before, stood = graph.world.observe(), graph.world.objects()
    yield
    graph.supervisor.check()
    after, stands = graph.world.observe(), graph.world.objects()
    assert (after.scene_id, after.stamp_ns) == (before.scene_id, before.stamp_ns)
    assert np.array_equal(after.joints.position, before.joints.position)
    assert np.array_equal(after.commanded, before.commanded)
    assert list(stands.objects) == list(stood.objects)


def ask(graph: GraphSession, name: str, **fields: Any) -> Any:
    """The raw answer of a service."""
    world = graph.world
    client = world.endpoints.client(name)
    world.feed.until(client.service_is_ready, name, world.endpoints.entry(name).server, PATIENCE_S)
    return answer_of(graph, client.call_async(client.srv_type.Request(**fields)), name)


def refused(graph: GraphSession, name: str, **fields: Any) -> tuple[int, str]:
    """Code and words of a service's refusal."""
    answer = ask(graph, name, **fields)
    assert not answer.success
    return answer.error_code, answer.error_msg


def send(graph: GraphSession, name: str, goal: Any) -> Any:
    """The handle's answer to a goal: None if it was rejected, or its final answer."""
    world = graph.world
    client = world.endpoints.action_client(name)
    server = world.endpoints.entry(name).server
    world.feed.until(client.server_is_ready, name, server, PATIENCE_S)
    handle = answer_of(graph, client.send_goal_async(goal), name)
    return answer_of(graph, handle.get_result_async(), name) if handle.accepted else None


# -- follow_joint_trajectory ------------------------------------------------------------------------------------------
Goal = FollowJointTrajectory.Goal
Codes = FollowJointTrajectory.Result


def joint(index: int, *values: float) -> Callable[[Goal], None]:
    """Set a joint's position in the points, from the last back."""

    def spoil(goal: Goal) -> None:
        for point, value in zip(reversed(goal.trajectory.points), values, strict=False):
            point.positions[index] += value

    return spoil


def at(seconds: int, nanoseconds: int = 0) -> Callable[[Goal], None]:
    return lambda goal: setattr(goal.trajectory.header, "stamp", Time(sec=seconds, nanosec=nanoseconds))


def names(*joints: str) -> Callable[[Goal], None]:
    return lambda goal: setattr(goal.trajectory, "joint_names", list(joints))


def hurry(goal: Goal) -> None:
    goal.trajectory.points[1].positions[0] += 1.0
    goal.trajectory.points[1].time_from_start = Duration(nanosec=110_000_000)


def drift(goal: Goal) -> None:
    goal.trajectory.points[1].velocities = [0.5] * 6


def backwards(goal: Goal) -> None:
    goal.trajectory.points.reverse()


LEFT = [f"left_joint{i}" for i in range(1, 7)]
TRAJECTORIES = {
    "nan": (joint(2, NAN), Codes.INVALID_GOAL, "positions: point 1, joint left_joint3 is not finite"),
    "infinite": (joint(0, math.inf), Codes.INVALID_GOAL, "point 1, joint left_joint1 is not finite"),
    "size": (lambda g: g.trajectory.points[1].positions.pop(), Codes.INVALID_GOAL, "has 5 positions for 6 joints"),
    "unknown": (names("elbow", *LEFT[1:]), Codes.INVALID_JOINTS, "unknown joint 'elbow'; this controller moves: left_"),
    "points": (
        lambda g: setattr(g.trajectory, "points", g.trajectory.points * 5001),
        Codes.INVALID_GOAL,
        "at most 10000",
    ),
    "joints": (
        names(*LEFT * 11),
        Codes.INVALID_GOAL,
        "trajectory has 2 points of 66 joints; at most 10000 points of 64",
    ),
    "twice": (names(LEFT[1], *LEFT[1:]), Codes.INVALID_JOINTS, "joint 'left_joint2' is given twice"),
    "empty": (lambda g: g.trajectory.points.clear(), Codes.INVALID_GOAL, "trajectory has no points"),
    "stale": (at(-5), Codes.OLD_HEADER_TIMESTAMP, "stale: the last point was due"),
    "future": (at(70), Codes.INVALID_GOAL, "s from now; at most 60 s"),
    "limit": (
        joint(0, 9.0),
        Codes.INVALID_GOAL,
        "left_joint1: position 9.0000 of point 1 is outside [-2.6180, 2.6180]",
    ),
    "speed": (hurry, Codes.INVALID_GOAL, "left_joint1: speed "),
    "start": (joint(1, 0.3, 0.3), Codes.INVALID_GOAL, "0.3000 from the present command"),
    "backwards": (backwards, Codes.INVALID_GOAL, "times must be finite, start at 0 or later and increase strictly"),
    "moving end": (drift, Codes.INVALID_GOAL, "the last point moves with 0.5000, it must be at rest"),
    "tolerance": (
        lambda g: g.path_tolerance.append(JointTolerance(name="elbow", position=1.0)),
        Codes.INVALID_GOAL,
        "path tolerance for unknown joint 'elbow'; choices: left_joint1",
    ),
}


@pytest.mark.parametrize("case", TRAJECTORIES)
def test_a_bad_trajectory_is_refused(graph: GraphSession, case: str) -> None:
    spoil, code, words = TRAJECTORIES[case]
    q = graph.world.observe().commanded[graph.world.robot.joints.group("left_arm")]
    trajectory = JointTrajectory(joint_names=LEFT)
    trajectory.header.stamp = time_msg(graph.world.since_ns + START)
    for moment in (Duration(), Duration(sec=1)):
        trajectory.points.append(
            JointTrajectoryPoint(positions=q.tolist(), velocities=[0.0] * 6, time_from_start=moment)
        )
    goal = Goal(trajectory=trajectory)
    spoil(goal)
    answer = send(graph, "left_arm_controller/follow_joint_trajectory", goal)
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert answer.result.error_code == code
    assert words in answer.result.error_string


# -- gripper_cmd ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("command", "words"),
    [
        (JointState(position=[NAN]), "needs one finite position [m], got [nan]"),
        (JointState(), "needs one finite position [m], got []"),
        (JointState(position=[0.5]), "opening 0.5000 m is outside [0, 0.1000]"),
        (JointState(position=[0.05], effort=[NAN]), "finite effort [N], got [nan]"),
        (JointState(name=["thumb"], position=[0.05]), "names thumb; this gripper's joint is left_gripper"),
    ],
)
def test_a_bad_gripper_command_is_rejected_and_logged(graph: GraphSession, command: JointState, words: str) -> None:
    log = graph.supervisor.find(SIM_BRIDGE).log_file
    begin = log.stat().st_size
    assert send(graph, "left_gripper_controller/gripper_cmd", ParallelGripperCommand.Goal(command=command)) is None
    told = _since(log, begin)
    assert "left_gripper: goal refused: " in told
    assert words in told


def _since(log: Any, begin: int) -> str:
    return log.read_bytes()[begin:].decode()


# -- skills/execute ---------------------------------------------------------------------------------------------------
def bent() -> Pose:
    return Pose(orientation=Quaternion(x=1.0, y=1.0, w=1.0))


SKILLS = {
    "name": (Skill(name="juggle"), 1, "unknown skill 'juggle'; choices: hold, grasp_actor, place_actor"),
    "actor": (Skill(name="grasp_actor", actor="teapot"), 2, "unknown object 'teapot'; choices: block, pad"),
    "no actor": (Skill(name="grasp_actor"), 1, "grasp_actor: needs an actor"),
    "nan pose": (Skill(name="move_to_pose", has_target=True, target=LOST), 1, "pose is not finite: position (nan"),
    "quaternion": (Skill(name="move_to_pose", has_target=True, target=bent()), 1, "has length 1.7321, it must be 1"),
    "no target": (Skill(name="move_to_pose"), 1, "move_to_pose: needs a target pose"),
    "far": (Skill(name="move_to_pose", has_target=True, target=FAR), 100, "[5.0, 0.0, 0.0] m"),
    "opening": (Skill(name="open_gripper", gripper_pos=NAN), 1, "gripper_pos nan is outside 0..1"),
    "displacement": (Skill(name="move_by_displacement", displacement=Vector3(z=NAN)), 1, "nan) is outside [-60, 60] m"),
    "axis": (Skill(name="move_by_displacement", move_axis="up"), 1, "move_axis 'up'; choices: world, arm"),
    "delay": (Skill(name="delay", seconds=-1.0), 1, "seconds -1.0 is outside [0, 60]"),
    "empty hand": (Skill(name="place_actor", actor="block", has_target=True), 1, "the left arm holds nothing"),
}


@pytest.mark.parametrize("case", SKILLS)
def test_a_bad_skill_is_refused(graph: GraphSession, case: str) -> None:
    skill, code, words = SKILLS[case]
    answer = send(graph, "skills/execute", ExecuteSkill.Goal(left=[skill]))
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert (answer.result.error_code, answer.result.done) == (code, 0)
    assert words in answer.result.error_msg
    assert answer.result.layer in ("request", "plan")


def test_a_bad_skill_late_in_a_list_stops_the_first(graph: GraphSession) -> None:
    goal = ExecuteSkill.Goal(left=[Skill(name="close_gripper"), Skill(name="juggle")])
    answer = send(graph, "skills/execute", goal)
    assert answer.result.error_msg.startswith("left[1]: unknown skill 'juggle'")
    answer = send(graph, "skills/execute", ExecuteSkill.Goal(left=[Skill(name="close_gripper")], sync="chaotic"))
    assert answer.result.error_msg == "unknown sync 'chaotic'; choices: proportional, independent"


# -- planner/plan -----------------------------------------------------------------------------------------------------
def test_bad_plans_are_refused(graph: GraphSession) -> None:
    tcp = graph.world.observe().T_world_tcp
    here, in_table, between = pose_msg(tcp["left"]), tcp["left"].copy(), tcp["left"].copy()
    in_table[2, 3] = 0.70
    between[:3, 3] = [0.0, -0.1, 1.0]
    both = ["left", "right"]
    for sides, targets, code, words in (
        (["left"], [LOST], 1, "pose is not finite: position (nan"),
        (["middle"], [here], 2, "unknown arm 'middle'; choices: left, right"),
        (["left", "left"], [here, here], 1, "sides left, left: an arm is given twice"),
        (both, [here], 1, "2 sides and 1 targets"),
        ([], [], 1, "no arm is asked to move"),
        (["left"], [FAR], ErrorCode.PLAN_UNREACHABLE, "no joints within limits reach the pose at [5.0, 0.0, 0.0] m"),
        (["left"], [pose_msg(in_table)], ErrorCode.PLAN_COLLISION, "overlaps table"),
        (both, [pose_msg(between)] * 2, ErrorCode.PLAN_COLLISION, "goal in collision: left_"),
    ):
        told = refused(graph, "planner/plan", sides=sides, targets=targets)
        assert told[0] == code
        assert words in told[1]
    assert ask(graph, "planner/plan", sides=["left"], targets=[here]).success


# -- scenes, tasks, leases --------------------------------------------------------------------------------------------
def item(**changes: Any) -> SceneObject:
    """A cube above the table, with ``changes``."""
    one = Vector3(x=1.0, y=1.0, z=1.0)
    fields = {"name": "a", "class_name": "cube", "asset_id": "red", "scale": one, "mass_scale": 1.0}
    return SceneObject(**{**fields, "friction_scale": 1.0, "pose": Pose(position=Point(z=0.8)), **changes})


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ([item(pose=LOST)], "pose is not finite: position (nan"),
        ([item(pose=Pose(position=Point(x=1e9)))], "is beyond 100 m"),
        ([item(class_name="teapot")], "unknown asset class 'teapot'; choices: alarm_clock, apple"),
        ([item(asset_id="nope")], "unknown id of class cube 'nope'; choices: black"),
        ([item(scale=Vector3(x=NAN))], "scale nan, 0, 0 is outside [0.01, 100]"),
        ([item(mass_scale=NAN)], "mass_scale nan is outside [0.01, 100]"),
        ([item(friction_scale=-1.0)], "friction_scale -1 is outside [0, 100]"),
        ([item(has_colour=True, rgb=[NAN, 0.0, 0.0])], "rgb nan, 0, 0 is outside [0, 1]"),
        ([item(name="")], "an object of class 'cube' has no name"),
        ([item(), item()], "object name 'a' is used twice or reserved"),
        ([item(name="a" * 101)], "object name 'aaaaaaaaaaaaaaaaaaaa'... has 101 letters; at most 100"),
        ([item(name=f"a{i}") for i in range(201)], "a scene of 201 objects; at most 200"),
    ],
)
def test_a_bad_object_is_refused(graph: GraphSession, objects: list[SceneObject], words: str) -> None:
    code, told = refused(graph, "sim/load_scene", objects=objects)
    assert code in (ErrorCode.INVALID_REQUEST, ErrorCode.UNKNOWN_NAME)
    assert words in told


@pytest.mark.parametrize(
    ("service", "fields", "words"),
    [
        ("sim/load_scene", {"table_top_z": NAN}, "table: top_z nan m is outside [0.2, 1.5]"),
        ("sim/load_scene", {"table_top_z": -5.0}, "table: top_z -5.0 m is outside [0.2, 1.5]"),
        ("sim/load_scene", {"seed": -1}, "seed -1 is below the limit 0"),
        ("control/acquire", {"owner": "x" * 5000}, "owner has 5000 letters; a node's name has at most 200"),
        ("recorder/start", {"directory": ""}, "directory is empty; give the path of a new folder"),
        ("recorder/start", {"directory": "/etc/episode"}, "/etc/episode is in /etc, which belongs to the operating"),
        ("recorder/start", {"directory": "a/../../b"}, "goes up by '..'"),
        ("recorder/stop", {}, "nothing is being recorded"),
        ("task/load", {"task": "juggle"}, "unknown task 'juggle'; choices: adjust_bottle, beat_block_hammer"),
        (
            "task/load",
            {"task": "handover_block", "variant": "x"},
            "unknown variant of handover_block 'x'; choices: rob",
        ),
        ("task/load", {"task": "handover_block", "seed": -1}, "seed -1 is below the limit 0"),
        ("control/acquire", {"owner": "x", "ttl": NAN}, "ttl nan s is outside (0, 3600] s; 0 means the longest"),
        ("control/acquire", {"owner": "x", "ttl": -1e308}, "ttl -1e+308 s is outside (0, 3600] s"),
        ("control/acquire", {"owner": "x", "arms": ["middle"]}, "unknown arm 'middle'; choices: left, right"),
        ("recorder/start", {"directory": "x", "meta_json": "{"}, "meta_json is no JSON"),
    ],
)
def test_a_bad_request_is_refused(graph: GraphSession, service: str, fields: dict[str, Any], words: str) -> None:
    code, told = refused(graph, service, **fields)
    assert code != 0
    assert words in told


def test_streamed_points_that_are_not_finite_are_dropped(graph: GraphSession) -> None:
    world = graph.world
    log = graph.supervisor.find(SIM_BRIDGE).log_file
    begin = log.stat().st_size
    publisher = world.node.create_publisher(JointTrajectory, "left_arm_controller/joint_trajectory", 1)
    try:
        world.feed.until(publisher.get_subscription_count, "the controller", SIM_BRIDGE)
        points = [JointTrajectoryPoint(positions=[NAN] * 6, time_from_start=Duration(nanosec=100_000_000))]
        publisher.publish(JointTrajectory(joint_names=LEFT, points=points))
        told = world.feed.until(
            lambda: "streamed points refused" in (t := _since(log, begin)) and t, "the warning", SIM_BRIDGE
        )
    finally:
        world.node.destroy_publisher(publisher)
    assert "left_arm: streamed points refused: trajectory positions: point 0, joint left_joint1 is not finite" in told
