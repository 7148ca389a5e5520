"""The catalogue: what it holds, how annotation sits on the geometry, what it refuses."""

import numpy as np
import pytest

from bimanual_assets import asset_of, class_names, get_asset
from bimanual_core.errors import BimanualError, UnknownNameError
from bimanual_core.scene import SceneObject
from bimanual_core.se3 import is_transform, make_T

BLOCKS = ["box", "cube", "handover_block", "pad"]


def test_classes_are_listed_and_unknown_names_list_the_choices():
    assert class_names("block") == BLOCKS
    assert set(BLOCKS) < set(class_names())
    with pytest.raises(UnknownNameError, match=r"'teapot'; choices: alarm_clock, apple, .*box, .*cube"):
        get_asset("teapot")
    with pytest.raises(UnknownNameError, match=r"'mauve'; choices: black, blue"):
        get_asset("cube", "mauve")
    with pytest.raises(BimanualError, match="scale"):
        get_asset("cube", "red", (1.0, 0.0, 1.0))


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("scale", [(1.0, 1.0, 1.0), (0.9, 1.1, 1.3)])
def test_contacts_are_frames_whose_width_is_the_object_between_the_fingers(name, scale):
    asset = get_asset(name, "blue", scale)
    half = np.array(asset.shapes[0].size) / 2
    for contact in asset.annotation.contacts:
        T = contact.T_object_contact
        assert is_transform(T)
        assert np.all(np.abs(T[:3, 3]) <= half + 1e-12)
        assert contact.width == pytest.approx(2 * np.abs(T[:3, 1]) @ half)


def test_cube_is_held_from_above_at_half_the_half_height():
    contacts = get_asset("cube", "red").annotation.contacts
    assert [c.id for c in contacts] == [0, 1, 2, 3]
    for contact in contacts:
        np.testing.assert_allclose(contact.T_object_contact[:3, 2], (0, 0, -1), atol=1e-12)
        assert contact.T_object_contact[2, 3] == pytest.approx(0.0125)
    openings = {tuple(np.round(c.T_object_contact[:3, 1]).astype(int)) for c in contacts}
    assert openings == {(0, 1, 0), (-1, 0, 0), (0, -1, 0), (1, 0, 0)}


def test_handover_block_is_held_level_at_both_ends():
    contacts = get_asset("handover_block", "red").annotation.contacts
    for group, z in (("upper", 0.07), ("lower", -0.07)):
        found = [c for c in contacts if c.group == group]
        assert len(found) == 4
        for contact in found:
            assert contact.T_object_contact[2, 3] == pytest.approx(z)
            assert contact.T_object_contact[2, 2] == pytest.approx(0.0)


def test_bottom_and_top_are_functional_points_and_follow_the_scale():
    asset = get_asset("handover_block", "red", (1.0, 1.0, 0.5))
    assert asset.annotation.functional[0][2, 3] == pytest.approx(-0.05)
    assert asset.annotation.functional[1][2, 3] == pytest.approx(0.05)
    assert asset.annotation.functional_names == {0: "bottom", 1: "top"}


def test_scale_of_a_plain_box_is_its_size_and_mass_follows_volume():
    item = SceneObject("b", "box", "grey", make_T((0, 0, 1)), scale=(0.1, 0.2, 0.3))
    asset = asset_of(item)
    assert asset.shapes[0].size == (0.1, 0.2, 0.3)
    assert asset.mass == pytest.approx(500 * 0.006)


def test_pad_is_not_grasped():
    assert get_asset("pad", "blue").annotation.contacts == ()
