"""The moveit backend and its client, from requests to trajectories, against a stand-in for moveit_py."""

import sys
from contextlib import suppress
from types import SimpleNamespace

import moveit_stand_in as stand_in
import numpy as np
import pytest
from planner_rig import MODEL, ROBOT, cube, scene_of

import bimanual_description
from bimanual_core import se3
from bimanual_core.asset import Shape
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import JointTrajectory
from bimanual_core.observation import ObjectSnapshot, ObjectState
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import make_T
from bimanual_kinematics import RobotModel
from bimanual_planner.backends import BackendContext, PlanRequest, make_backend
from bimanual_planner.backends.moveit.backend import MoveItBackend
from bimanual_planner.backends.moveit.screw_path import screw_poses
from bimanual_planner.config import PlannerConfig
from bimanual_planner.moveit_config import parameter_file, parameters
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import Held, PlanState
from bimanual_ros.moveit_py import connect

FINGERS = {side: ROBOT.arm(side).gripper.finger_links for side in ROBOT.sides}


PARAMETERS = parameter_file(parameters(ROBOT))


@pytest.fixture
def backend(monkeypatch):
    stand_in.install(monkeypatch)
    made = MoveItBackend(MODEL, connect(ROBOT, PARAMETERS))
    yield made
    made.close()
    assert not moveit().running


def moveit():
    return stand_in.MoveItPy.newest


def home_tcp(side):
    return MODEL.fk(side, ROBOT.home[ROBOT.joints.group(f"{side}_arm")])


def offset(side, xyz, rpy=(0.0, 0.0, 0.0)):
    T = home_tcp(side).copy()
    T[:3, 3] += xyz
    T[:3, :3] = T[:3, :3] @ se3.rotation_from_rpy(rpy)
    return T


GOALS = {"left": offset("left", (-0.05, 0.04, 0.02), (0.0, 0.1, 0.1)), "right": offset("right", (0.04, 0.05, -0.03))}


def require_arrival(found, goals):
    assert list(found.trajectories) == [side for side in ROBOT.sides if side in goals]
    for side, goal in goals.items():
        trajectory = found.trajectories[side]
        assert trajectory.joints == ROBOT.arm(side).joints
        position, angle = se3.pose_error(MODEL.fk(side, trajectory.positions[-1]), goal)
        assert position < 1e-4
        assert angle < np.radians(0.05)
        limits = np.array(ROBOT.arm(side).velocity)
        assert np.all(np.abs(trajectory.velocities) <= limits)


def test_it_starts_in_the_namespace_with_the_robots_parameters(monkeypatch):
    stand_in.install(monkeypatch)
    context = BackendContext(MODEL, use_sim_time=True, connect_moveit=lambda text: connect(ROBOT, text, "/lab/"))
    made = make_backend("moveit", context)
    assert made.name == "moveit"
    assert moveit().name_space == "lab"
    assert moveit().parameters == parameters(ROBOT, use_sim_time=True)
    assert moveit().model.robot.name == ROBOT.name
    made.close()


@pytest.mark.parametrize("sides", [("left",), ("right",), ("left", "right")])
@pytest.mark.parametrize("method", ["auto", "screw", "ptp", "rrt"])
def test_one_and_both_arms_arrive(backend, method, sides):
    state, scene = scene_of(cube("red", 0.0, 0.1))
    goals = {side: GOALS[side] for side in sides}
    found = backend.plan(scene, PlanRequest(state, poses=goals, method=method))
    require_arrival(found, goals)
    assert found.method == ("screw" if method == "auto" else method)
    asked = [(group, a.planning_pipeline, a.planner_id) for group, a in moveit().asked]
    group = "both_arms" if len(sides) > 1 else f"{sides[0]}_arm"
    wanted = {"ptp": ("pilz_industrial_motion_planner", "PTP"), "rrt": ("ompl", "RRTConnect")}
    assert asked == ([(group, *wanted[method])] if method in wanted else [])
    assert len({t.duration for t in found.trajectories.values()}) == 1


