"""The simulated world: time, scenes, determinism, samples, contacts, and what it refuses. No rendering."""

from dataclasses import replace

import numpy as np
import pytest
from sim_rig import block_scene, min_jerk

import bimanual_description
from bimanual_core.errors import BimanualError, ErrorCode, UnknownNameError
from bimanual_core.motion import JointTrajectory, Motion
from bimanual_core.observation import Setpoint
from bimanual_core.protocols import JointBackend, SimulatedWorld
from bimanual_core.rates import PHYSICS_HZ, REST_TICKS, tick_to_ns
from bimanual_core.scene import SceneObject, SceneSpec
from bimanual_core.se3 import make_T
from bimanual_kinematics import RobotModel
from bimanual_sim_bridge.bench_sim import swing
from bimanual_sim_bridge.world import SCENE_TICKS, SapienWorld

pytestmark = pytest.mark.sim


@pytest.fixture(scope="module")
def robot():
    return bimanual_description.load("cobot_magic")


@pytest.fixture
def world(robot):
    world = SapienWorld(robot, cameras=())
    world.load_scene(block_scene())
    yield world
    world.close()


def test_it_is_a_simulated_world_over_a_joint_backend(world):
    assert isinstance(world, SimulatedWorld)
    assert isinstance(world.scene.joints, JointBackend)


def test_joints_are_written_and_read_by_name(world, robot):
    q = robot.home.copy()
    for i, name in enumerate(robot.joints.names):
        q[i] += -0.02 if "gripper" in name else 0.001 * (i + 1)
    backend = world.scene.joints
    backend.write(Setpoint(q, np.zeros_like(q)))
    for k in range(600):
        world.scene.step(k)
    np.testing.assert_allclose(backend.read().position, q, atol=5e-5)


def test_tcp_poses_agree_with_the_kinematic_model(world, robot):
    model = RobotModel.of(robot)
    for arm in robot.arms:
        np.testing.assert_allclose(world.tcp_poses()[arm.side], model.fk(arm.side, arm.home), atol=1e-5)


def test_a_motion_starts_late_ends_on_a_rest_tick_and_reports(world, robot):
    before = world.tick_count
    report = world.execute(swing(robot, 1.0))
    assert report.success
    assert list(report.parts) == ["left_arm", "right_arm"]
    assert world.tick_count % REST_TICKS == 0
    assert report.stamp_ns == world.stamp_ns == tick_to_ns(world.tick_count)
    assert world.tick_count - before >= 330
    np.testing.assert_allclose(world.joints().position, robot.home, atol=1e-3)


def test_a_refused_motion_does_not_move_time(world, robot):
    arm = robot.arm("left")
    before = world.tick_count
    report = world.execute(Motion({"left": JointTrajectory(arm.joints, [1.0], [np.full(6, 9.0)], [np.zeros(6)])}))
    assert report.parts["left_arm"].error_code == ErrorCode.CONTROL_REJECTED
    assert "left_joint1: position 9.0000" in report.parts["left_arm"].error_msg
    assert world.tick_count == before


def test_time_goes_on_across_scenes_and_scene_ids_count(world):
    world.wait(0.25)
    before, scene_id = world.stamp_ns, world.scene_id
    assert world.load_scene(block_scene()) == scene_id + 1
    assert world.stamp_ns >= before + 500_000_000
    assert world.objects().scene_id == scene_id + 1
    assert (world.tick_count - 150) % SCENE_TICKS == 0


def test_fresh_scenes_repeat_bit_by_bit_also_in_another_world(world, robot):
    def trace(world):
        seen = []
        world.load_scene(block_scene())

        def listener(objects, joints):
            seen.append(joints.position.tobytes() + objects.objects["block"].T_world_object.tobytes())

        world.add_listener(listener)
        world.execute(swing(robot, 1.0, amplitude=0.8))
        world.remove_listener(listener)
        return seen

    first = trace(world)
    world.wait(1 / 30)
    assert trace(world) == first
    assert trace(SapienWorld(robot, cameras=())) == first


def test_listeners_see_joints_and_objects_of_one_instant_at_30_hz(world):
    stamps = []
    world.add_listener(lambda objects, joints: stamps.append((objects.stamp_ns, joints.stamp_ns)))
    start = world.tick_count
    world.wait(0.5)
    world.load_scene(block_scene())
    assert all(a == b for a, b in stamps)
    assert [a for a, _ in stamps[:15]] == [tick_to_ns(start + 10 * k) for k in range(1, 16)]
    assert stamps[-1][0] == world.stamp_ns
    assert len(stamps) == 16


def test_objects_rest_where_they_were_put_and_name_what_they_touch(world):
    block = world.objects().objects["block"]
    np.testing.assert_allclose(block.T_world_object, make_T((-0.15, 0.05, 0.84)), atol=1e-4)
    assert block.contacts == {"table"}
    assert world.counters.unintended == 0


def test_arms_that_hit_each_other_or_the_table_are_counted(robot):
    world = SapienWorld(replace(robot, safety=None), cameras=())  # its controllers would stop in time
    world.load_scene(block_scene())
    inward = {}
    for arm in robot.arms:
        goal = np.array(arm.home)
        goal[0] += -1.1 if arm.side == "left" else 1.1
        goal[1] += 0.35
        inward[arm.side] = min_jerk(arm.joints, arm.home, goal)
    world.execute(Motion(inward))
    assert world.counters.arm_arm > 0
    assert "arm_arm: left_" in world.counters.log[0] or "arm_arm: right_" in world.counters.log[0]
    world.load_scene(block_scene())
    assert world.counters.unintended == 0
    down = np.array(robot.arm("left").home)
    down[1] += 0.8
    world.execute(Motion({"left": min_jerk(robot.arm("left").joints, robot.arm("left").home, down)}))
    assert world.counters.arm_table > 0
    world.close()


def test_an_unknown_asset_is_refused_and_the_scene_stays(world):
    scene_id, before = world.scene_id, world.tick_count
    bad = SceneSpec((SceneObject("thing", "teapot", "red", make_T((0, 0, 0.8))),))
    with pytest.raises(UnknownNameError, match="unknown asset class 'teapot'; choices: alarm_clock, .*cube"):
        world.load_scene(bad)
    assert (world.scene_id, world.tick_count) == (scene_id, before)
    world.wait(0.1)


def test_nothing_works_before_a_scene_and_cameras_must_be_allowed(robot, world):
    empty = SapienWorld(robot, cameras=())
    with pytest.raises(BimanualError, match="no scene is loaded"):
        empty.objects()
    with pytest.raises(BimanualError, match="no scene is loaded"):
        empty.execute(swing(robot, 1.0))
    with pytest.raises(UnknownNameError, match="unknown camera 'rear'"):
        SapienWorld(robot, cameras=["rear"])
    with pytest.raises(UnknownNameError, match="unknown rendered camera 'head'"):
        world.observe(["head"])
    with pytest.raises(BimanualError, match="cannot wait -1"):
        world.wait(-1.0)


def test_a_world_that_takes_over_goes_on_with_time_and_scene_ids(robot) -> None:
    first, second = SapienWorld(robot, cameras=()), SapienWorld(robot, cameras=())
    for _ in range(3):
        first.load_scene(SceneSpec())
    first.wait(0.35)
    second.load_scene(SceneSpec())
    second.continue_from(first.stamp_ns)
    second.load_scene(SceneSpec())
    assert second.scene_id > first.scene_id
    assert second.joints().stamp_ns > first.stamp_ns
    settled = round(second.settings.settle_seconds * PHYSICS_HZ)
    assert (second.tick_count - settled) % SCENE_TICKS == 0
