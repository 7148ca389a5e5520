"""From depth to the policy's cloud, against the definitions written out point by point."""

import itertools

import numpy as np
import pytest

from bimanual_core.errors import BimanualError
from bimanual_core.observation import CameraFrame
from bimanual_core.se3 import make_T
from policy_node.points import CropBox, crop, policy_cloud, sample, world_cloud

K = np.array([[30.0, 0, 7.5], [0, 32.0, 5.5], [0, 0, 1]])
T_WORLD_CAMERA = make_T((0.1, -0.4, 1.3), (0.9, 0.1, -0.2, 0.3))


def depth_picture(seed=0, shape=(12, 16)):
    depth = np.random.default_rng(seed).integers(400, 1500, shape).astype(np.uint16)
    depth[::5, ::3] = 0
    return depth


def test_each_pixel_with_a_depth_becomes_its_point() -> None:
    depth = depth_picture()
    expected = []
    for v in range(depth.shape[0]):
        for u in range(depth.shape[1]):
            if depth[v, u]:
                d = depth[v, u] / 1000
                p = np.array([(u - K[0, 2]) / K[0, 0] * d, (v - K[1, 2]) / K[1, 1] * d, d, 1.0])
                expected.append((T_WORLD_CAMERA @ p)[:3])
    np.testing.assert_allclose(world_cloud(depth, K, T_WORLD_CAMERA), expected, atol=1e-6)


def test_the_crop_keeps_what_is_inside_in_order() -> None:
    cloud = np.random.default_rng(1).uniform(-2, 2, (500, 3)).astype(np.float32)
    box = CropBox((-1, -0.5, 0), (1, 0.7, 1.5))
    kept = [p for p in cloud if all(l < x < h for l, x, h in zip(box.lower, p, box.upper, strict=True))]
    np.testing.assert_array_equal(crop(cloud, box), kept)


def test_each_sampled_point_is_the_farthest_from_those_before() -> None:
    cloud = np.random.default_rng(2).normal(size=(400, 3)).astype(np.float32)
    sampled = sample(cloud, 32)
    distance = np.full(len(cloud), np.inf)
    for before, after in itertools.pairwise(sampled):
        distance = np.minimum(distance, np.linalg.norm(cloud - before, axis=1))
        np.testing.assert_array_equal(after, cloud[distance.argmax()])


def test_a_cloud_of_too_few_points_repeats_them_and_an_empty_one_is_refused() -> None:
    cloud = np.arange(9, dtype=np.float32).reshape(3, 3)
    np.testing.assert_array_equal(sample(cloud, 5), cloud[[0, 1, 2, 0, 1]])
    with pytest.raises(BimanualError, match="sees nothing inside the crop"):
        sample(cloud[:0], 5)


def test_the_policy_cloud_is_the_same_each_time_and_names_a_blind_camera() -> None:
    frame = CameraFrame("head", 0, np.zeros((12, 16, 3), np.uint8), depth_picture(), K, T_WORLD_CAMERA)
    box = CropBox((-9, -9, -9), (9, 9, 9))
    first = policy_cloud(frame, box, 50)
    assert first.shape == (50, 3)
    np.testing.assert_array_equal(first, policy_cloud(frame, box, 50))
    with pytest.raises(BimanualError, match="camera 'head'.*empty"):
        policy_cloud(frame, CropBox((50, 50, 50), (51, 51, 51)), 50)


@pytest.mark.parametrize(
    ("depth", "K_given", "T", "words"),
    [
        (np.zeros((4, 4)), K, T_WORLD_CAMERA, "expected .H, W. uint16"),
        (depth_picture(), K * np.nan, T_WORLD_CAMERA, "K must be a finite"),
        (depth_picture(), K, np.eye(3), "T_world_camera must be a finite"),
    ],
)
def test_other_shapes_and_nan_are_refused(depth, K_given, T, words) -> None:
    with pytest.raises(BimanualError, match=words):
        world_cloud(depth, K_given, T)


def test_a_box_of_no_volume_is_refused() -> None:
    with pytest.raises(ValueError, match="along y"):
        CropBox((0, 1, 0), (1, 1, 1))
