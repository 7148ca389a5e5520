"""Every robot plans: each arm along a short screw from home, both together, and the plan moves the simulated robot."""

import numpy as np
import pytest

import bimanual_description
from bimanual_core import se3
from bimanual_core.motion import Motion
from bimanual_core.observation import ObjectSnapshot
from bimanual_core.scene import SceneSpec
from bimanual_kinematics import RobotModel
from bimanual_planner.config import PlannerConfig
from bimanual_planner.planner import MotionPlanner
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState
from bimanual_planner.timed_paths import positions_at

MODELS = {name: RobotModel.of(bimanual_description.load(name)) for name in bimanual_description.robot_names()}
every_robot = pytest.mark.parametrize("name", MODELS)


def at_home(name):
    """(state, planning scene) of a robot over an empty table."""
    model = MODELS[name]
    scene = PlanningScene(model, ObjectSnapshot(0, 1, {}), PlannerConfig())
    return PlanState(model.robot, model.robot.home.copy(), {}), scene


def goals_of(name, distance=0.05):
    """For each arm ``distance`` [m] forward and up from home, turned by 0.1 rad about its own axis."""
    model = MODELS[name]
    goals = {}
    for arm in model.robot.arms:
        T = model.fk(arm.side, arm.home)
        T[:3, :3] = T[:3, :3] @ se3.rotation_about((0, 0, 1), 0.1)
        T[:3, 3] += distance * np.array([0.0, 0.6, 0.8])
        goals[arm.side] = T
    return goals


def require_sound(name, state, scene, found, goals):
    """The motion arrives, keeps to the limits and clear of everything, all along."""
    model = MODELS[name]
    assert found.method == "screw", found.notes
    assert set(found.trajectories) == set(goals)
    for side, trajectory in found.trajectories.items():
        arm = model.robot.arm(side)
        position, angle = se3.pose_error(model.fk(side, trajectory.positions[-1]), goals[side])
        assert position < 1e-4
        assert angle < np.radians(0.05)
        assert np.all(trajectory.positions >= np.array(arm.lower) - 1e-9)
        assert np.all(trajectory.positions <= np.array(arm.upper) + 1e-9)
        assert np.all(np.abs(trajectory.velocities) <= np.array(arm.velocity) * 1.001)
    _, qs = positions_at(state, found.trajectories, 0.01)
    assert scene.first_collision_of(state, {}, qs, margin=0.0) is None
    for side, goal in goals.items():
        T_start = model.fk(side, state.arm_q(side))
        twist = se3.screw_between(T_start, goal)
        line = [se3.screw_pose(T_start, twist, s)[:3, 3] for s in np.linspace(0.0, 1.0, 200)]
        for q in qs[:, model.robot.joints.group(f"{side}_arm")]:
            assert np.linalg.norm(line - model.fk(side, q)[:3, 3], axis=1).min() < 1e-3


@every_robot
def test_each_arm_goes_along_a_screw(name):
    state, scene = at_home(name)
    planner = MotionPlanner(scene)
    for side, goal in goals_of(name).items():
        found = planner.plan_pose(side, state, goal)
        require_sound(name, state, scene, found, {side: goal})


@every_robot
def test_all_arms_arrive_together(name):
    state, scene = at_home(name)
    goals = goals_of(name)
    found = MotionPlanner(scene).plan_poses(state, goals)
    require_sound(name, state, scene, found, goals)
    assert found.sequence == ()
    assert len({trajectory.duration for trajectory in found.trajectories.values()}) == 1


@every_robot
def test_a_way_is_found_to_other_joints(name):
    state, scene = at_home(name)
    model = MODELS[name]
    for side in model.robot.sides:
        goal = state.arm_q(side).copy()
        goal[0] += 0.3
        goal[-1] -= 0.5
        found = MotionPlanner(scene).plan_joints(state, {side: goal})
        assert np.abs(found.trajectories[side].positions[-1] - goal).max() < 1e-9


@pytest.mark.sim
@every_robot
def test_the_plan_moves_the_simulated_robot(name):
    world_module = pytest.importorskip("bimanual_sim_bridge.world")
    state, scene = at_home(name)
    goals = goals_of(name)
    found = MotionPlanner(scene).plan_poses(state, goals)
    world = world_module.SapienWorld(MODELS[name].robot, cameras=())
    try:
        world.load_scene(SceneSpec(()))
        np.testing.assert_allclose(world.joints().position, MODELS[name].robot.home, atol=2e-3)
        report = world.execute(Motion(found.trajectories, {}))
        assert report.success, report
        for side, goal in goals.items():
            position, angle = se3.pose_error(world.tcp_poses()[side], goal)
            assert position < 2e-3
            assert angle < np.radians(0.5)
    finally:
        world.close()
