"""Randomisation: easy leaves scenes alone, hard varies all but the poses, and clutter leaves the task its room."""

import numpy as np
import pytest

from bimanual_core.errors import UnknownNameError
from bimanual_tasks.assets import find_asset
from bimanual_tasks.clutter import HALF_WAY, HANDS, LOW, ROOM, footprint
from bimanual_tasks.randomise import randomised
from bimanual_tasks.registry import get_task
from bimanual_tasks.sampler import sample_scene

TASKS = ("handover_block", "place_empty_cup", "pick_dual_bottles")


def hard(name, seed):
    return randomised(sample_scene(get_task(name), seed), "hard", find_asset)


def test_easy_leaves_a_scene_as_it_is():
    sample = sample_scene(get_task("handover_block"), 3)
    assert randomised(sample, "easy", find_asset) is sample
    with pytest.raises(UnknownNameError, match="choices: easy, hard"):
        randomised(sample, "medium", find_asset)


@pytest.mark.parametrize("name", TASKS)
def test_hard_keeps_the_poses_and_varies_the_rest(name):
    task = get_task(name)
    heights, looks, counts = [], set(), []
    for seed in range(16):
        easy, varied = sample_scene(task, seed).scene, hard(name, seed).scene
        top = varied.table.top_z
        heights.append(top)
        looks.add((varied.look.table_texture, varied.look.lamp_xyz))
        counts.append(len(varied.objects) - len(easy.objects))
        for before, after in zip(easy.objects, varied.objects, strict=False):
            assert np.allclose(before.T_world_object[:2, 3], after.T_world_object[:2, 3])
            assert np.allclose(before.T_world_object[:3, :3], after.T_world_object[:3, :3])
            assert 0.95 - 1e-9 <= after.scale[0] / before.scale[0] <= 1.05 + 1e-9
            assert 0.95 <= after.mass_scale <= 1.05
            lowest = after.T_world_object[2, 3] - find_asset(after.class_name, after.asset_id, after.scale).reach(
                -after.T_world_object[2, :3]
            )
            assert -1e-9 <= lowest - top <= 0.001
    assert max(heights) - min(heights) > 0.03
    assert 0.71 <= min(heights) <= max(heights) <= 0.77
    assert len(looks) == 16
    assert max(counts) >= 3
    assert max(counts) <= 10


@pytest.mark.parametrize("name", TASKS)
def test_clutter_leaves_the_task_its_room(name):
    for seed in range(16):
        sample = hard(name, seed)
        circles = {
            o.name: (
                o.T_world_object[:2, 3],
                footprint(find_asset(o.class_name, o.asset_id, o.scale), o.T_world_object),
            )
            for o in sample.scene.objects
        }
        clutter = [c for c in circles if c.startswith("clutter")]
        for thing in clutter:
            xy, radius = circles[thing]
            for other, (other_xy, other_radius) in circles.items():
                if other != thing:
                    room = 0.0 if other in clutter else ROOM
                    assert np.linalg.norm(xy - other_xy) >= radius + other_radius + room


def test_textures_and_shapes_that_are_held_out_are_for_evaluation():
    learned, tested = hard("pick_diverse_bottles", 4).scene, hard("pick_diverse_bottles", 100_004).scene
    for scene, group, odd in ((learned, "seen", 0), (tested, "unseen", 1)):
        assert scene.look.table_texture.startswith(f"{group}/")
        assert {int(o.asset_id) % 2 for o in scene.objects} == {odd}


def test_the_same_seed_is_the_same_scene():
    first, again = hard("handover_block", 11).scene, hard("handover_block", 11).scene
    assert first.look == again.look
    assert first.table == again.table
    assert [o.T_world_object.tolist() for o in first.objects] == [o.T_world_object.tolist() for o in again.objects]
    assert hard("handover_block", 12).scene.look != first.look


def test_tall_clutter_stays_off_the_hands_at_home():
    tall = 0
    for seed in range(40):
        for item in hard("pick_dual_bottles", seed).scene.objects:
            asset = find_asset(item.class_name, item.asset_id, item.scale)
            if item.name.startswith("clutter") and asset.reach((0, 0, 1)) + asset.reach((0, 0, -1)) > LOW:
                tall += 1
                for hand in HANDS.values():
                    away = np.linalg.norm(item.T_world_object[:2, 3] - hand)
                    assert away >= HALF_WAY + footprint(asset, item.T_world_object) - 1e-9
    assert tall > 5
