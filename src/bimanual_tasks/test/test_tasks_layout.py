"""A layout in words says where to put what, and its snapshot holds just that."""

import numpy as np

from bimanual_core.scene import SceneObject, SceneSpec
from bimanual_core.se3 import from_rotation, rotation_about
from bimanual_tasks.layout import layout_snapshot, layout_words
from bimanual_tasks.registry import get_task
from bimanual_tasks.sampler import sample_scene


def test_an_empty_table_is_said_to_be_empty() -> None:
    assert layout_words(SceneSpec()) == "an empty table"


def test_words_give_name_class_place_and_turn() -> None:
    T = from_rotation(rotation_about((0, 0, 1), np.radians(30)), (0.2, -0.1, 0.765))
    words = layout_words(SceneSpec((SceneObject("block", "cube", "red", T),)))
    assert words.startswith("block (red cube) at x 0.200, y -0.100, z 0.765, turned 30 deg (metres from the middle")
    assert "table top at 0.74" in words
    T = from_rotation(rotation_about((1, 0, 0), np.pi / 2), (0.0, 0.0, 0.765))
    assert "not upright" in layout_words(SceneSpec((SceneObject("block", "cube", "red", T),)))


def test_every_object_of_a_task_is_in_the_words_and_in_the_snapshot() -> None:
    scene = sample_scene(get_task("handover_block"), 3).scene
    snapshot = layout_snapshot(scene, 7, 42)
    assert (snapshot.scene_id, snapshot.stamp_ns) == (7, 42)
    assert list(snapshot.objects) == [o.name for o in scene.objects]
    for wanted in scene.objects:
        assert f"{wanted.name} ({wanted.asset_id} {wanted.class_name}) at" in layout_words(scene)
        found = snapshot.objects[wanted.name]
        assert np.array_equal(found.T_world_object, wanted.T_world_object)
        assert (found.class_name, found.asset_id, found.fixed) == (wanted.class_name, wanted.asset_id, wanted.fixed)
