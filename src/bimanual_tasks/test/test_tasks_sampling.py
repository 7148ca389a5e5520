"""Seeded scenes, their rejections, and instructions."""

import subprocess
import sys

import numpy as np
import pytest

from bimanual_core.errors import BimanualError, UnknownNameError
from bimanual_core.look import SceneLook
from bimanual_tasks.assets import find_asset
from bimanual_tasks.language import arms, choose_instruction
from bimanual_tasks.registry import get_task, task_names, variants
from bimanual_tasks.sampler import sample_scene
from bimanual_tasks.seeds import collection_seeds, evaluation_seeds

EVERY = [(name, variant) for name in task_names() for variant in variants(name)]


#: Positions and yaw of the objects of a few seeds as they have been since the first figures were published: a shipped
#: checkpoint learned from these scenes, and figures in the documents name these seeds.
PINNED = {
    "handover_block": {
        0: (
            (-0.0935981049, 0.0118790691, 0.8405000000, 0.5597464477),
            (0.1578053922, 0.1929464065, 0.7450000000, 0.0000000000),
        ),
        7: (
            (-0.0539603836, 0.1549818250, 0.8405000000, 0.5448351808),
            (0.1040103041, 0.1524713000, 0.7450000000, 0.0000000000),
        ),
        100000: (
            (-0.1318676467, 0.0326983087, 0.8405000000, 0.3130050754),
            (0.1455468288, 0.1967107406, 0.7450000000, 0.0000000000),
        ),
        100013: (
            (-0.2195219409, 0.0254452723, 0.8405000000, 0.3943979551),
            (0.1249942755, 0.1756637197, 0.7450000000, 0.0000000000),
        ),
    },
    "stack_blocks_two": {
        0: (
            (-0.1526103292, 0.0382892459, 0.7655000000, -0.7375732851),
            (0.2226455774, -0.0667886863, 0.7655000000, 0.0238553210),
        ),
        7: (
            (-0.2450262706, -0.0742738604, 0.7655000000, -0.2752930383),
            (0.1788913783, -0.0455119498, 0.7655000000, 0.2584669319),
        ),
        100000: (
            (0.1493238167, -0.0566047062, 0.7655000000, 0.3106964482),
            (-0.2636016788, 0.0013850616, 0.7655000000, 0.2648295131),
        ),
        100013: (
            (0.1676362732, -0.0364621392, 0.7655000000, 0.6683600486),
            (0.2444282924, 0.0305173756, 0.7655000000, -0.2101493246),
        ),
    },
}


@pytest.mark.parametrize("name", ["handover_block", "stack_blocks_two"])
def test_scenes_of_published_seeds_stay_what_they_are(name):
    for seed, poses in PINNED[name].items():
        scene = sample_scene(get_task(name), seed).scene
        for placed, pose in zip(scene.objects, poses, strict=True):
            T = placed.T_world_object
            assert [*T[:3, 3], np.arctan2(T[1, 0], T[0, 0])] == pytest.approx(pose, abs=1e-9)
            assert placed.scale == (1.0, 1.0, 1.0)
        assert scene.table.top_z == 0.74
        assert scene.look == SceneLook()


@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_samples_stay_in_range_and_stand_on_the_table(name, variant):
    task = get_task(name, variant)
    for seed in range(40):
        sample = sample_scene(task, seed)
        for wanted, placed in zip(sample.task.objects, sample.scene.objects, strict=True):
            wanted = wanted.under(sample.task.drawn)
            x, y, z = placed.T_world_object[:3, 3]
            low, high = wanted.x
            assert low <= x <= high or ((wanted.same_side_as or wanted.other_side_of) and low <= -x <= high)
            assert wanted.y[0] <= y <= wanted.y[1]
            asset = find_asset(placed.class_name, placed.asset_id, placed.scale)
            lowest = z - asset.reach(-placed.T_world_object[2, :3])
            assert 0.74 - 1e-9 <= lowest <= 0.741


def test_rejections_of_the_cubes_hold_and_are_counted():
    task = get_task("stack_blocks_two")
    rejected = 0
    for seed in range(200):
        sample = sample_scene(task, seed)
        rejected += sample.rejected
        first, second = (o.T_world_object[:2, 3] for o in sample.scene.objects)
        for xy in (first, second):
            assert abs(xy[0]) >= 0.05
            assert np.linalg.norm(xy - [0, -0.1]) >= 0.15
            assert xy[1] <= 0 or abs(xy[0]) >= 0.15
        assert np.linalg.norm(first - second) >= 0.1
    assert rejected > 50
    assert sample_scene(get_task("handover_block"), 3).rejected == 0


def test_same_seed_same_scene_in_another_process():
    code = (
        "from bimanual_tasks.registry import get_task\nfrom bimanual_tasks.sampler import sample_scene\n"
        "from bimanual_tasks.language import choose_instruction\n"
        "t = get_task('stack_blocks_two'); s = sample_scene(t, 100007)\n"
        "print([o.T_world_object.tolist() for o in s.scene.objects], choose_instruction(t, s.scene, 100007))"
    )
    path = ":".join(p for p in sys.path if p)
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": path, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(runs) == 1


def test_seeds_and_tasks_differ():
    task = get_task("handover_block")
    positions = {sample_scene(task, seed).scene.objects[0].T_world_object[0, 3] for seed in range(50)}
    assert len(positions) == 50
    assert sample_scene(task, 1).scene.seed == 1


def test_collection_and_evaluation_never_overlap():
    assert evaluation_seeds(0, 20) == range(100_000, 100_020)
    assert evaluation_seeds(2, 3) == range(300_000, 300_003)
    assert collection_seeds(0, 100_000)[-1] < evaluation_seeds(0, 1)[0]
    with pytest.raises(BimanualError, match="they are for evaluation"):
        collection_seeds(99_999, 2)
    with pytest.raises(BimanualError, match="overlap"):
        evaluation_seeds(-1, 5)
    with pytest.raises(BimanualError, match="overlap"):
        evaluation_seeds(0, 100_001)
    with pytest.raises(BimanualError, match="below the limit 0"):
        sample_scene(get_task("handover_block"), -1)


def test_arms_follow_the_objects():
    handover = get_task("handover_block")
    assert arms(handover, sample_scene(handover, 0).scene) == {"a": "left", "b": "right"}
    stack = get_task("stack_blocks_two")
    for seed in range(20):
        scene = sample_scene(stack, seed).scene
        sides = ["right" if o.T_world_object[0, 3] > 0 else "left" for o in scene.objects]
        assert list(arms(stack, scene).values()) == sides


@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_instructions_are_filled_and_varied(name, variant):
    sample = sample_scene(get_task(name, variant), 0)
    task, scene = sample.task, sample.scene
    assert len(task.instructions.seen) >= 20
    assert len(task.instructions.unseen) >= 5
    assert not set(task.instructions.seen) & set(task.instructions.unseen)
    for split in ("seen", "unseen"):
        sentences = {choose_instruction(task, scene, seed, split) for seed in range(200)}
        assert len(sentences) == len(getattr(task.instructions, split))
        assert not any("{" in s for s in sentences)
    with pytest.raises(UnknownNameError, match="seen, unseen"):
        choose_instruction(task, scene, 0, "other")
