"""The URDF of Cobot Magic: kinematics, placement, meshes. What holds for all is in test_description_robots."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from description_poses import craig, poses

import bimanual_description as description

# Modified DH of the PiPer's vendor SDK: a [m], alpha [deg], d [m], theta offset [deg]
PIPER_DH = [
    (0.0, 0.0, 0.123, 0.0),
    (0.0, -90.0, 0.0, -172.22),
    (0.28503, 0.0, 0.0, -102.78),
    (-0.02198, 90.0, 0.25075, 0.0),
    (0.0, -90.0, 0.0, 0.0),
    (0.0, 90.0, 0.091, 0.0),
]


@pytest.fixture(scope="module")
def robot():
    return description.load("cobot_magic")


@pytest.fixture(scope="module")
def urdf(robot):
    return description.urdf(robot)


@pytest.mark.parametrize("side", ["left", "right"])
def test_flange_follows_the_published_dh_table(robot, urdf, side):
    arm = robot.arm(side)
    rng = np.random.default_rng(3)
    for q in [np.zeros(6), *rng.uniform(arm.lower, arm.upper, (30, 6))]:
        found = poses(urdf, dict(zip(arm.joints, q, strict=True)))
        T = np.linalg.inv(found[arm.base_frame]) @ found[arm.tool_frame]
        assert np.abs(T - craig(PIPER_DH, q)).max() < 1e-4


def test_published_zero_pose(robot, urdf):
    found = poses(urdf, {})
    T = np.linalg.inv(found["left_base_link"]) @ found["left_tool0"]
    assert T[:3, 3] == pytest.approx([0.05613, 0.0, 0.21327], abs=1e-4)


@pytest.mark.parametrize(("layout", "left_base"), [(None, (-0.30, -0.411, 0.775)), ("raised", (-0.30, -0.35, 0.85))])
def test_arms_stand_where_the_layout_says(layout, left_base):
    robot = description.load("cobot_magic", layout)
    found = poses(description.urdf(robot), dict(zip(robot.joints.names, robot.home, strict=True)))
    assert found["left_base_link"][:3, 3] == pytest.approx(left_base, abs=1e-6)
    assert found["right_base_link"][:3, 3] == pytest.approx([-left_base[0], *left_base[1:]], abs=1e-6)
    for side, x in (("left", -0.3), ("right", 0.3)):
        T = found[f"{side}_tcp"]
        assert T[:3, 3] == pytest.approx([x, -0.042, 0.9425], abs=2e-3)
        assert T[:3, 2] == pytest.approx([0.0, 0.707, -0.707], abs=2e-3), "home looks forward and 45 deg down"
        assert abs(T[0, 1]) == pytest.approx(1.0), "the gripper opens sideways"


def test_the_head_camera_is_robotwins(robot, urdf):
    found = poses(urdf, {})
    head = found[robot.camera("head").optical_frame]
    assert head[:3, 3] == pytest.approx([-0.032, -0.45, 1.35])
    assert head[:3, 2] == pytest.approx([0.0, 0.6, -0.8])


def test_every_mesh_exists_and_addresses_resolve(urdf):
    resolved = description.resolve_packages(urdf)
    assert "package://" not in resolved
    files = {Path(m.attrib["filename"]) for m in ET.fromstring(resolved).iter("mesh")}
    assert len(files) >= 12
    for file in files:
        assert file.is_file(), file
    assert sum(f.stat().st_size for f in files) < 1_000_000