@pytest.mark.parametrize("name", ["dual_franka", "franka"])
def test_robots_of_seven_joints_and_of_one_arm_plan(monkeypatch, name):
    stand_in.install(monkeypatch)
    robot = bimanual_description.load(name)
    model = RobotModel.of(robot)
    backend = MoveItBackend(model, connect(robot, parameter_file(parameters(robot))))
    scene = PlanningScene(model, ObjectSnapshot(0, 1, {}), PlannerConfig())
    state = PlanState(robot, robot.home.copy(), {})
    goals = {side: model.fk(side, state.arm_q(side)) @ make_T((0.02, 0.0, -0.03)) for side in robot.sides}
    for method in ("screw", "ptp"):
        found = backend.plan(scene, PlanRequest(state, poses=goals, method=method))
        for side in robot.sides:
            position, _ = se3.pose_error(model.fk(side, found.trajectories[side].positions[-1]), goals[side])
            assert position < 1e-4
    backend.close()


def test_speeds_asked_for_are_the_planners_own(backend):
    state, scene = scene_of()
    backend.plan(scene, PlanRequest(state, poses={"left": GOALS["left"]}, method="ptp", budget=0.25))
    ((_, asked),) = moveit().asked
    config, arm = PlannerConfig(), ROBOT.arm("left")
    assert 0.0 < asked.planning_time <= 0.25
    assert asked.max_velocity_scaling_factor * max(arm.velocity) <= config.joint_speed + 1e-9
    assert asked.max_acceleration_scaling_factor * max(arm.acceleration) <= config.joint_acceleration + 1e-9


def test_the_screw_stays_on_the_screw(backend):
    state, scene = scene_of()
    goal = offset("left", (-0.08, 0.05, 0.05), (0.2, 0.1, 0.3))
    found = backend.plan(scene, PlanRequest(state, poses={"left": goal}, method="screw"))
    fine = PlannerConfig(line_step=5e-4, turn_step=2e-3)
    wanted = screw_poses(home_tcp("left"), goal, fine)
    for q in found.trajectories["left"].positions:
        tcp = MODEL.fk("left", q)
        off, turned = min((se3.pose_error(tcp, T) for T in wanted), key=lambda error: error[0])
        assert off < 1e-3
        assert turned < np.radians(1.0)


def test_lin_goes_straight_and_circ_through_its_point(backend):
    state, scene = scene_of()
    goal, start = offset("left", (-0.08, 0.0, 0.06)), home_tcp("left")
    lin = backend.plan(scene, PlanRequest(state, poses={"left": goal}, method="lin"))
    require_arrival(lin, {"left": goal})
    along = goal[:3, 3] - start[:3, 3]
    for q in lin.trajectories["left"].positions:
        assert np.linalg.norm(np.cross(MODEL.fk("left", q)[:3, 3] - start[:3, 3], along / np.linalg.norm(along))) < 1e-3
    point = (start[:3, 3] + goal[:3, 3]) / 2 + (0.0, 0.03, 0.0)
    circ = backend.plan(scene, PlanRequest(state, poses={"left": goal}, via={"left": point}, method="circ"))
    require_arrival(circ, {"left": goal})
    passed = [np.linalg.norm(MODEL.fk("left", q)[:3, 3] - point) for q in circ.trajectories["left"].positions]
    assert min(passed) < 0.005
    # The next motion is not led through it any more.
    backend.plan(scene, PlanRequest(state, poses={"left": goal}, method="ptp"))


def test_joints_are_goals_too(backend):
    state, scene = scene_of()
    goal = {"right": ROBOT.home[ROBOT.joints.group("right_arm")] + 0.1}
    found = backend.plan(scene, PlanRequest(state, joints=goal))
    assert found.method == "ptp"
    assert found.trajectories["right"].positions[-1] == pytest.approx(goal["right"])


