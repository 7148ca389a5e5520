"""URDFs that nothing right can be computed with are refused in words: file, joint or link, and what would be right."""

import numpy as np
import pytest

import bimanual_description as description
from bimanual_core.errors import ConfigError
from bimanual_kinematics.model import RobotModel
from bimanual_kinematics.urdf_check import Mimic, checked_urdf

INERTIAL = '<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>'
BODY = '<collision><geometry><box size="1 1 1"/></geometry></collision>'
LIMIT = '<limit lower="-1" upper="1" velocity="1" effort="1"/>'
SMALL = f"""<robot name="r">
<link name="base"/>
<link name="arm">{INERTIAL}{BODY}</link>
<link name="hand"/>
<link name="finger">{INERTIAL}{BODY}</link>
<joint name="turn" type="revolute"><parent link="base"/><child link="arm"/><axis xyz="0 0 1"/>{LIMIT}</joint>
<joint name="grip" type="prismatic"><parent link="arm"/><child link="hand"/><axis xyz="0 1 0"/>{LIMIT}</joint>
<joint name="follow" type="prismatic"><parent link="arm"/><child link="finger"/><axis xyz="0 1 0"/>{LIMIT}
<mimic joint="grip" multiplier="0.5"/></joint>
</robot>"""
DRIVEN, ARMS = ("turn", "grip"), ("turn",)


def test_a_sound_one_has_its_mimics():
    assert checked_urdf(SMALL, "r.urdf", DRIVEN, ARMS) == {"follow": Mimic("grip", 0.5)}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("</robot>", "", "no XML: "),
        ('<robot name="r">', "<rocket>", "no XML: "),
        (SMALL, "<sdf/>", "the root element is <sdf>, a URDF's is <robot>"),
        ('<link name="hand"/>', '<link name="arm"/>', "link 'arm' is there twice"),
        ('<link name="hand"/>', "<link/>", "a <link> has no name"),
        ('child link="hand"', 'child link="claw"', "joint 'grip': its child 'claw' is no link; links: base, arm, hand"),
        ('child link="hand"', 'child link="arm"', "link 'arm' is the child of two joints, 'turn' and 'grip'"),
        (
            '<link name="hand"/>',
            '<link name="hand"/><link name="x"/>',
            r"2 links have no parent \(base, x\); it must be",
        ),
        (
            'name="grip" type',
            'name="other" type',
            "no joint 'grip', which the robot's YAML names; .*: turn, other, follow",
        ),
        ('"turn" type="revolute"', '"turn" type="fixed"', "joint 'turn' is fixed, but the robot's YAML moves it"),
        ('"turn" type="revolute"', '"turn" type="continuous"', "joint 'turn' is of type 'continuous'; .* with limits"),
        (
            '"turn" type="revolute"',
            '"turn" type="floating"',
            "joint 'turn' is of type 'floating'; a joint is fixed, rev",
        ),
        ('<axis xyz="0 0 1"/>' + LIMIT, "", "joint 'turn' has no <limit>; give it lower, upper, velocity and effort"),
        ('lower="-1"', 'lower="nan"', "joint 'turn': limit lower is 'nan'; it must be a finite number"),
        ('upper="1"', "", "joint 'turn': limit upper is missing; it must be a finite number"),
        ('upper="1"', 'upper="-2"', "joint 'turn': limit lower -1.0 is above upper -2.0"),
        ('velocity="1"', 'velocity="fast"', "joint 'turn': limit velocity is 'fast'; it must be a finite number"),
        ('xyz="0 0 1"', 'xyz="0 0 0"', "joint 'turn': axis '0 0 0' is no direction; three numbers, not all 0"),
        ('xyz="0 0 1"', 'xyz="0 0 nan"', "joint 'turn': axis is 'nan'; it must be a finite number"),
        (
            INERTIAL,
            "",
            "link 'arm', which joint 'turn' moves, has no mass; give it an <inertial> with mass and inertia",
        ),
        ('<mass value="1"/>', '<mass value="0"/>', "link 'arm', which joint 'turn' moves, has no mass"),
        ('<mass value="1"/>', "", "link 'arm': mass None is not a finite number of 0 or more"),
        ('<mass value="1"/>', '<mass value="nan"/>', "link 'arm': mass 'nan' is not a finite number of 0 or more"),
        ('ixx="1"', 'ixx="nan"', "link 'arm': inertia ixx is missing or not a finite number of 0 or more"),
        ('izz="1"', "", "link 'arm': inertia izz is missing or not a finite number of 0 or more"),
        (
            'mimic joint="grip"',
            'mimic joint="thumb"',
            "joint 'follow' mimics 'thumb', which is no driven joint; .*: turn, g",
        ),
        ('mimic joint="grip"', 'mimic joint="follow"', "joint 'follow' mimics 'follow', which is no driven joint"),
        (
            'multiplier="0.5"',
            'multiplier="0.5" offset="0.1"',
            "a mimic's offset 0.1 is not supported; put it into the jo",
        ),
        ('multiplier="0.5"', 'multiplier="nan"', "joint 'follow': mimic multiplier is 'nan'"),
        (
            '<mimic joint="grip" multiplier="0.5"/>',
            "",
            "joint 'follow' moves, but is neither one of the robot's YAML nor",
        ),
        (
            LIMIT + "</joint>",
            LIMIT + '<mimic joint="grip"/></joint>',
            "joint 'turn' mimics 'grip', but the robot's YAML",
        ),
    ],
)
def test_what_is_refused(old, new, words):
    assert old in SMALL
    with pytest.raises(ConfigError, match=words) as info:
        checked_urdf(SMALL.replace(old, new, 1), "r.urdf", DRIVEN, ARMS)
    assert str(info.value).startswith("r.urdf: ")


