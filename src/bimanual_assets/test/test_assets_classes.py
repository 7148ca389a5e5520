"""Every class and id: closed convex parts, plausible weight, a valid annotation whose contacts a gripper can take."""

import numpy as np
import pytest
from scipy.spatial import HalfspaceIntersection

from bimanual_assets import asset_class, asset_ids, class_names, get_asset
from bimanual_assets.classes import clutter, shoes, vessels
from bimanual_assets.grips import PAD_HALF_WIDTH, PAD_TO
from bimanual_assets.materials import MATERIALS, VARIATION, variation
from bimanual_assets.schema import document_of
from bimanual_assets.solids import corners_of, halfspaces
from bimanual_core.errors import UnknownNameError
from bimanual_core.se3 import is_transform

BLOCKS = class_names("block")
MADE = [name for name in class_names() if name not in BLOCKS]
#: Least and most mass of a class [kg].
MASSES = {
    "apple": (0.1, 0.25), "bottle": (0.1, 0.3), "cabinet": (1.5, 4.0), "coaster": (0.005, 0.1),
    "container": (0.08, 0.35), "cup": (0.05, 0.25), "hammer": (0.12, 0.8), "mug": (0.2, 0.45), "plate": (0.3, 0.8),
    "rack": (0.4, 1.0), "shoe": (0.2, 0.5), "shoe_box": (0.08, 0.3), "tool": (0.04, 0.5),
}  # fmt: skip
CLUTTER_MASS = (0.004, 0.5)
#: Functional points that tasks go by.
POINTS = {
    "apple": {"bottom"}, "bottle": {"bottom", "top"}, "cabinet": {"handle", "drawer"}, "coaster": {"centre"},
    "container": {"bottom"}, "cup": {"bottom"}, "hammer": {"head"}, "mug": {"handle", "bottom"}, "plate": {"centre"},
    "rack": {"prong", "tip"}, "shoe": {"bottom", "toe"}, "shoe_box": {"left", "right"}, "tool": {"handle", "tip"},
}  # fmt: skip
#: The widest that cobot_magic's grippers take, with room for both fingers [m].
WIDEST = 0.09


def all_of(names=MADE):
    return [(name, asset_id) for name in names for asset_id in asset_ids(name)]


def test_there_are_enough_classes_and_shapes_to_learn_from_and_to_be_tested_on():
    assert len(class_names("clutter")) >= 20
    for name in MADE:
        found = asset_class(name)
        assert len(found.ids) >= 4
        assert found.train == found.ids[::2]
        assert found.held_out == found.ids[1::2]
        assert asset_ids(name, "test") == found.held_out
    with pytest.raises(UnknownNameError, match="choices: all, test, train"):
        asset_ids("mug", "validation")


def test_what_was_made_once_is_kept_and_what_is_made_again_is_the_same():
    assert get_asset("mug", "1") is get_asset("mug", "1")
    for build in (vessels.mug, shoes.shoe, clutter.build("banana")):
        first, second = build("0"), build("0")
        for a, b in zip(first.shapes, second.shapes, strict=True):
            assert a.vertices is None or a.vertices.tobytes() == b.vertices.tobytes()
        for a, b in zip(first.visuals, second.visuals, strict=True):
            assert a.vertices.tobytes() == b.vertices.tobytes()
            assert a.texture is b.texture or a.texture.tobytes() == b.texture.tobytes()


@pytest.mark.parametrize("name", MADE)
def test_parts_are_closed_convex_and_few(name):
    for asset_id in asset_ids(name):
        asset = get_asset(name, asset_id)
        assert 1 <= len(asset.shapes) <= {"cabinet": 12, "mug": 10}.get(name, 8)
        for shape in asset.shapes:
            normals, offsets = halfspaces(shape)
            assert np.all(corners_of(shape) @ normals.T <= offsets + 1e-6)
            if shape.kind == "mesh":
                vertices, faces = shape.polyhedron
                assert len(vertices) <= 128  # PhysX takes 255
                edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
                assert {tuple(e) for e in edges} == {tuple(e[::-1]) for e in edges}, "an edge without two faces"
                np.testing.assert_allclose(vertices.min(axis=0), -vertices.max(axis=0), atol=1e-9)
                np.testing.assert_allclose(np.ptp(vertices, axis=0), shape.size, atol=1e-9)


@pytest.mark.parametrize("name", MADE)
def test_mass_is_plausible_and_the_centre_of_mass_is_within(name):
    low, high = MASSES.get(name, CLUTTER_MASS)
    for asset_id in asset_ids(name):
        asset = get_asset(name, asset_id)
        properties = asset.mass_properties
        assert low <= asset.mass <= high, (asset_id, asset.mass)
        assert properties.mass == pytest.approx(asset.mass)
        assert np.all(np.linalg.eigvalsh(properties.inertia) > 0)
        for axis in np.eye(3):
            assert -asset.reach(-axis) < properties.centre @ axis < asset.reach(axis)


