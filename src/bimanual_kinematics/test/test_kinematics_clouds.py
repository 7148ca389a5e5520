"""Point clouds are obstacles: as deep, as near and as gapless as the cubes they fill."""

import numpy as np
import pytest

import bimanual_description
from bimanual_assets.catalog import get_asset
from bimanual_core.errors import BimanualError
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import make_T
from bimanual_kinematics.clouds import MOST_POINTS, cloud_body
from bimanual_kinematics.collision import CollisionScene
from bimanual_kinematics.model import RobotModel

ROBOT = bimanual_description.load("cobot_magic")
MODEL = RobotModel.of(ROBOT)
CUBE = 0.02
#: Corner of a grid cube in front of the left gripper at home [m].
CORNERS = CUBE * np.array([(-16, 1, 47), (-14, 2, 46), (-10, 3, 47), (-15, 0, 45)])


@pytest.fixture
def scene():
    return CollisionScene(MODEL, TableSpec())


def boxes():
    """A scene with a box for each cube."""
    scene = CollisionScene(MODEL, TableSpec())
    for k, corner in enumerate(CORNERS):
        scene.set_object(f"box{k}", get_asset("box", "red", (CUBE, CUBE, CUBE)), make_T(corner + CUBE / 2))
    return scene


def points(count=40):
    """Several in each cube, none on its sides."""
    within = np.random.default_rng(3).uniform(0.05, 0.95, (count, 1, 3)) * CUBE
    return (CORNERS + within).reshape(-1, 3)


def random_q(rng, spread=0.25):
    lower, upper = np.array(ROBOT.lower), np.array(ROBOT.upper)
    return np.clip(ROBOT.home + rng.uniform(-spread, spread, len(lower)) * (upper - lower) / 2, lower, upper)


def line(a, b):
    return lambda shares: a + np.asarray(shares)[:, None] * (b - a)


def touches(scene, q):
    """How deep links are in what is not the robot or the table, and where."""
    found = [c for c in scene.collisions(q, 0.01) if {c.a, c.b} & set(scene.objects)]
    return max(((c.depth, c.at) for c in found), default=(-1.0, None))


def test_it_is_as_deep_and_as_near_as_its_cubes(scene):
    scene.set_cloud(points(), CUBE)
    reference, rng = boxes(), np.random.default_rng(4)
    depths = []
    for _ in range(150):
        q = random_q(rng)
        (depth, at), (wanted, _) = touches(scene, q), touches(reference, q)
        assert depth == pytest.approx(wanted, abs=1e-5)
        if at is not None:
            outside = np.abs(np.array(at) - (CORNERS + CUBE / 2)) - CUBE / 2
            assert np.linalg.norm(np.maximum(outside, 0.0), axis=1).min() < 0.011
            depths.append(depth)
    assert min(depths) < 0.0 < max(depths)


def test_motions_through_it_are_found_without_gaps(scene):
    scene.set_cloud(points(), CUBE)
    reference, rng = boxes(), np.random.default_rng(5)
    found = []
    for _ in range(48):
        motion = line(random_q(rng), random_q(rng))
        touch, wanted = scene.first_touch(motion, 0.002), reference.first_touch(motion, 0.002)
        assert (touch is None) == (wanted is None)
        if touch is None:
            assert scene.check_path(motion(np.linspace(0.0, 1.0, 400)), 0.002) is None
        elif "cloud" in (touch[1].a, touch[1].b):
            found.append(touch)
            at_touch = scene.collisions(motion(np.array([touch[0]]))[0], 0.002)
            assert any("cloud" in (c.a, c.b) and c.depth == pytest.approx(touch[1].depth) for c in at_touch)
    assert len(found) > 3


def test_many_points_in_one_place_are_one(scene):
    scene.set_cloud(points(count=2), CUBE)
    few = touches(scene, ROBOT.home)
    scene.set_cloud(points(count=20_000), CUBE)
    assert touches(scene, ROBOT.home) == few
    assert len(cloud_body(points(20_000), CUBE).parts) < 10


def test_it_is_replaced_and_taken_away(scene):
    wrist = MODEL.frame("left_link5", ROBOT.home)[:3, 3]
    scene.set_cloud(wrist[None])
    assert "overlaps cloud" in str(scene.check(ROBOT.home))
    scene.set_cloud(wrist[None] + 0.3)
    assert scene.check(ROBOT.home) is None
    scene.set_cloud(wrist[None], name="shelf")
    assert scene.objects == ("cloud", "shelf")
    assert "overlaps shelf" in str(scene.check(ROBOT.home))
    scene.remove_object("shelf")
    assert scene.check(ROBOT.home) is None


def test_no_contact_of_the_hand_with_it_is_free(scene):
    """What a hand holds may touch its fingers, and nothing of the cloud."""
    tcp = MODEL.fk("left", ROBOT.home[ROBOT.joints.group("left_arm")])
    scene.set_object("box", get_asset("box", "red", (0.04, 0.04, 0.15)), tcp)
    scene.attach("left", "box", np.eye(4))
    scene.set_cloud((tcp @ make_T((0.0, 0.0, 0.08)))[:3, 3][None])
    hit = scene.check(ROBOT.home)
    assert {hit.a, hit.b} == {"box", "cloud"}


@pytest.mark.parametrize(
    ("cloud", "resolution", "words"),
    [
        (np.zeros((0, 3)), 0.01, r"shape \(0, 3\), expected \(N, 3\)"),
        (np.zeros((5, 4)), 0.01, r"shape \(5, 4\), expected \(N, 3\)"),
        (np.zeros((MOST_POINTS + 1, 3)), 0.01, "500001 points; at most 500000: crop it or take fewer"),
        ([[0.0, 0.0, 1.0], [0.0, np.nan, 1.0]], 0.01, r"point 1 is not finite: \[0.0, nan, 1.0\]"),
        ([[0.0, 1e6, 1.0]], 0.01, r"point 0 at \[0.0, 1000000.0, 1.0\] is beyond 100 m"),
        ([[0.0, 0.0, 1.0]], 0.0, r"resolution 0.0 m is outside \[0.002, 0.2\]"),
        ([[0.0, 0.0, 1.0]], np.nan, r"resolution nan m is outside \[0.002, 0.2\]"),
        (
            np.random.default_rng(0).uniform(-1, 1, (60_000, 3)),
            0.005,
            "cubes of 0.005 m hold points; at most 50000: cr",
        ),
    ],
)
def test_what_is_no_cloud(scene, cloud, resolution, words):
    with pytest.raises(BimanualError, match=words):
        scene.set_cloud(cloud, resolution)
    assert scene.objects == ()


def test_names_that_are_taken(scene):
    box = get_asset("box", "red", (0.04, 0.04, 0.15))
    scene.set_object("box", box, make_T((0.0, 0.0, 1.0)))
    for name in ("table", "left_link3", "box"):
        with pytest.raises(BimanualError, match=f"point cloud '{name}' has the name of a link, the table or"):
            scene.set_cloud([[0.0, 0.0, 1.0]], name=name)
    scene.set_cloud([[0.0, 0.0, 1.0]])
    with pytest.raises(BimanualError, match="object name 'cloud' is the name of a link, a point cloud or the table"):
        scene.set_object("cloud", box, make_T((0.0, 0.0, 1.0)))
    scene.remove_object("cloud")
    assert scene.clouds == frozenset()
    scene.set_object("cloud", box, make_T((0.0, 0.0, 1.0)))
