"""The guard in simulation: arms driven at each other, off the table and into it stop in time."""

import numpy as np
import pytest

from bimanual_core.errors import ErrorCode
from bimanual_core.motion import JointTrajectory, Motion, MotionReport
from bimanual_core.scene import SceneSpec, TableSpec
from bimanual_description import load
from bimanual_kinematics import RobotModel
from bimanual_kinematics.proximity import ArmProximity
from bimanual_sim_bridge.world import SapienWorld

pytestmark = pytest.mark.sim
ROBOT = load("cobot_magic")


@pytest.fixture
def world():
    world = SapienWorld(ROBOT, cameras=())
    world.load_scene(SceneSpec())
    yield world
    world.close()


def through(side: str, joints: dict[int, float], seconds: float) -> JointTrajectory:
    """From home by ``joints`` (index to radians) and back home, smoothly."""
    arm = ROBOT.arm(side)
    way = np.zeros(arm.dof)
    way[list(joints)] = list(joints.values())
    t = np.linspace(0.0, seconds, 101)
    turn = 2 * np.pi / seconds
    share, rate, bend = (1 - np.cos(turn * t)) / 2, turn * np.sin(turn * t) / 2, turn**2 * np.cos(turn * t) / 2
    rate[-1] = 0.0
    home = np.array(arm.home)
    return JointTrajectory(arm.joints, t, home + share[:, None] * way, rate[:, None] * way, bend[:, None] * way)


def run(world: SapienWorld, motion: Motion) -> tuple[MotionReport, list[np.ndarray]]:
    commanded = []
    handle = world.send(motion)
    assert not handle.rejected
    while world.bank.active:
        world.tick()
        commanded.append(world.bank.commanded.copy())
    return handle.report(world.stamp_ns), commanded


def test_arms_driven_at_each_other_never_touch(world: SapienWorld) -> None:
    assert ROBOT.safety is not None
    motion = Motion({"left": through("left", {0: -1.1}, 3.0), "right": through("right", {0: 1.1}, 3.0)})
    report, commanded = run(world, motion)
    failure = report.parts["left_arm"]
    assert failure.error_code == ErrorCode.CONTROL_ARM_DISTANCE
    assert "mm from right_" in failure.error_msg
    proximity = ArmProximity(RobotModel.of(ROBOT))
    near = [proximity.at(q).distance for q in commanded[::3]]
    assert ROBOT.safety.arm_distance <= min(near) < 0.08
    assert world.counters.arm_arm == 0
    apart = Motion({"left": through("left", {}, 1.0)})
    assert world.bank.send_motion(apart).rejected  # it starts elsewhere
    world.load_scene(SceneSpec())
    assert run(world, Motion({"left": through("left", {0: 0.5}, 2.0)}))[0].success


def test_no_gripper_is_driven_into_a_table_of_any_height(world: SapienWorld) -> None:
    down = Motion({"left": through("left", {1: 0.9}, 3.0)})
    world.load_scene(SceneSpec(table=TableSpec(top_z=0.80)))
    assert world.objects().table.top_z == 0.80
    report, _ = run(world, down)
    assert report.parts["left_arm"].error_code == ErrorCode.CONTROL_WORKSPACE
    assert "below the table's top" in report.parts["left_arm"].error_msg
    assert world.tcp_poses()["left"][2, 3] > 0.80 - 0.006