def test_a_loop_of_links_is_refused():
    ends = (("x", "y"), ("y", "x"))
    joints = [f'<joint name="{a}{b}" type="fixed"><parent link="{a}"/><child link="{b}"/></joint>' for a, b in ends]
    text = SMALL.replace("</robot>", f'<link name="x"/><link name="y"/>{"".join(joints)}</robot>')
    with pytest.raises(ConfigError, match="links x, y are joined in a loop that 'base' does not lead to"):
        checked_urdf(text, "r.urdf", DRIVEN, ARMS)


def test_a_body_that_is_fixed_to_what_moves_has_its_mass():
    """As a camera on a link, or a link that is drawn by another."""
    flange = f'<link name="flange">{INERTIAL}</link>'
    joint = '<joint name="to" type="fixed"><parent link="arm"/><child link="flange"/></joint>'
    text = SMALL.replace(INERTIAL, "", 1).replace("</robot>", f"{flange}{joint}</robot>")
    assert "follow" in checked_urdf(text, "r.urdf", DRIVEN, ARMS)


@pytest.mark.parametrize("name", description.robot_names())
def test_every_robot_is_sound_and_its_refusals_name_its_file(name):
    robot = description.load(name)
    urdf = description.urdf(robot)
    joint = robot.arms[0].joints[2]
    assert RobotModel(robot, urdf).expansion.shape[1] == robot.joints.size
    with pytest.raises(ConfigError, match=f"arm.urdf: the URDF has no joint {joint!r}"):
        RobotModel(robot, urdf.replace(f'"{joint}"', '"elbow"'), "arm.urdf")
    tcp = robot.arms[0].tcp_frame
    with pytest.raises(ConfigError, match=f"{name}: the URDF has no link '{tcp}'"):
        RobotModel(robot, urdf.replace(f'"{tcp}"', '"tip"'))


def test_mimicking_fingers_follow_the_opening():
    model = RobotModel.of(description.load("cobot_magic"))
    q = model.robot.home.copy()
    q[model.robot.joints.group("left_gripper")] = 0.06
    full = model.full_q(q)
    for finger in ("left_finger_joint1", "left_finger_joint2"):
        index = model.pin_model.joints[model.pin_model.getJointId(finger)].idx_q
        assert full[index] == pytest.approx(0.03)
    assert np.count_nonzero(model.expansion) == model.pin_model.nq
