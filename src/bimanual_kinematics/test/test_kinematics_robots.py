"""Every robot: its home, its inverse kinematics and its collision model are sound."""

import numpy as np
import pytest

import bimanual_description as description
import bimanual_kinematics.ik as ik
from bimanual_core.robot import SIDES
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import make_T, pose_error
from bimanual_kinematics import CollisionScene, RobotModel, follow, ik_batch, ik_solutions, turned_near
from bimanual_kinematics.parallel_axes import ParallelAxes
from bimanual_kinematics.redundant_wrist import RedundantWrist
from bimanual_kinematics.spherical_wrist import SphericalWrist

MODELS = {name: RobotModel.of(description.load(name)) for name in description.robot_names()}
ARMS = [(name, side) for name, model in MODELS.items() for side in model.robot.sides]
POSES = 100


def free_joints(name, side, count, seed=0):
    """Random joints (count, n) of one arm that touch nothing, the other arm at home."""
    model = MODELS[name]
    scene, group = CollisionScene(model, TableSpec()), model.robot.joints.group(f"{side}_arm")
    rng, found = np.random.default_rng(seed), []
    for _ in range(10 * count):
        q = model.robot.home.copy()
        q[group] = rng.uniform(*model.limits(side))
        if scene.check(q) is None:
            found.append(q[group])
    assert len(found) >= count, f"only {len(found)} of {10 * count} random joints touch nothing"
    return np.array(found[:count])


@pytest.mark.parametrize("name", MODELS)
def test_home_is_clear_over_the_table_and_looks_down(name):
    model = MODELS[name]
    for top_z in (0.74, 0.765):
        scene = CollisionScene(model, TableSpec(top_z=top_z))
        assert scene.check(model.robot.home, margin=0.01) is None
    for arm in model.robot.arms:
        T = model.fk(arm.side, arm.home)
        x, y, z = T[:3, 3]
        assert abs(x) <= 0.5
        assert -0.30 <= y <= 0.1, "in front of the robot, over the table"
        assert 0.90 <= z <= 1.05
        assert T[2, 2] < -0.70, "at least 45 deg down"
        assert T[1, 2] > -1e-3, "not back at the robot"
        assert abs(T[0, 1]) == pytest.approx(1.0, abs=1e-3), "the gripper opens sideways"
        room = np.minimum(np.subtract(arm.home, arm.lower), np.subtract(arm.upper, arm.home))
        assert room.min() > 0.2, "away from the joints' limits"


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if len(model.robot.sides) == 2])
def test_homes_of_both_arms_mirror_each_other(name):
    left, right = (MODELS[name].fk(side, MODELS[name].robot.arm(side).home) for side in SIDES)
    np.testing.assert_allclose(left[:3, 3] + right[:3, 3], [0, 2 * left[1, 3], 2 * left[2, 3]], atol=2e-3)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cobot_magic", SphericalWrist),
        ("dual_piper", SphericalWrist),
        ("dual_arx_x5", ParallelAxes),
        ("dual_ur5", ParallelAxes),
    ],
)
def test_six_joint_arms_are_solved_in_closed_form(name, kind):
    for side in SIDES:
        model = MODELS[name]
        assert type(ik._closed_form(model, side)) is kind
        qs = free_joints(name, side, 40, seed=1)
        poses = np.array([model.fk(side, q) for q in qs])
        for q, T, branches in zip(qs, poses, ik_batch(model, side, poses), strict=True):
            near = turned_near(model, side, branches, q)
            assert np.nanmin(np.abs(near - q).max(axis=1)) < 1e-6
            lower, upper = model.limits(side)
            for solution in near[np.isfinite(near[:, 0])]:
                assert np.all((solution >= lower) & (solution <= upper))
                assert np.abs(model.fk(side, solution) - T).max() < 1e-8


def test_a_joint_that_turns_more_than_once_stays_near():
    model = MODELS["dual_ur5"]
    q = np.array([-0.2, -1.3, 1.6, -1.8, -1.6, 1.3]) + 2 * np.pi * np.array([0, 0, 0, 1, 1, -1])
    assert np.abs(ik_solutions(model, "left", model.fk("left", q), q)[0] - q).max() < 1e-6
    turning = np.repeat(q[None], 60, axis=0)
    turning[:, 5] = np.linspace(2.5, 4.5, 60)  # past half a turn, where the closed form jumps by a whole one
    path, reached = follow(model, "left", np.array([model.fk("left", row) for row in turning]), turning[0])
    assert reached == 60
    np.testing.assert_allclose(path, turning, atol=1e-6)


