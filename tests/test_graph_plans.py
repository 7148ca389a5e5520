"""planner/plan of the live graph: what it can be asked, what it answers, what it shows. The last tests move things."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from bimanual_interfaces.action import ExecuteSkill
from bimanual_interfaces.msg import Skill
from geometry_msgs.msg import Pose, Quaternion
from graph_asking import Asker, wait_for
from sensor_msgs.msg import JointState

from bimanual.graph.session import GraphSession
from bimanual_core.errors import ErrorCode
from bimanual_core.scene import SceneSpec, TableSpec
from bimanual_core.se3 import inverse
from bimanual_description import load
from bimanual_kinematics.model import RobotModel
from bimanual_ros.conversions.basics import pose_msg
from bimanual_ros.conversions.joints import trajectory_of

pytestmark = [pytest.mark.graph, pytest.mark.sim]

ROBOT = load("cobot_magic")
MODEL = RobotModel.of(ROBOT)
HOME = {side: ROBOT.home[ROBOT.joints.group(f"{side}_arm")] for side in ROBOT.sides}
#: A reply, its way through the graph included, comes so much later than the budget at most [s].
SLACK_S = 0.5


@pytest.fixture(scope="module")
def graph() -> Iterator[GraphSession]:
    with GraphSession() as session:
        session.request("task/load", task="handover_block", seed=0)
        yield session


@pytest.fixture(scope="module")
def asker(graph: GraphSession) -> Asker:
    return Asker(graph)


@pytest.fixture
def tcp(graph: GraphSession) -> dict[str, Any]:
    return graph.world.observe().T_world_tcp


def bent() -> Pose:
    return Pose(orientation=Quaternion(x=1.0, y=1.0, z=1.0, w=1.0))


def joints(side: str, q: Any) -> JointState:
    return JointState(name=list(ROBOT.arm(side).joints), position=[float(v) for v in q])


def lowered(T: Any, by: float) -> Pose:
    low = np.array(T)
    low[2, 3] -= by
    return pose_msg(low)


def end_of(message: Any, side: str) -> Any:
    return MODEL.fk(side, trajectory_of(message).positions[-1])


def test_a_method_is_used_and_said(asker: Asker, tcp: dict[str, Any]) -> None:
    for method, used in (("", "screw"), ("auto", "screw"), ("screw", "screw"), ("joint", "joint"), ("rrt", "rrt")):
        answer = asker.ask("planner/plan", sides=["left"], targets=[lowered(tcp["left"], 0.03)], method=method)
        assert (answer.success, answer.error_msg, answer.method) == (True, "", used)
        assert end_of(answer.trajectories[0], "left")[2, 3] == pytest.approx(tcp["left"][2, 3] - 0.03, abs=1e-4)
    answer = asker.ask("planner/plan", sides=["left"], targets=[pose_msg(tcp["left"])], method="magic")
    assert answer.error_code == ErrorCode.UNKNOWN_NAME
    assert "unknown method of backend screw 'magic'; choices: auto, joint, rrt, screw" in answer.error_msg


def test_joints_by_name(asker: Asker) -> None:
    both = joints("right", HOME["right"] + 0.05)
    both.name += ROBOT.arm("left").joints
    both.position.extend(float(q) for q in HOME["left"] - 0.05)
    answer = asker.ask("planner/plan", joints=both)
    assert (answer.success, answer.method) == (True, "joint")
    left, right = (trajectory_of(message) for message in answer.trajectories)
    assert (left.joints, right.joints) == (ROBOT.arm("left").joints, ROBOT.arm("right").joints)
    assert left.positions[-1] == pytest.approx(HOME["left"] - 0.05)
    assert right.positions[-1] == pytest.approx(HOME["right"] + 0.05)


def test_a_pose_in_the_frame_of_an_object(asker: Asker, graph: GraphSession, tcp: dict[str, Any]) -> None:
    target = np.array(tcp["left"])
    target[:2, 3] += (-0.02, 0.03)
    in_block = pose_msg(inverse(graph.world.objects().objects["block"].T_world_object) @ target)
    asked = {"sides": ["right", "left"], "targets": [pose_msg(tcp["right"]), in_block], "frames": ["", "block"]}
    answer = asker.ask("planner/plan", **asked)
    assert answer.success
    left, right = answer.trajectories
    assert end_of(left, "left") == pytest.approx(target, abs=1e-4)
    assert len(right.points) == 1  # it is there


def test_an_arm_that_is_there_has_one_point_at_rest(asker: Asker, tcp: dict[str, Any]) -> None:
    for asked in ({"sides": ["left"], "targets": [pose_msg(tcp["left"])]}, {"joints": joints("left", HOME["left"])}):
        answer = asker.ask("planner/plan", **asked)
        assert answer.success
        stays = trajectory_of(answer.trajectories[0])
        assert (len(stays.positions), stays.duration) == (1, 0.0)
        assert stays.positions[0] == pytest.approx(HOME["left"], abs=1e-6)


def test_the_budget_ends_a_plan(asker: Asker, tcp: dict[str, Any]) -> None:
    between = np.array(tcp["left"])
    between[:3, 3] = (0.0, -0.1, 1.0)
    for budget in (0.05, 0.3):
        begin = time.monotonic()
        answer = asker.ask("planner/plan", sides=["left", "right"], targets=[pose_msg(between)] * 2, budget=budget)
        assert time.monotonic() - begin < 1.1 * budget + SLACK_S
        assert not answer.success
        assert answer.plan_seconds > 0.0


def test_a_plan_and_what_stopped_one_are_shown(asker: Asker, graph: GraphSession, tcp: dict[str, Any]) -> None:
    shown: list[Any] = []
    graph.world.endpoints.subscription("planner/markers", shown.append)
    asker.ask("planner/plan", sides=["left"], targets=[lowered(tcp["left"], 0.03)])
    wait_for(graph, lambda: shown and {m.ns for m in shown[-1].markers} >= {"left_goal", "left_path"}, "the way")
    assert [m.text for m in shown[-1].markers if m.ns == "left_name"] == ["left screw"]
    answer = asker.ask("planner/plan", sides=["left"], targets=[lowered(tcp["left"], 0.22)])
    wait_for(graph, lambda: {m.ns for m in shown[-1].markers} >= {"collision", "collision_arrow"}, "the collision")
    texts = [m.text for m in shown[-1].markers if m.ns == "collision_text"]
    assert texts
    assert all(text in answer.error_msg for text in texts)
    at = [m.pose.position.z for m in shown[-1].markers if m.ns == "collision"]
    assert min(abs(z - TableSpec().top_z) for z in at) < 0.05
    asker.ask("planner/plan", sides=["left"], targets=[Pose(orientation=Quaternion(w=2.0))])
    wait_for(graph, lambda: {m.ns for m in shown[-1].markers} == {""}, "that all is gone")
    low = ExecuteSkill.Goal(left=[Skill(name="move_to_pose", has_target=True, target=lowered(tcp["left"], 0.22))])
    told = asker.finish("skills/execute", asker.send("skills/execute", low)).result.error_msg
    wait_for(
        graph, lambda: any(m.ns == "collision_text" and m.text in told for m in shown[-1].markers), "what stopped it"
    )


CONTRADICTIONS = {
    "poses and joints": ({"joints": joints("right", HOME["right"])}, 1, "give tcp poses or joints, not both"),
    "frame": ({"frames": ["teapot"]}, 2, "unknown frame 'teapot'; choices: block, pad, world"),
    "frames": ({"frames": ["", ""]}, 1, "2 frames and 1 sides; give one a side, or none"),
    "arm twice": ({"sides": ["left"] * 2, "targets": [Pose()] * 2}, 1, "sides left, left: an arm is given twice"),
    "joint": (
        {"sides": [], "targets": [], "joints": JointState(name=["elbow"], position=[0.0])},
        2,
        "'elbow'; choices",
    ),
    "some joints": (
        {"sides": [], "targets": [], "joints": JointState(name=["left_joint1"], position=[0.0])},
        1,
        "left arm: joint 'left_joint2' is missing; give all of left_joint1, left_joint2",
    ),
    "joint is nan": (
        {"sides": [], "targets": [], "joints": joints("left", np.full(6, np.nan))},
        1,
        "position nan of 'left_joint1' is not finite",
    ),
    "limit": ({"sides": [], "targets": [], "joints": joints("left", np.full(6, 9.0))}, 101, "outside [-2.618, 2.618]"),
    "quaternion": ({"targets": [bent()]}, 1, "has length 2.0000, it must be 1"),
    "budget": ({"budget": 61.0}, 1, "budget 61.0 s is outside (0, 60]"),
    "budget is nan": ({"budget": np.nan}, 1, "budget nan s is outside (0, 60]"),
    "object": ({"objects": ["teapot"], "object_targets": [Pose()]}, 2, "unknown object 'teapot'; choices: block, pad"),
    "not held": ({"objects": ["block"], "object_targets": [Pose()]}, 1, "no hand holds block"),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_contradictions_are_refused(asker: Asker, tcp: dict[str, Any], case: str) -> None:
    fields, code, words = CONTRADICTIONS[case]
    answer = asker.ask("planner/plan", **{"sides": ["left"], "targets": [pose_msg(tcp["left"])], **fields})
    assert not answer.success
    assert (answer.error_code, words in answer.error_msg) == (code, True), answer.error_msg
    assert not answer.trajectories


def test_a_held_object_is_brought_to_a_pose(asker: Asker, graph: GraphSession) -> None:
    """It moves the robot: the block is grasped first."""
    grasp = ExecuteSkill.Goal(left=[Skill(name="grasp_actor", actor="block", pre_grasp_dis=0.1, gripper_pos=0.0)])
    assert asker.finish("skills/execute", asker.send("skills/execute", grasp), 30.0).result.error_msg == ""
    target = np.array(graph.world.objects().objects["block"].T_world_object)
    target[2, 3] += 0.05
    held = {"objects": ["block"], "object_targets": [pose_msg(target)]}
    answer = asker.ask("planner/plan", **held)
    assert answer.error_msg == ""
    q = graph.world.observe().commanded[ROBOT.joints.group("left_arm")]
    in_hand = inverse(MODEL.fk("left", q)) @ graph.world.objects().objects["block"].T_world_object
    assert end_of(answer.trajectories[0], "left") @ in_hand == pytest.approx(target, abs=1e-3)
    tcp = pose_msg(graph.world.observe().T_world_tcp["left"])
    answer = asker.ask("planner/plan", sides=["left"], targets=[tcp], **held)
    assert "a tcp pose and a pose of block, which it holds, contradict each other" in answer.error_msg


def test_the_table_of_the_scene_is_planned_around(asker: Asker, graph: GraphSession) -> None:
    """It changes the scene."""
    graph.world.load_scene(SceneSpec())
    over_table = np.array(graph.world.observe().T_world_tcp["left"])
    over_table[2, 3] = TableSpec().top_z + 0.015
    goal = {"sides": ["left"], "targets": [pose_msg(over_table)]}
    assert asker.ask("planner/plan", **goal).success
    graph.world.load_scene(SceneSpec(table=TableSpec(top_z=TableSpec().top_z + 0.03)))
    answer = asker.ask("planner/plan", **goal)
    assert answer.error_code == ErrorCode.PLAN_COLLISION
    assert "overlaps table" in answer.error_msg
