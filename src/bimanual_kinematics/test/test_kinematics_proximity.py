"""Distances of the arms: as exact as looking at every pair where it matters, a true bound elsewhere."""

import numpy as np
import pytest

from bimanual_description import load
from bimanual_kinematics import CollisionScene, RobotModel
from bimanual_kinematics.collision import arm_of_links
from bimanual_kinematics.proximity import ArmProximity

ROBOT = load("cobot_magic")
MODEL = RobotModel.of(ROBOT)


@pytest.fixture(scope="module")
def proximity() -> ArmProximity:
    return ArmProximity(MODEL, exact_below=0.03)


def crossed(rng: np.random.Generator) -> np.ndarray:
    """Both arms turned to the middle, where they meet."""
    q = ROBOT.home + rng.normal(size=ROBOT.joints.size) * 0.3
    q[0] -= 0.8
    q[7] += 0.8
    return np.clip(q, ROBOT.lower, ROBOT.upper)


def test_the_distance_is_that_of_all_pairs_or_a_bound_below_it(proximity: ArmProximity) -> None:
    scene = CollisionScene(MODEL)
    arm_of = arm_of_links(MODEL)
    rng = np.random.default_rng(0)
    near = 0
    for _ in range(150):
        q = crossed(rng)
        found = proximity.at(q)
        meeting = [c for c in scene.collisions(q, 0.03) if len({arm_of.get(c.a), arm_of.get(c.b)} - {None}) == 2]
        if meeting:
            near += 1
            assert found.distance == pytest.approx(-max(c.depth for c in meeting), abs=1e-5)
            assert {arm_of[link] for link in found.links} == {"left", "right"}
        else:
            assert found.distance >= 0.03 - 1e-6
    assert near > 20


def test_tcps_are_those_of_the_kinematics(proximity: ArmProximity) -> None:
    q = crossed(np.random.default_rng(1))
    tcps = proximity.at(q).tcps
    for row, arm in zip(tcps, ROBOT.arms, strict=True):
        np.testing.assert_allclose(row, MODEL.frame(arm.tcp_frame, q)[:3, 3], atol=1e-12)


def test_no_tcp_and_no_distance_changes_by_more_than_the_reach_allows(proximity: ArmProximity) -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        a = crossed(rng)
        b = np.clip(a + rng.normal(size=a.size) * 0.02, ROBOT.lower, ROBOT.upper)
        before, after = proximity.at(a), proximity.at(b)
        way = np.abs(b - a) * proximity.reach
        for row, side in enumerate(ROBOT.sides):
            moved = np.linalg.norm(after.tcps[row] - before.tcps[row])
            assert moved <= way[ROBOT.joints.group(f"{side}_arm")].sum() + 1e-9
        if max(before.distance, after.distance) < proximity.exact_below:
            assert abs(after.distance - before.distance) <= way.sum() + 1e-6