def test_arms_apart_are_timed_by_the_planner_itself(backend):
    state, scene = scene_of()
    goals = {"left": offset("left", (-0.01, 0.0, 0.0)), "right": offset("right", (0.08, 0.05, 0.05))}
    found = backend.plan(scene, PlanRequest(state, poses=goals, sync="independent"))
    assert found.trajectories["left"].duration < found.trajectories["right"].duration
    with pytest.raises(BimanualError, match="sync must be proportional"):
        backend.plan(scene, PlanRequest(state, poses=goals, sync="independent", method="rrt"))


# what is in the way


def box(xyz, size):
    """A scene object that fills ``size`` [m] at a place; a cube of the catalogue fits between open fingers."""
    return ObjectState("box", "box", "red", size, make_T(xyz))


def walled():
    """A goal beside the left tcp, and the state and scene of a thin wall before it."""
    goal = offset("left", (0.2, 0.0, 0.0))
    middle = (home_tcp("left")[:3, 3] + goal[:3, 3]) / 2
    return goal, *scene_of(box(middle, (0.01, 0.12, 0.12)))


def test_a_blocked_screw_says_so_and_what_came_next(backend):
    goal, state, scene = walled()
    with pytest.raises(BimanualError, match=r"screw: MoveIt finds a collision at .*ptp: .*code -2; rrt: .*code -1"):
        backend.plan(scene, PlanRequest(state, poses={"left": goal}))


def test_a_start_in_collision_is_named(backend):
    state, scene = scene_of(box(home_tcp("left")[:3, 3], (0.15, 0.15, 0.15)))
    with pytest.raises(BimanualError, match="the start in collision") as info:
        backend.plan(scene, PlanRequest(state, poses={"left": GOALS["left"]}))
    assert info.value.code == ErrorCode.PLAN_START_INVALID


def test_a_goal_in_collision_and_one_out_of_reach(backend):
    goal = offset("left", (0.2, 0.0, 0.0))
    state, scene = scene_of(box(goal[:3, 3], (0.15, 0.1, 0.1)))
    with pytest.raises(BimanualError, match="goal is in collision") as info:
        backend.plan(scene, PlanRequest(state, poses={"left": goal}, method="ptp"))
    assert info.value.code == ErrorCode.PLAN_COLLISION
    far = offset("left", (0.0, 2.0, 0.0))
    with pytest.raises(BimanualError, match=r"screw ends \d+% of the way, before \[.*\] m: ") as info:
        backend.plan(scene, PlanRequest(state, poses={"left": far}, method="screw"))
    assert info.value.code in (ErrorCode.PLAN_UNREACHABLE, ErrorCode.PLAN_SINGULAR)


def test_a_spent_budget_ends_the_search(backend):
    goal, state, scene = walled()
    with pytest.raises(BimanualError, match=r"rrt: the budget of 0.001 s is spent") as info:
        backend.plan(scene, PlanRequest(state, poses={"left": goal}, budget=0.001))
    assert info.value.code == ErrorCode.TIMEOUT
    assert moveit().asked == []


# the scene


def holding(side="left", name="red"):
    """A state and scene in which ``side`` holds a cube at home."""
    state, scene = scene_of(cube(name, 0.3, 0.2), cube("blue", -0.3, 0.2))
    return state.with_held(side, Held(name, make_T((0.0, 0.0, 0.0)), 0.05)), scene


def plan_left(backend, state, scene):
    return backend.plan(scene, PlanRequest(state, poses={"left": offset("left", (0.0, 0.0, 0.03))}))


