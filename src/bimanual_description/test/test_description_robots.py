"""What holds for every robot: names, frames, limits, inertias, grippers, cameras; and published kinematics."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from description_poses import craig, denavit, poses

import bimanual_description as description

ROBOTS = {name: description.load(name) for name in description.robot_names()}
URDFS = {name: description.urdf(robot) for name, robot in ROBOTS.items()}
SIMULATED = {name: description.urdf(robot, opening_joint=False) for name, robot in ROBOTS.items()}
every_robot = pytest.mark.parametrize("name", ROBOTS)

# Modified DH of Franka's arms to the flange: a [m], alpha [deg], d [m], theta offset [deg]
FRANKA = [
    (0.0, 0.0, 0.333, 0.0),
    (0.0, -90.0, 0.0, 0.0),
    (0.0, 90.0, 0.316, 0.0),
    (0.0825, 90.0, 0.0, 0.0),
    (-0.0825, -90.0, 0.384, 0.0),
    (0.0, 90.0, 0.0, 0.0),
    (0.088, 90.0, 0.0, 0.0),
    (0.0, 0.0, 0.107, 0.0),
]
# Standard DH of UR5e: a [m], alpha [deg], d [m]
UR5E = [
    (0.0, 90.0, 0.1625),
    (-0.425, 0.0, 0.0),
    (-0.3922, 0.0, 0.0),
    (0.0, 90.0, 0.1333),
    (0.0, -90.0, 0.0997),
    (0.0, 0.0, 0.0996),
]
HALF_TURN = np.diag([-1.0, -1.0, 1.0, 1.0])


def joints_of(urdf):
    return {j.attrib["name"]: j for j in ET.fromstring(urdf).iter("joint")}


def in_base(name, side, frame, q):
    """Pose of a frame in the base of its arm at joints (n,)."""
    arm = ROBOTS[name].arm(side)
    found = poses(URDFS[name], dict(zip(arm.joints, q, strict=True)))
    return np.linalg.inv(found[arm.base_frame]) @ found[frame]


def random_joints(name, side, count=20):
    arm = ROBOTS[name].arm(side)
    return np.random.default_rng(8).uniform(arm.lower, arm.upper, (count, arm.dof))


def test_the_robots_of_the_project():
    assert list(ROBOTS) == ["cobot_magic", "dual_arx_x5", "dual_franka", "dual_piper", "dual_ur5", "franka"]
    sizes = {name: robot.joints.size for name, robot in ROBOTS.items()}
    assert sizes == {
        "cobot_magic": 14,
        "dual_arx_x5": 14,
        "dual_franka": 16,
        "dual_piper": 14,
        "dual_ur5": 14,
        "franka": 8,
    }
    assert ROBOTS["franka"].sides == ("left",)


@every_robot
def test_names_and_frames(name):
    robot, root = ROBOTS[name], ET.fromstring(URDFS[name])
    links = {link.attrib["name"] for link in root.iter("link")}
    assert {"world", "base_link"} <= links
    assert set(robot.joints.names) <= set(joints_of(URDFS[name]))
    for arm in robot.arms:
        assert arm.joints == tuple(f"{arm.side}_joint{i + 1}" for i in range(arm.dof))
        assert (arm.base_frame, arm.tool_frame, arm.tcp_frame) == tuple(
            f"{arm.side}_{frame}" for frame in ("base_link", "tool0", "tcp")
        )
        assert {arm.base_frame, arm.tool_frame, arm.tcp_frame, arm.gripper.link, *arm.gripper.finger_links} <= links


@every_robot
def test_limits_are_those_of_the_specification(name):
    joints = joints_of(URDFS[name])
    for arm in ROBOTS[name].arms:
        for joint, low, high, speed in zip(arm.joints, arm.lower, arm.upper, arm.velocity, strict=True):
            limit = joints[joint].find("limit").attrib
            assert [float(limit[k]) for k in ("lower", "upper", "velocity")] == [low, high, speed]


@every_robot
def test_inertias_are_physical(name):
    root = ET.fromstring(URDFS[name])
    moved = {j.find("child").attrib["link"] for j in root.iter("joint") if j.attrib["type"] != "fixed"}
    bodies = {link.attrib["name"]: link.find("inertial") for link in root.iter("link")}
    bodiless = {arm.gripper.joint + "_opening" for arm in ROBOTS[name].arms}
    assert {link for link in moved if bodies[link] is None} == bodiless
    for body in (b for b in bodies.values() if b is not None):
        assert float(body.find("mass").attrib["value"]) > 0
        i = {k: float(v) for k, v in body.find("inertia").attrib.items()}
        tensor = np.array(
            [[i["ixx"], i["ixy"], i["ixz"]], [i["ixy"], i["iyy"], i["iyz"]], [i["ixz"], i["iyz"], i["izz"]]]
        )
        moments = np.linalg.eigvalsh(tensor)
        assert moments[0] > 0
        assert moments[0] + moments[1] >= moments[2] * (1 - 1e-9), "triangle inequality"


@every_robot
def test_gripper_joints_of_both_forms(name):
    joints, simulated = joints_of(URDFS[name]), joints_of(SIMULATED[name])
    for arm in ROBOTS[name].arms:
        gripper = arm.gripper
        assert float(joints[gripper.joint].find("limit").attrib["upper"]) == gripper.max_opening
        for finger in gripper.finger_joints:
            assert joints[finger].find("mimic").attrib == {"joint": gripper.joint, "multiplier": "0.5"}
        assert gripper.joint not in simulated
        assert simulated[gripper.finger_joints[0]].find("mimic") is None
        assert simulated[gripper.finger_joints[1]].find("mimic").attrib["joint"] == gripper.finger_joints[0]


@every_robot
def test_finger_tips_are_at_the_tcp_and_as_far_apart_as_the_opening(name):
    for arm in ROBOTS[name].arms:
        found = poses(SIMULATED[name], dict.fromkeys(arm.gripper.finger_joints, 0.03))
        T_tcp_world, T_tool_world = np.linalg.inv(found[arm.tcp_frame]), np.linalg.inv(found[arm.tool_frame])
        for link, y in zip(arm.gripper.finger_links, (0.03, -0.03), strict=True):
            assert (T_tcp_world @ found[link])[:3, 3] == pytest.approx([0, y, 0])
        T_tool_tcp = T_tool_world @ found[arm.tcp_frame]
        assert T_tool_tcp[:2, 3] == pytest.approx([0, 0])
        assert T_tool_tcp[2, 3] > 0.05
        assert T_tool_tcp[:3, 2] == pytest.approx([0, 0, 1])


@every_robot
def test_cameras_have_link_and_optical_frames(name):
    found = poses(URDFS[name], {})
    assert {"head", "third_view"} <= {camera.name for camera in ROBOTS[name].cameras}
    for camera in ROBOTS[name].cameras:
        T = np.linalg.inv(found[camera.link_frame]) @ found[camera.optical_frame]
        assert T[:3, 2] == pytest.approx([1, 0, 0]), "the optical axis is the link's x"
        assert T[:3, 0] == pytest.approx([0, -1, 0])
    head = found[ROBOTS[name].camera("head").optical_frame]
    assert head[2, 3] == pytest.approx(1.35)
    assert head[:2, 3] == pytest.approx([-0.032, -0.45] if len(ROBOTS[name].sides) == 2 else [-0.55, -0.45])
    at_table = head[:3, 3] + head[:3, 2] * (0.74 - head[2, 3]) / head[2, 2]
    assert np.abs(at_table[:2]).max() < 0.2, "it looks at the middle of the table"


@pytest.mark.parametrize(
    ("name", "left_base"),
    [
        ("dual_piper", (-0.3, -0.411, 0.775)),
        ("dual_franka", (-0.4, -0.55, 0.765)),
        ("dual_arx_x5", (-0.3, -0.45, 0.765)),
        ("dual_ur5", (-0.3, -0.75, 0.765)),
        ("franka", (0.0, -0.55, 0.765)),
    ],
)
def test_arms_stand_where_they_should(name, left_base):
    found = poses(URDFS[name], {})
    for side in ROBOTS[name].sides:
        T = found[f"{side}_base_link"]
        mirrored = np.array(left_base) * ([1, 1, 1] if side == "left" else [-1, 1, 1])
        assert T[:3, 3] == pytest.approx(mirrored)
        assert T[:3, 0] == pytest.approx([0, 1, 0], abs=1e-9), "the arms reach forward over the table"


@pytest.mark.parametrize("name", ["franka", "dual_franka"])
def test_franka_follows_the_published_table(name):
    for side in ROBOTS[name].sides:
        rest = in_base(name, side, f"{side}_tool0", np.zeros(7))
        # upright, the hand hanging down: .333 + .316 + .384 - .107 m
        np.testing.assert_allclose(rest[:3, 3], [0.088, 0.0, 0.926], atol=1e-9)
        np.testing.assert_allclose(rest[:3, 2], [0.0, 0.0, -1.0], atol=1e-9)
        for q in random_joints(name, side):
            T = in_base(name, side, f"{side}_tool0", q)
            np.testing.assert_allclose(T, craig(FRANKA, [*q, 0.0]), atol=1e-9)


def test_franka_hand_is_turned_by_45_deg():
    q = ROBOTS["dual_franka"].arm("left").home
    T_tool_tcp = np.linalg.inv(in_base("dual_franka", "left", "left_tool0", q)) @ in_base(
        "dual_franka", "left", "left_tcp", q
    )
    np.testing.assert_allclose(T_tool_tcp[:3, 3], [0, 0, 0.1034], atol=1e-9)
    np.testing.assert_allclose(T_tool_tcp[:3, 1], [0.5**0.5, 0.5**0.5, 0], atol=1e-9)


@pytest.mark.parametrize("side", ["left", "right"])
def test_ur5e_follows_the_published_table(side):
    rest = in_base("dual_ur5", side, f"{side}_tool0", np.zeros(6))
    # stretched forward: .425 + .3922; beside: .1333 + .0996; up: .1625 - .0997
    np.testing.assert_allclose(rest[:3, 3], [0.8172, 0.2329, 0.0628], atol=1e-9)
    for q in random_joints("dual_ur5", side):
        T = in_base("dual_ur5", side, f"{side}_tool0", q)
        np.testing.assert_allclose(T, HALF_TURN @ denavit(UR5E, q), atol=1e-9)


def about(axis, angle):
    """Rotation about a named axis (4, 4)."""
    c, s = np.cos(angle), np.sin(angle)
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    T = np.eye(4)
    T[i, i], T[j, j], T[i, j], T[j, i] = c, c, -s, s
    return T


def shift(x, y, z):
    T = np.eye(4)
    T[:3, 3] = x, y, z
    return T


@pytest.mark.parametrize("side", ["left", "right"])
def test_arx_x5_follows_the_published_frames(side):
    to_tool = about("y", np.pi / 2)  # z out of the flange instead of x
    rest = in_base("dual_arx_x5", side, f"{side}_tcp", np.zeros(6))
    # folded: .02 - .264 + .245 + .06575 + .02845 + .145 forward; .0603 + .0402 + .056 up
    np.testing.assert_allclose(rest[:3, 3], [0.2402, 0.001, 0.1565], atol=1e-9)
    for q in random_joints("dual_arx_x5", side):
        T = shift(0, 0, 0.0603) @ about("z", q[0]) @ shift(0.02, 0, 0.0402) @ about("y", q[1])
        T = T @ shift(-0.264, 0, 0) @ about("x", -np.pi) @ about("y", q[2])
        T = T @ shift(0.245, 0, -0.056) @ about("y", q[3]) @ shift(0.06575, -0.001, -0.0825) @ about("z", q[4])
        T = T @ shift(0.02845, 0, 0.0825) @ about("x", -np.pi) @ about("x", q[5]) @ shift(0.145, 0, 0) @ to_tool
        np.testing.assert_allclose(in_base("dual_arx_x5", side, f"{side}_tcp", q), T, atol=1e-9)
