"""Shapes: what they weigh, how far they reach, and what is refused; an asset whose part slides."""

import numpy as np
import pytest

from bimanual_core.asset import Annotation, Asset, ContactPoint, Shape, Slide
from bimanual_core.se3 import from_rotation, rotation_about

R = rotation_about((1, 2, 3), 0.8)
T = from_rotation(R, (0.1, -0.2, 0.3))
CORNERS = np.array(np.meshgrid([-0.5, 0.5], [-0.5, 0.5], [-0.5, 0.5])).reshape(3, -1).T * [0.1, 0.2, 0.3]
QUADS = ([0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5])
FACES = np.array([half for a, b, c, d in QUADS for half in ([a, b, c], [a, c, d])])


def outwards(vertices, faces):
    """The faces, anti-clockwise seen from outside of a body about the origin."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    inwards = np.einsum("ij,ij->i", np.cross(b - a, c - a), a) < 0
    return np.where(inwards[:, None], faces[:, ::-1], faces)


def mesh(**changes):
    values = {"vertices": CORNERS, "faces": outwards(CORNERS, FACES)} | changes
    return Shape("mesh", changes.pop("size", (0.1, 0.2, 0.3)), T, **{k: v for k, v in values.items() if k != "size"})


def test_a_mesh_of_a_box_weighs_and_reaches_as_the_box():
    box = Shape("box", (0.1, 0.2, 0.3), T)
    assert mesh().volume == pytest.approx(box.volume)
    one, other = box.mass_properties(700.0), mesh().mass_properties(700.0)
    assert one.mass == pytest.approx(700 * 0.006)
    np.testing.assert_allclose(one.centre, other.centre, atol=1e-12)
    np.testing.assert_allclose(one.inertia, other.inertia, atol=1e-12)
    for direction in np.random.default_rng(0).normal(size=(20, 3)):
        direction /= np.linalg.norm(direction)
        assert mesh().reach(direction) == pytest.approx(box.reach(direction))


@pytest.mark.parametrize("shape", [Shape("sphere", (0.1,), T), Shape("cylinder", (0.1, 0.4))])
def test_shapes_weigh_and_reach_as_their_points_do(shape):
    rng = np.random.default_rng(1)
    samples = rng.uniform(-0.25, 0.25, (400_000, 3))
    inside = np.linalg.norm(samples, axis=1) < 0.1 if shape.kind == "sphere" else (
        (np.hypot(samples[:, 0], samples[:, 1]) < 0.1) & (np.abs(samples[:, 2]) < 0.2)
    )  # fmt: skip
    points = samples[inside] @ shape.T_object_shape[:3, :3].T + shape.T_object_shape[:3, 3]
    found = shape.mass_properties(1000.0)
    assert found.mass == pytest.approx(1000 * 0.125 * inside.mean(), rel=0.02)
    np.testing.assert_allclose(found.centre, points.mean(axis=0), atol=2e-3)
    spread = np.cov(points.T)
    np.testing.assert_allclose(found.inertia / found.mass, np.trace(spread) * np.eye(3) - spread, atol=2e-4)
    assert shape.reach((0, 0, 1)) == pytest.approx(points[:, 2].max(), abs=5e-3)


def test_parts_of_their_own_density_add_up():
    heavy = Shape("box", (0.1, 0.1, 0.1), from_rotation(np.eye(3), (0.2, 0, 0)), density=3000.0)
    light = Shape("box", (0.1, 0.1, 0.1))
    asset = Asset("pair", "0", (heavy, light), Annotation(), density=1000.0)
    found = asset.mass_properties
    assert asset.mass == found.mass == pytest.approx(4.0)
    np.testing.assert_allclose(found.centre, (0.15, 0, 0))
    own = np.array([3.0, 1.0]) * 0.01 / 6
    np.testing.assert_allclose(np.diag(found.inertia)[1:], own.sum() + 3 * 0.05**2 + 1 * 0.15**2)
    moments, axes = found.principal()
    np.testing.assert_allclose(axes @ np.diag(moments) @ axes.T, found.inertia, atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vertices": CORNERS * np.nan}, "finite"),
        ({"faces": FACES + 5}, "name 8 vertices"),
        ({"size": (0.1, 0.2, 0.4)}, "off the size"),
        ({"vertices": CORNERS + 0.01}, "off the size"),
        ({"vertices": None}, "belong to a mesh"),
    ],
)
def test_meshes_that_are_none_are_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        mesh(**changes)
    with pytest.raises(ValueError, match="a box is no mesh"):
        _ = Shape("box", (1.0, 1.0, 1.0)).polyhedron


def test_what_slides_moves_with_its_points_and_the_lateral_axis_is_function_x_approach():
    shapes = (Shape("box", (0.2, 0.2, 0.2)), Shape("box", (0.1, 0.1, 0.1)))
    contact = ContactPoint(4, np.eye(4), 0.1)
    note = Annotation((contact,), {0: np.eye(4), 1: np.eye(4)}, function_axis=np.eye(3)[0], approach_axis=np.eye(3)[1])
    np.testing.assert_allclose(note.lateral_axis, (0, 0, 1))
    slide = Slide("drawer", np.array([0.0, 1.0, 0.0]), (0.0, 0.3), shapes=frozenset({1}), contacts=frozenset({4}),
                  functional=frozenset({1}))  # fmt: skip
    asset = Asset("chest", "0", shapes, note, slide=slide)
    opened = asset.at({"drawer": 0.25, "other": 1.0})
    assert opened.reach((0, 1, 0)) == pytest.approx(0.3)
    assert opened.annotation.contacts[0].T_object_contact[1, 3] == pytest.approx(0.25)
    assert [opened.annotation.functional[i][1, 3] for i in (0, 1)] == pytest.approx([0.0, 0.25])
    assert asset.at({}).reach((0, 1, 0)) == pytest.approx(0.1)
    with pytest.raises(ValueError, match="around 0"):
        Slide("drawer", np.eye(3)[0], (0.1, 0.3), shapes=frozenset({1}))
    with pytest.raises(ValueError, match="no stable pose 'upright'; choices: none"):
        asset.stable_pose("upright")