def test_only_what_changed_is_told(backend, monkeypatch):
    state, scene = scene_of(cube("red", 0.3, 0.2), cube("blue", -0.3, 0.2))
    plan_left(backend, state, scene)
    assert set(moveit().scene.world) == {"table", "red", "blue"}
    told = []
    monitor = stand_in.PlanningSceneMonitor
    process = monitor.process_collision_object
    monkeypatch.setattr(
        monitor, "process_collision_object", lambda self, message: told.append(message.id) or process(self, message)
    )
    plan_left(backend, state, scene)
    assert told == []
    elsewhere = make_T((0.35, 0.25, 0.765))
    plan_left(backend, state.with_object("red", elsewhere), scene)
    assert told == ["red"]
    assert np.allclose(moveit().scene.world["red"][1], elsewhere)
    gone = {name: T for name, T in state.objects.items() if name != "blue"}
    plan_left(backend, PlanState(ROBOT, state.q, gone), scene)
    assert set(moveit().scene.world) == {"table", "red"}


def test_the_table_is_where_the_planner_has_it(backend):
    state, scene = scene_of()
    plan_left(backend, state, scene)
    ((shape,), T) = moveit().scene.world["table"]
    assert shape.kind == "box"
    assert T[2, 3] + shape.size[2] / 2 == pytest.approx(0.74)
    lower = PlanningScene(MODEL, ObjectSnapshot(0, 2, {}, TableSpec((1.0, 0.6, 0.04), 0.71)), PlannerConfig())
    plan_left(backend, state, lower)
    ((shape,), T) = moveit().scene.world["table"]
    assert shape.size == pytest.approx((1.0, 0.6, 0.04))
    assert T[2, 3] + shape.size[2] / 2 == pytest.approx(0.71)


def test_shapes_of_every_kind_arrive_as_they_are(monkeypatch):
    stand_in.install(monkeypatch)
    client = connect(ROBOT, PARAMETERS)
    tilted = make_T((0.01, 0.02, 0.03), (0.0, np.sin(0.2), 0.0, np.cos(0.2)))
    corners = np.array([(x, y, z) for x in (-0.1, 0.1) for y in (-0.05, 0.05) for z in (-0.02, 0.02)])[[0, 3, 5, 6]]
    faces = np.array([(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)])
    tetrahedron = Shape("mesh", (0.2, 0.1, 0.04), tilted, None, corners, faces)
    shapes = (
        *(Shape("box", (0.1, 0.2, 0.3)), Shape("cylinder", (0.02, 0.4), tilted), Shape("sphere", (0.05,))),
        tetrahedron,
    )
    client.put("thing", shapes, make_T((0.3, 0.2, 0.9)))
    sent, T = moveit().scene.world["thing"]
    assert [s.kind for s in sent] == [s.kind for s in shapes]
    assert all(s.size == pytest.approx(shape.size) for s, shape in zip(sent, shapes, strict=True))
    assert np.array_equal(sent[-1].vertices, corners)
    assert np.array_equal(sent[-1].faces, faces)
    assert all(np.allclose(a.T_object_shape, b.T_object_shape) for a, b in zip(sent, shapes, strict=True))
    assert np.allclose(T, make_T((0.3, 0.2, 0.9)))
    client.remove("thing")
    with pytest.raises(BimanualError, match="MoveIt refused to remove object 'thing'"):
        client.remove("thing")
    with pytest.raises(BimanualError, match="MoveIt refused to detach object 'thing'"):
        client.detach("thing")


def test_another_scene_begins_empty(backend):
    state, scene = holding()
    plan_left(backend, state, scene)
    assert set(moveit().scene.current_state.attached) == {"red"}
    state, other = scene_of(cube("green", 0.3, 0.1, asset_id="green"))
    other.scene_id = 2
    plan_left(backend, state, other)
    assert set(moveit().scene.world) == {"table", "green"}
    assert moveit().scene.current_state.attached == {}


def test_an_attached_object_is_in_the_hand_and_only_its_fingers_touch_it(backend):
    state, scene = holding()
    found = plan_left(backend, state, scene)
    assert found.method == "screw"
    link, _, T_link_object, touch_links = moveit().scene.current_state.attached["red"]
    assert (link, touch_links) == (ROBOT.arm("left").tcp_frame, FINGERS["left"])
    assert np.allclose(T_link_object, np.eye(4))
    assert "red" not in moveit().scene.world