@pytest.mark.parametrize("name", MADE)
def test_annotation_is_valid(name):
    for asset_id in asset_ids(name):
        asset = get_asset(name, asset_id)
        document = document_of(asset)
        assert {p.name for p in document.functional} >= POINTS.get(name, {"bottom"})
        assert document.stable
        assert asset_class(name).kind != "object" or document.contacts
        lateral = asset.annotation.lateral_axis
        if lateral is not None:
            function, approach = asset.annotation.function_axis, asset.annotation.approach_axis
            assert abs(lateral @ function) < 1e-9 > abs(lateral @ approach)


def solid_between(asset, contact, reach_y):
    """Extent along the opening, in the contact frame, of all that lies between pads: exact, by intersecting the parts
    with a slab."""
    T = contact.T_object_contact
    ends = []
    slab = np.array([(s * a[0], s * a[1], s * a[2]) for a in np.eye(3) for s in (1, -1)])
    limits = np.array([PAD_HALF_WIDTH, PAD_HALF_WIDTH, reach_y, reach_y, PAD_TO, 0.035])
    for shape in asset.shapes:
        normals, offsets = halfspaces(shape)
        A = np.concatenate([normals @ T[:3, :3], slab])
        b = np.concatenate([offsets - normals @ T[:3, 3], limits])
        inside = _interior(A, b)
        if inside is not None:
            points = HalfspaceIntersection(np.column_stack([A, -b]), inside).intersections
            ends.append((points[:, 1].min(), points[:, 1].max()))
    return ends


def _interior(A, b):
    from scipy.optimize import linprog

    found = linprog(
        [0, 0, 0, -1], A_ub=np.column_stack([A, np.linalg.norm(A, axis=1)]), b_ub=b, bounds=[(None, None)] * 4
    )
    return found.x[:3] if found.success and found.x[3] > 1e-7 else None


@pytest.mark.parametrize("name", [n for n in MADE if get_asset(n).annotation.contacts])
def test_contacts_have_the_width_of_what_is_between_the_fingers_and_room_beside_it(name):
    asset = get_asset(name)
    seen = set()
    for contact in asset.annotation.contacts:
        assert is_transform(contact.T_object_contact)
        assert 0.002 < contact.width <= WIDEST
        if contact.group in seen:
            continue
        seen.add(contact.group)
        opening = contact.opening or contact.width + 0.004
        ends = solid_between(asset, contact, opening / 2)
        low, high = min(e[0] for e in ends), max(e[1] for e in ends)
        assert high - low == pytest.approx(contact.width, abs=0.0025), contact.description
        assert (high + low) / 2 == pytest.approx(0.0, abs=0.002)
        # nothing where the opened fingers go
        assert max(-low, high) < opening / 2


@pytest.mark.parametrize("name", ["cup", "hammer", "cabinet"])
def test_a_scale_stretches_geometry_annotation_and_looks_alike(name):
    plain, large = get_asset(name), get_asset(name, None, (1.2, 1.2, 1.2))
    assert large.mass == pytest.approx(1.2**3 * plain.mass, rel=1e-4)
    for axis in np.eye(3):
        assert large.reach(axis) == pytest.approx(1.2 * plain.reach(axis))
    for a, b in zip(plain.annotation.contacts, large.annotation.contacts, strict=True):
        assert b.width == pytest.approx(1.2 * a.width)
        np.testing.assert_allclose(b.T_object_contact[:3, 3], 1.2 * a.T_object_contact[:3, 3])
    np.testing.assert_allclose(large.visuals[0].vertices, 1.2 * plain.visuals[0].vertices)
    document_of(large)


def test_a_drawer_moves_what_is_on_it_and_nothing_else():
    closed = get_asset("cabinet")
    assert closed.slide is not None
    opened = closed.at({"drawer": 0.1})
    assert opened.slide is None
    pairs = enumerate(zip(closed.shapes, opened.shapes, strict=True))
    assert {i for i, (a, b) in pairs if not np.array_equal(a.T_object_shape, b.T_object_shape)} == closed.slide.shapes
    np.testing.assert_allclose(
        opened.annotation.functional[0][:3, 3] - closed.annotation.functional[0][:3, 3], (0.1, 0, 0)
    )
    np.testing.assert_allclose(opened.annotation.functional[2], closed.annotation.functional[2])
    assert closed.at({}).reach((1, 0, 0)) == pytest.approx(opened.reach((1, 0, 0)) - 0.1)


def test_variation_is_seeded_and_within_five_percent():
    drawn = np.array([variation(np.random.default_rng(seed)) for seed in range(200)])
    assert np.all(np.abs(drawn - 1.0) <= VARIATION)
    assert np.ptp(drawn, axis=0).min() > 0.09
    assert variation(np.random.default_rng(3)) == tuple(drawn[3])
    assert all(0.2 <= m.friction <= 1.2 and 20 <= m.density <= 9000 for m in MATERIALS.values())
