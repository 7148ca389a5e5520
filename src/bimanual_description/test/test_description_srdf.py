"""The SRDF: its groups, and that unchecked pairs are neighbours or bolted together, never of two arms."""

import xml.etree.ElementTree as ET

import pytest

import bimanual_description as description


@pytest.fixture(scope="module", params=description.robot_names())
def robot(request):
    return description.load(request.param)


@pytest.fixture(scope="module")
def srdf(robot):
    return ET.fromstring(description.srdf(robot))


@pytest.fixture(scope="module")
def urdf(robot):
    return ET.fromstring(description.urdf(robot))


def disabled(srdf):
    return [(e.attrib["link1"], e.attrib["link2"]) for e in srdf.iter("disable_collisions")]


def bolted(urdf):
    """The rigid body of every link (its topmost link over fixed joints), and moving neighbours of bodies."""
    parents = {j.find("child").attrib["link"]: j for j in urdf.iter("joint") if j.find("child") is not None}

    def body(link):
        joint = parents.get(link)
        if joint is None or joint.attrib["type"] != "fixed":
            return link
        return body(joint.find("parent").attrib["link"])

    moving = {
        frozenset((body(child), body(j.find("parent").attrib["link"])))
        for child, j in parents.items()
        if j.attrib["type"] != "fixed"
    }
    return body, moving


def test_groups(robot, srdf):
    groups = {g.attrib["name"] for g in srdf.findall("group")}
    wanted = {f"{side}_{part}" for side in robot.sides for part in ("arm", "gripper")}
    assert groups == wanted | ({"both_arms"} if len(robot.sides) == 2 else set())


def test_groups_name_what_the_urdf_has(robot, srdf, urdf):
    links = {e.attrib["name"] for e in urdf.iter("link")}
    joints = {e.attrib["name"] for e in urdf.iter("joint")}
    assert srdf.attrib["name"] == urdf.attrib["name"] == robot.name
    for chain in srdf.iter("chain"):
        assert {chain.attrib["base_link"], chain.attrib["tip_link"]} <= links
    assert {j.attrib["name"] for j in srdf.iter("joint")} <= joints
    for state in srdf.iter("group_state"):
        if state.attrib["name"] == "open":
            gripper = robot.arm(state.attrib["group"].split("_")[0]).gripper
            assert float(state.find("joint").attrib["value"]) == gripper.max_opening


def test_no_pair_joins_the_two_arms(srdf):
    assert disabled(srdf)
    for pair in disabled(srdf):
        sides = {name.split("_")[0] for name in pair} & {"left", "right"}
        assert len(sides) <= 1, pair


def test_pairs_are_neighbours_or_bolted_together(srdf, urdf):
    body, moving = bolted(urdf)
    links = {link.attrib["name"] for link in urdf.iter("link")}
    for a, b in disabled(srdf):
        assert {a, b} <= links
        fingers = {a.rstrip("12"), b.rstrip("12")} in ({"left_finger"}, {"right_finger"})
        assert fingers or body(a) == body(b) or frozenset((body(a), body(b))) in moving, (a, b)


def test_every_pair_has_a_reason(srdf):
    for element in srdf.iter("disable_collisions"):
        assert len(element.attrib["reason"]) > 10


def test_home_state_is_the_robots_home(robot, srdf):
    state = next(s for s in srdf.iter("group_state") if s.attrib["name"] == "home")
    values = {j.attrib["name"]: float(j.attrib["value"]) for j in state.iter("joint")}
    for arm in robot.arms:
        assert tuple(values[j] for j in arm.joints) == arm.home