def test_an_attached_object_is_never_free_to_touch_the_other_arm(backend):
    state, scene = holding()
    goal = offset("right", (-0.13, 0.0, 0.0))
    at_finger = make_T(goal[:3, 3] - (0.06, 0.0, 0.0))
    beside = se3.inverse(home_tcp("left")) @ at_finger
    state = state.with_held("left", Held("red", beside, 0.05))
    with pytest.raises(BimanualError, match=r"screw: MoveIt finds a collision .*ptp: MoveIt: the goal is in collision"):
        backend.plan(scene, PlanRequest(state, poses={"right": goal}))
    assert backend.plan(scene, PlanRequest(state, poses={"right": offset("right", (0.03, 0.0, 0.0))})).trajectories


def test_both_hands_touch_what_is_handed_over_until_one_lets_go(backend):
    state, scene = holding()
    tcp = {side: MODEL.fk(side, state.arm_q(side)) for side in ROBOT.sides}
    both = state.with_held("right", Held("red", se3.inverse(tcp["right"]) @ tcp["left"], 0.05))
    for now, carrier, fingers in (
        (state, "left", FINGERS["left"]),
        (both, "right", FINGERS["left"] + FINGERS["right"]),
        (both.with_held("left", None), "right", FINGERS["right"]),
    ):
        with suppress(BimanualError):  # the hand that let go still stands where the cube is
            plan_left(backend, now, scene)
        link, _, _, touch_links = moveit().scene.current_state.attached["red"]
        assert (link, touch_links) == (ROBOT.arm(carrier).tcp_frame, fingers)


def test_what_is_put_down_stands_in_the_world_again(backend):
    state, scene = holding()
    plan_left(backend, state, scene)
    down = make_T((0.3, 0.2, 0.765))
    plan_left(backend, state.with_held("left", None).with_object("red", down), scene)
    assert moveit().scene.current_state.attached == {}
    assert np.allclose(moveit().scene.world["red"][1], down)


def test_what_stands_on_the_table_is_lifted_off_straight_only(backend):
    state, scene = holding()
    tcp = MODEL.fk("left", state.arm_q("left"))
    on_table = tcp.copy()
    on_table[:3, :3], on_table[2, 3] = np.eye(3), 0.7645  # half a millimetre deep
    state = state.with_held("left", Held("red", se3.inverse(tcp) @ on_table, 0.05))
    assert plan_left(backend, state, scene).method == "screw"
    assert moveit().scene.allowed_collision_matrix.allowed == set()
    with pytest.raises(BimanualError, match="the start in collision"):
        backend.plan(scene, PlanRequest(state, poses={"left": offset("left", (0.0, 0.0, 0.03))}, method="ptp"))


def test_an_object_that_moveit_refuses_is_named_and_the_scene_is_told_anew(backend, monkeypatch):
    state, scene = scene_of(cube("red", 0.3, 0.2))
    monitor = stand_in.PlanningSceneMonitor
    process = monitor.process_collision_object
    with monkeypatch.context() as patched:
        patched.setattr(
            monitor, "process_collision_object", lambda self, message: message.id != "red" and process(self, message)
        )
        with pytest.raises(BimanualError, match="MoveIt refused to place object 'red'"):
            plan_left(backend, state, scene)
    plan_left(backend, state, scene)
    assert set(moveit().scene.world) == {"table", "red"}


# what MoveIt answers is not believed


def answer_of(positions, seconds=2.0):
    joints = ROBOT.arm("left").joints[: positions.shape[1]]
    times = np.linspace(0.0, seconds, len(positions))
    rest = np.zeros_like(positions)
    return stand_in.Response(1, JointTrajectory(joints, times, positions, rest, rest))


def ends(state, goal=None):
    start = state.arm_q("left")
    return np.array([start, goal if goal is not None else start + 0.05])


