"""Collisions on known cases, and contacts that are never allowed silently."""

import coal
import numpy as np
import pytest

import bimanual_description as description
from bimanual_core.asset import Annotation, Asset, Shape
from bimanual_core.errors import BimanualError, UnknownNameError
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import from_rotation, make_T, rotation_about
from bimanual_kinematics import CollisionScene, RobotModel, ik_solutions
from bimanual_kinematics.geometry import asset_parts

DOWN_45 = np.array([[0.0, -1.0, 0.0], [-0.70710678, 0.0, 0.70710678], [-0.70710678, 0.0, -0.70710678]])
CUBE = Asset("cube", "test", (Shape("box", (0.05, 0.05, 0.05)),), Annotation())
ROD = Asset("rod", "test", (Shape("cylinder", (0.02, 0.60)),), Annotation())


@pytest.fixture(scope="module")
def model():
    return RobotModel.of(description.load("cobot_magic"))


@pytest.fixture
def scene(model):
    return CollisionScene(model, TableSpec())


def joints(model, left=None, right=None, opening=0.10):
    """Flat joints with arms at the given tcp positions, approaching forward and 45 deg down."""
    robot, q = model.robot, model.robot.home.copy()
    for side, xyz in (("left", left), ("right", right)):
        q[robot.joints.index(f"{side}_gripper")] = opening
        if xyz is not None:
            q[robot.joints.group(f"{side}_arm")] = ik_solutions(model, side, from_rotation(DOWN_45, xyz))[0]
    return q


@pytest.mark.parametrize("layout", [None, "raised"])
def test_home_and_folded_rest_are_free(layout):
    robot = description.load("cobot_magic", layout)
    scene = CollisionScene(RobotModel.of(robot), TableSpec())
    assert scene.check(robot.home, margin=0.01) is None
    assert scene.check(np.zeros(14)) is None


@pytest.mark.parametrize("margin", [0.0, 0.004, 0.010])
def test_the_quick_answer_is_that_of_all_pairs(model, scene, margin):
    rng = np.random.default_rng(7)
    for i in range(3):
        scene.set_object(f"cube{i}", CUBE, make_T((*rng.uniform(-0.2, 0.2, 2), 0.80)))
    lower, upper = np.array(model.robot.lower), np.array(model.robot.upper)
    free = 0
    for _ in range(150):
        q = np.clip(model.robot.home + rng.uniform(-0.3, 0.3, len(lower)) * (upper - lower), lower, upper)
        free += scene.is_free(q, margin)
        assert scene.is_free(q, margin) == (scene.min_distance(q)[0] >= margin)
    assert 10 < free < 140


def test_what_moves_or_comes_to_be_allowed_is_seen_at_once(model, scene):
    q = joints(model, left=(-0.2, 0.0, 0.86), opening=0.04)
    at_tcp = model.fk("left", q[:6])
    scene.set_object("cube", CUBE, at_tcp)
    assert not scene.is_free(q)
    scene.set_object("cube", CUBE, make_T((0.3, 0.2, 0.80)))
    assert scene.is_free(q)
    scene.attach("left", "cube", make_T((0.0, 0.0, 0.0)))
    assert scene.is_free(q)
    scene.detach("left", at_tcp)
    assert not scene.is_free(q)
    with scene.allowing(("left_finger1", "cube"), ("left_finger2", "cube")):
        assert scene.is_free(q)
    assert not scene.is_free(q)


def test_arms_through_each_other(model, scene):
    collision = scene.check(joints(model, left=(0.0, -0.05, 0.95), right=(0.0, -0.05, 0.95)))
    assert collision is not None
    assert {collision.a.split("_")[0], collision.b.split("_")[0]} == {"left", "right"}
    assert collision.depth > 0
    assert scene.check(joints(model, left=(-0.1, -0.05, 0.95), right=(0.1, -0.05, 0.95))) is None


def test_finger_in_the_table(model, scene):
    collision = scene.check(joints(model, left=(-0.2, 0.0, 0.735)))
    assert collision is not None
    assert collision.b == "table"
    assert collision.a.startswith("left_finger")
    assert scene.check(joints(model, left=(-0.2, 0.0, 0.76))) is None


def test_margin_and_distance_agree(model, scene):
    q = joints(model, left=(-0.2, 0.0, 0.76))
    distance, pair = scene.min_distance(q)
    assert "table" in pair
    # the lowest edge of a pad tilted by 45 deg lies half its thickness x sin 45 deg below the tip plane's middle
    assert distance == pytest.approx(0.02 - 0.01225 * np.sin(np.pi / 4), abs=5e-4)
    assert scene.check(q, margin=distance - 1e-4) is None
    near = scene.check(q, margin=distance + 1e-4)
    assert near is not None
    assert near.depth == pytest.approx(-distance, abs=1e-6)
    assert "is near" in str(near)


def test_overlap_is_measured(model, scene):
    scene.set_object("cube", CUBE, make_T((0.2, 0.2, 0.76)))
    scene.set_object("cube2", CUBE, make_T((0.2, 0.2, 0.76)))
    assert scene.check(model.robot.home) is None, "objects at rest are nobody's business"
    q = joints(model, left=(-0.2, 0.0, 0.735))
    distance, _ = scene.min_distance(q)
    assert distance == pytest.approx(-0.005 - 0.01225 * np.sin(np.pi / 4), abs=1e-3)
    assert scene.collisions(q)[0].depth == pytest.approx(-distance, abs=1e-6)