@pytest.mark.parametrize(("name", "side"), [arm for arm in ARMS if "franka" in arm[0]])
def test_seven_joint_arms_are_solved_for_each_angle_of_the_last(name, side):
    model = MODELS[name]
    solver = ik._redundant(model, side)
    assert type(solver) is RedundantWrist
    assert ik_batch(model, side, np.eye(4)[None]) is None, "a curve has no branches"
    for q in free_joints(name, side, 30, seed=2):
        T = model.fk(side, q)
        found = solver.solve(T, np.array([q[6]]))
        assert np.abs(found - q).max(axis=1).min() < 1e-5
        for solution in found:
            assert np.abs(model.fk(side, solution) - T).max() < 1e-7


@pytest.mark.parametrize("name", ["franka"])
def test_solutions_of_a_seven_joint_arm_spread_along_the_curve(name):
    model = MODELS[name]
    home = np.array(model.robot.arm("left").home)
    found = ik_solutions(model, "left", model.fk("left", home), home)
    assert np.abs(found[0] - home).max() < 1e-6
    assert len(found) == 8
    for i, a in enumerate(found):
        assert all(np.abs(a - b).max() > 0.3 for b in found[:i])
    distances = [np.linalg.norm(q - home) for q in found]
    assert distances == sorted(distances)


@pytest.mark.parametrize(("name", "side"), ARMS)
def test_reachable_poses_have_joints(name, side):
    """Of poses that joints without collision reach, nearly all are solved, from home as reference."""
    model = MODELS[name]
    lower, upper = model.limits(side)
    solved = 0
    for q in free_joints(name, side, POSES):
        T = model.fk(side, q)
        found = ik_solutions(model, side, T)
        solved += bool(found)
        for solution in found:
            assert np.all((solution >= lower) & (solution <= upper))
            position, angle = pose_error(model.fk(side, solution), T)
            assert position < 1e-4
            assert angle < np.radians(0.05)
    assert solved >= 0.98 * POSES


@pytest.mark.parametrize(("name", "side"), ARMS)
def test_a_line_from_home_is_followed(name, side):
    model = MODELS[name]
    home = np.array(model.robot.arm(side).home)
    poses = np.repeat(model.fk(side, home)[None], 16, axis=0)
    poses[:, :3, 3] += np.linspace(0.0, 1.0, 16)[:, None] * [0.0, 0.08, 0.06]
    path, reached = follow(model, side, poses, home)
    assert reached == 16
    assert np.abs(np.diff(path, axis=0)).max() < 0.06
    for q, T in zip(path, poses, strict=True):
        assert pose_error(model.fk(side, q), T)[0] <= 5e-5


@pytest.mark.parametrize(("name", "side"), ARMS)
def test_out_of_reach_is_said(name, side):
    assert ik_solutions(MODELS[name], side, make_T((0.0, 3.0, 1.0))) == []


@pytest.mark.parametrize("name", MODELS)
def test_a_gripper_in_the_table_is_a_collision(name):
    model = MODELS[name]
    robot, scene = model.robot, CollisionScene(model, TableSpec())
    for arm in robot.arms:
        T = model.fk(arm.side, arm.home)
        T[2, 3] = 0.74
        q = robot.home.copy()
        q[robot.joints.group(f"{arm.side}_arm")] = ik_solutions(model, arm.side, T)[0]
        hits = scene.collisions(q)
        assert any({hit.a, hit.b} <= {"table", *arm.gripper.finger_links} for hit in hits)


def test_a_seven_joint_arm_goes_on_where_one_joint_is_at_its_limit():
    """Joint 4 comes to its limit on the way; the others still carry the tcp along the line."""
    model = MODELS["franka"]
    q = np.array([-0.77, -0.67, 0.58, -2.96, 0.30, 1.76, 0.09])
    poses = np.repeat(model.fk("left", q)[None], 21, axis=0)
    poses[:, :3, 3] += np.linspace(0.0, 1.0, 21)[:, None] * [-0.10, -0.06, 0.0]
    path, reached = follow(model, "left", poses, q)
    assert reached == 21
    assert path[:, 3].min() == pytest.approx(model.limits("left")[0][3], abs=1e-3)
    assert np.abs(np.diff(path, axis=0)).max() < 0.15