@pytest.mark.parametrize(
    ("make", "words", "code"),
    [
        (lambda s: answer_of(ends(s) + 0.01), "begins 0.0100 rad from the start", ErrorCode.PLAN_START_INVALID),
        (lambda s: answer_of(ends(s, s.arm_q("left") + 0.04)), "from its goal", ErrorCode.PLAN_UNREACHABLE),
        (lambda s: answer_of(ends(s), 0.02), "passes the velocity limit of left_joint", ErrorCode.PLAN_LIMIT),
        (lambda s: answer_of(ends(s), 0.1), "passes the acceleration limit", ErrorCode.PLAN_LIMIT),
        (
            lambda s: answer_of(ends(s)[:, :5]),
            "lacks left_joint6",
            ErrorCode.INTERNAL,
        ),
        (lambda s: stand_in.Response(-6), "no plan found in time, code -6", ErrorCode.TIMEOUT),
        (lambda s: stand_in.Response(-99), "a code this version does not know, code -99", ErrorCode.INTERNAL),
    ],
)
def test_unsound_answers_are_refused(backend, make, words, code):
    state, scene = scene_of()
    moveit().answer = make(state)
    goal = {"left": state.arm_q("left") + 0.05}
    with pytest.raises(BimanualError, match=words) as info:
        backend.plan(scene, PlanRequest(state, joints=goal, method="ptp"))
    assert info.value.code == code


def test_a_motion_that_collides_in_the_planners_own_scene_is_refused(backend):
    goal, state, scene = walled()
    _, empty = scene_of()
    path = backend.plan(empty, PlanRequest(scene_of()[0], poses={"left": goal}, method="screw")).trajectories["left"]
    moveit().answer = stand_in.Response(1, path)
    with pytest.raises(BimanualError, match="MoveIt's motion: .* overlaps .* at") as info:
        backend.plan(scene, PlanRequest(state, joints={"left": path.positions[-1]}, method="rrt"))
    assert info.value.code == ErrorCode.PLAN_COLLISION


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"method": "fly"}, "unknown method of backend moveit 'fly'; choices: auto, circ, lin, ptp, rrt, screw"),
        ({"method": "circ"}, "method circ, and no other, needs a point"),
        ({"via": {"left": np.zeros(3)}}, "method circ, and no other, needs a point"),
        ({"method": "lin", "poses": GOALS}, "method lin moves one arm"),
        ({"method": "screw", "poses": {}, "joints": {"left": ROBOT.arm("left").home}}, "method screw goes to poses"),
    ],
)
def test_contradictory_requests_are_refused_before_moveit_hears_of_them(backend, values, words):
    state, scene = scene_of()
    with pytest.raises(BimanualError, match=words):
        backend.plan(scene, PlanRequest(state, **({"poses": {"left": GOALS["left"]}} | values)))
    assert moveit().scene.world == {}


# starting


def test_without_moveit_py_the_error_says_how_to_get_it(monkeypatch):
    for name in ("moveit", "bimanual_ros.moveit_py.client"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "moveit", None)
    with pytest.raises(BimanualError, match=r"needs moveit_py, which cannot be imported .*ros-\$ROS_DISTRO-moveit-py"):
        connect(ROBOT, PARAMETERS)


def test_a_moveit_that_does_not_start_is_told(monkeypatch):
    stand_in.install(monkeypatch)

    def fail(self, **_):
        raise RuntimeError("Unable to construct robot model")

    monkeypatch.setattr(stand_in.MoveItPy, "__init__", fail)
    with pytest.raises(BimanualError, match="MoveIt did not start: Unable to construct robot model"):
        connect(ROBOT, PARAMETERS)


def test_words_of_newer_messages_are_passed_on(backend):
    state, scene = scene_of()
    moveit().answer = stand_in.Response(-31)
    moveit().answer.error_code = SimpleNamespace(val=-31, message="wrist is singular")
    with pytest.raises(BimanualError, match=r"no joints reach the goal, code -31 \(wrist is singular\)"):
        backend.plan(scene, PlanRequest(state, poses={"left": GOALS["left"]}, method="lin"))