def test_attached_object_may_touch_its_own_fingers_only(model, scene):
    q = joints(model, left=(-0.1, -0.05, 0.95), right=(0.1, -0.05, 0.95), opening=0.045)
    scene.set_object("cube", CUBE, model.fk("left", q[:6]))
    assert scene.check(q) is not None, "not held: the fingers press into it"
    scene.attach("left", "cube", np.eye(4))
    assert scene.held == {"cube": "left"}
    assert scene.check(q) is None
    meeting = joints(model, left=(0.0, -0.05, 0.95), right=(0.06, -0.05, 0.95), opening=0.045)
    touched = {frozenset((c.a, c.b)) for c in scene.collisions(meeting)}
    assert any("cube" in pair and any(n.startswith("right_") for n in pair) for pair in touched)


def test_attached_object_moves_with_the_hand_and_meets_the_table(model, scene):
    q = joints(model, left=(-0.2, 0.0, 0.80), opening=0.05)
    scene.set_object("cube", CUBE, make_T((0.5, 0.3, 0.8)))
    scene.attach("left", "cube", from_rotation(DOWN_45.T))
    assert scene.check(q) is None
    low = joints(model, left=(-0.2, 0.0, 0.760), opening=0.05)
    hit = scene.check(low)
    assert hit is not None
    assert {hit.a, hit.b} == {"table", "cube"}
    with scene.allowing(("cube", "table")):
        assert scene.is_allowed("table", "cube")
        assert scene.check(low) is None
    assert not scene.is_allowed("cube", "table")
    assert scene.check(low) is not None


def test_held_object_and_the_other_arm(model, scene):
    """A rod held by the left hand reaches the right arm."""
    scene.set_object("rod", ROD, make_T((0.5, 0.3, 0.8)))
    q = joints(model, left=(-0.1, -0.05, 0.95), right=(0.2, -0.05, 0.95))
    assert scene.check(q) is None
    across = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    scene.attach("left", "rod", from_rotation(DOWN_45.T @ across))
    hits = scene.collisions(q)
    assert any(h.b == "rod" and h.a.startswith("right_") for h in hits)


def test_hand_over_of_the_allowed_contacts(model, scene):
    scene.set_object("cube", CUBE, np.eye(4))
    scene.attach("left", "cube", np.eye(4))
    assert not scene.is_allowed("right_finger1", "cube")
    scene.attach("right", "cube", np.eye(4))
    assert scene.held == {"cube": "right"}
    assert scene.is_allowed("left_finger1", "cube"), "until the giver has let go"
    scene.release("left", "cube")
    assert not scene.is_allowed("left_finger1", "cube")
    assert scene.is_allowed("right_finger2", "cube")
    with pytest.raises(BimanualError, match="detach it first"):
        scene.release("right", "cube")
    scene.detach("right", np.eye(4))
    assert not scene.is_allowed("right_finger2", "cube")
    with pytest.raises(BimanualError, match="carries no object"):
        scene.detach("right", np.eye(4))


def test_contact_between_the_arms_can_never_be_allowed(scene):
    with pytest.raises(BimanualError, match="join the two arms"):
        scene.allow("left_finger1", "right_finger1")
    with pytest.raises(BimanualError, match="join the two arms"), scene.allowing(("left_link5", "right_base_link")):
        pass


def test_names_and_poses_are_checked(scene):
    with pytest.raises(UnknownNameError, match="unknown object 'ghost'; choices: none"):
        scene.attach("left", "ghost", np.eye(4))
    with pytest.raises(UnknownNameError, match="unknown body 'ghost'"):
        scene.allow("ghost", "table")
    with pytest.raises(BimanualError, match="name of a link, a point cloud or the table"):
        scene.set_object("table", CUBE, np.eye(4))
    with pytest.raises(BimanualError, match="rigid transform"):
        scene.set_object("cube", CUBE, np.zeros((4, 4)))


def test_removed_object_leaves_nothing_allowed(scene):
    scene.set_object("cube", CUBE, np.eye(4))
    scene.allow("cube", "table")
    scene.remove_object("cube")
    scene.set_object("cube", CUBE, np.eye(4))
    assert not scene.is_allowed("cube", "table")
    assert scene.objects == ("cube",)


def test_path_names_the_first_collision(model, scene):
    start, end = model.robot.home, joints(model, left=(-0.2, 0.0, 0.735))
    path = start + np.linspace(0, 1, 30)[:, None] * (end - start)
    index, collision = scene.check_path(path)
    assert 0 < index < 30
    assert scene.check_path(path[:index]) is None
    assert {collision.a, collision.b} == {scene.check(path[index]).a, "table"}


def test_a_mesh_is_as_far_away_as_the_box_with_its_corners():
    corners = np.array(np.meshgrid([-0.025, 0.025], [-0.025, 0.025], [-0.025, 0.025])).reshape(3, -1).T
    quads = ([0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3])
    faces = [half for a, b, c, d in quads for half in ([a, b, c], [a, c, d])]
    shape = Shape("mesh", (0.05, 0.05, 0.05), vertices=corners, faces=np.array(faces))
    mesh = Asset("cube", "mesh", (shape,), Annotation())
    found = []
    for asset in (CUBE, mesh):
        (part,) = asset_parts(asset)
        turned = coal.Transform3s(rotation_about((1, 2, 3), 0.7), np.array([0.11, 0.04, 0.02]))
        found.append(coal.distance(part.shape, coal.Transform3s(), coal.Cylinder(0.02, 0.1), turned,
                                   coal.DistanceRequest(), coal.DistanceResult()))  # fmt: skip
    assert found[0] == pytest.approx(found[1], abs=1e-6)
    assert asset_parts(mesh)[0].shape is asset_parts(mesh)[0].shape  # made once
