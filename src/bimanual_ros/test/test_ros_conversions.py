"""Messages carry core types without loss."""

import math

import numpy as np
import pytest
from geometry_msgs.msg import Point, Vector3
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory as TrajectoryMsg
from trajectory_msgs.msg import JointTrajectoryPoint

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.look import SceneLook
from bimanual_core.motion import JointTrajectory
from bimanual_core.observation import ObjectSnapshot, ObjectState
from bimanual_core.robot import JointLayout
from bimanual_core.scene import SceneObject, SceneSpec, TableSpec
from bimanual_core.se3 import exp_SE3, make_T
from bimanual_core.skill import Skill, SkillReport
from bimanual_ros.conversions import basics, joints, scene, skills

rng = np.random.default_rng(5)
LAYOUT = JointLayout(("left_joint1", "left_gripper"), {"left_arm": slice(0, 1), "left_gripper": slice(1, 2)})


@pytest.mark.parametrize("stamp", [0, 1, 3_333_333, 999_999_999, 1_000_000_000, 123_456_789_012])
def test_time_is_exact(stamp):
    assert basics.stamp_ns(basics.time_msg(stamp)) == stamp
    assert basics.stamp_ns(basics.duration_msg(stamp)) == stamp


def test_pose_keeps_translation_exactly_and_rotation_closely():
    T = exp_SE3(rng.normal(size=6))
    back = basics.pose_of(basics.pose_msg(T))
    assert np.array_equal(back[:3, 3], T[:3, 3])
    assert np.allclose(back, T, atol=1e-15)


def test_pose_with_a_bad_quaternion_is_refused():
    message = basics.pose_msg(np.eye(4))
    message.orientation.w = 0.5
    with pytest.raises(BimanualError, match="length 0.5"):
        basics.pose_of(message)
    message.orientation.w = math.nan
    with pytest.raises(BimanualError, match="not finite"):
        basics.pose_of(message)


def test_trajectory_is_bit_exact():
    times = np.cumsum(rng.uniform(0.001, 0.1, 20)) - 0.0
    values = [rng.normal(size=(20, 3)) for _ in range(3)]
    sent = JointTrajectory(("a", "b", "c"), times, *values)
    back = joints.trajectory_of(joints.trajectory_msg(sent, 5))
    assert np.array_equal(back.times, sent.times)
    for name in ("positions", "velocities", "accelerations"):
        assert np.array_equal(getattr(back, name), getattr(sent, name))


def _trajectory(*positions, names=("a", "b")):
    points = [
        JointTrajectoryPoint(positions=p, time_from_start=basics.duration_msg((i + 1) * 10**9))
        for i, p in enumerate(positions)
    ]
    return TrajectoryMsg(joint_names=list(names), points=points)


def test_velocities_are_estimated_where_absent():
    out = joints.trajectory_of(_trajectory([0.0, 0.0], [1.0, 0.0], [2.0, 0.0]))
    assert np.array_equal(out.velocities[:, 0], [0.0, 1.0, 0.0])


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (TrajectoryMsg(joint_names=["a"]), "no points"),
        (_trajectory([0.0]), "point 0 has 1 positions for 2 joints"),
        (_trajectory([0.0, math.nan]), "point 0, joint b is not finite"),
    ],
)
def test_malformed_trajectories_are_refused(message, text):
    with pytest.raises(BimanualError, match=text):
        joints.trajectory_of(message)


def test_joint_state_is_matched_by_name():
    message = JointState(name=["left_gripper", "left_joint1"], position=[0.05, 1.0])
    assert joints.joint_sample(message, LAYOUT).position.tolist() == [1.0, 0.05]
    with pytest.raises(BimanualError, match="left_joint1"):
        joints.joint_sample(JointState(name=["left_gripper"], position=[0.0]), LAYOUT)
    with pytest.raises(BimanualError, match="1 values of position for 2 joints"):
        joints.joint_sample(JointState(name=["left_gripper", "left_joint1"], position=[0.0]), LAYOUT)


