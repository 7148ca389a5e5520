"""Motions are checked without gaps: held against a look at every fraction of a millimetre."""

import numpy as np
import pinocchio as pin
import pytest

import bimanual_description
from bimanual_assets.catalog import get_asset
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import make_T
from bimanual_kinematics.collision import CollisionScene
from bimanual_kinematics.continuous import HALVINGS
from bimanual_kinematics.model import RobotModel
from bimanual_kinematics.placements import JointPlacements

ROBOT = bimanual_description.load("cobot_magic")
MODEL = RobotModel.of(ROBOT)
DENSE = 600


def scene_with_boxes():
    scene = CollisionScene(MODEL, TableSpec())
    for i, (x, y) in enumerate([(-0.25, 0.0), (0.05, 0.1), (0.3, -0.1)]):
        scene.set_object(f"box{i}", get_asset("box", "red", (0.04, 0.04, 0.15)), make_T((x, y, 0.815)))
    return scene


def line(a, b):
    return lambda shares: a + np.asarray(shares)[:, None] * (b - a)


def random_q(rng, spread):
    lower, upper = np.array(ROBOT.lower), np.array(ROBOT.upper)
    return np.clip(ROBOT.home + rng.uniform(-spread, spread, len(lower)) * (upper - lower) / 2, lower, upper)


def test_placements_are_those_of_pinocchio():
    model = MODEL.pin_model
    qs = np.random.default_rng(1).uniform(-1.0, 1.0, (20, model.nq))
    R, t = JointPlacements(model).at(qs)
    for k, q in enumerate(qs):
        pin.forwardKinematics(model, MODEL.pin_data, q)
        for joint in range(model.njoints):
            np.testing.assert_allclose(R[k, joint], MODEL.pin_data.oMi[joint].rotation, atol=1e-12)
            np.testing.assert_allclose(t[k, joint], MODEL.pin_data.oMi[joint].translation, atol=1e-12)


@pytest.mark.parametrize("margin", [0.0, 0.005])
def test_it_agrees_with_a_look_at_everything(margin):
    rng = np.random.default_rng(2)
    scene = scene_with_boxes()
    found = []
    for _ in range(24):
        motion = line(random_q(rng, 0.35), random_q(rng, 0.35))
        touch = scene.first_touch(motion, margin)
        found.append(touch is not None)
        if touch is None:
            assert scene.check_path(motion(np.linspace(0.0, 1.0, DENSE)), margin) is None
        else:
            share, collision = touch
            there = scene.collisions(motion([share])[0], margin + 1e-4)
            pair = next(c for c in there if {c.a, c.b} == {collision.a, collision.b})
            assert pair.depth == pytest.approx(collision.depth, abs=1e-4)
            assert pair.depth > -margin - 1e-4
    assert 4 < sum(found) < 20


def test_a_touch_between_samples_is_found():
    """An arm swings through a thin post and back within a tenth of the first interval."""
    scene = CollisionScene(MODEL, TableSpec())
    q = ROBOT.home.copy()
    turned = q.copy()
    turned[0] += 0.5
    post = MODEL.fk("left", turned[:6])
    scene.set_object("post", get_asset("box", "red", (0.01, 0.01, 0.1)), make_T(post[:3, 3]))

    def swing(shares):
        bump = 0.5 * np.exp(-(((np.asarray(shares) - 0.53) / 0.01) ** 2))
        qs = np.repeat(q[None], len(bump), axis=0)
        qs[:, 0] += bump
        return qs

    assert scene.check(q) is None
    touch = scene.first_touch(swing)
    assert touch is not None
    assert "post" in (touch[1].a, touch[1].b)
    assert touch[0] == pytest.approx(0.53, abs=0.03)


def test_parts_at_rest_just_outside_the_margin_are_settled_at_once():
    scene = CollisionScene(MODEL, TableSpec())
    least = scene.min_distance(ROBOT.home)[0]
    asked = []

    def still(shares):
        asked.append(len(shares))
        return np.repeat(ROBOT.home[None], len(shares), axis=0)

    assert scene.first_touch(still, margin=least - 1e-6) is None
    assert len(asked) < HALVINGS
    assert scene.first_touch(still, margin=least + 1e-6) is not None