def test_joint_state_round_trip():
    values = [rng.normal(size=2) for _ in range(3)]
    sample = joints.joint_sample(joints.joint_state_msg(7, LAYOUT.names, *values), LAYOUT)
    assert sample.stamp_ns == 7
    assert [v.tolist() for v in values] == [sample.position.tolist(), sample.velocity.tolist(), sample.effort.tolist()]


def test_objects_round_trip():
    state = ObjectState(
        "block",
        "box",
        "red",
        (1.0, 1.0, 2.0),
        make_T((0.1, 0.2, 0.8)),
        frozenset(("table", "x")),
        True,
        {"drawer": 0.1},
    )
    table = TableSpec((1.0, 0.6, 0.04), 0.71, (0.1, -0.2))
    back = scene.snapshot_of(scene.object_states_msg(ObjectSnapshot(11, 3, {"block": state}, table)))
    assert (back.stamp_ns, back.scene_id) == (11, 3)
    assert back.table == table
    got = back.objects["block"]
    assert np.array_equal(got.T_world_object, state.T_world_object)
    for name in ("name", "class_name", "asset_id", "scale", "contacts", "fixed", "joints"):
        assert getattr(got, name) == getattr(state, name)


def test_a_tracker_that_says_nothing_of_the_table_has_the_default_one():
    message = scene.object_states_msg(ObjectSnapshot(11, 3))
    message.table_size, message.table_top = Vector3(), Point()
    assert scene.snapshot_of(message).table == TableSpec()
    message.table_size.x = math.nan
    with pytest.raises(BimanualError, match="top_z 0.0 m is outside"):
        scene.snapshot_of(message)
    message.table_top.z = 0.7
    with pytest.raises(BimanualError, match=r"size \(nan, 0.0, 0.0\) m is outside \(0, 10\]"):
        scene.snapshot_of(message)


def test_scene_round_trip():
    item = SceneObject("block", "box", "red", make_T((0, 0, 0.8)), (1, 2, 3), True, (0.1, 0.2, 0.3), 1.05, 0.95)
    plain = SceneObject("ball", "ball", "0", np.eye(4))
    look = SceneLook(
        "seen/3", "unseen/4", "", (0.5, 0.1, 2.0), (1, 2, 3), (0.1, 0.2, 0.3), 0.02, (0, 0.01, 0), (0.1, 0, 0)
    )
    back = scene.scene_of(scene.load_scene_request(SceneSpec((item, plain), TableSpec(top_z=0.76), 42, 0.005, look)))
    assert (back.seed, back.settle_limit, back.look) == (42, 0.005, look)
    assert scene.scene_of(scene.load_scene_request(SceneSpec())).look == SceneLook()
    assert back.table.top_z == 0.76
    for sent, got in zip((item, plain), back.objects, strict=True):
        assert np.array_equal(sent.T_world_object, got.T_world_object)
        for name in ("name", "class_name", "asset_id", "scale", "fixed", "rgb", "mass_scale", "friction_scale"):
            assert getattr(got, name) == getattr(sent, name)


def test_skill_round_trip():
    sent = Skill(
        "place_actor", "block", exp_SE3(np.ones(6)), (2, 3), "side", 1, 0.2, 0.01, 0.15, 0.03, 0.4, False, "free",
        (0.1, 0.2, 0.3), "arm", 1.5,
    )  # fmt: skip
    got = skills.skill_of(skills.skill_msg(sent))
    assert np.allclose(got.target, sent.target, atol=1e-15)
    for name in sent.__dataclass_fields__:
        if name != "target":
            assert getattr(got, name) == getattr(sent, name)
    assert skills.skill_of(skills.skill_msg(Skill("hold"))).target is None


def test_report_round_trip():
    sent = SkillReport(3, 1, ErrorCode.GRASP_MISSED, "missed", 1, "left", "grasp", 0.25, ("a", "b"))
    assert skills.report_of(skills.report_msg(sent)) == sent
