"""Episodes on disk become rows at the policy's rate; what cannot be learnt from is refused by name."""

import numpy as np
import pytest
from reaching import robot
from recordings import SIZE, K, Plan, depth_at, record

from bimanual_core.errors import BimanualError
from policy_node.dataset import CACHE_FOLDER, REST_ROWS, lead_in, load_demonstrations
from policy_node.dp3.config import ChunkConfig, CloudConfig
from policy_node.episode_table import read_table
from policy_node.points import CropBox, crop, sample, world_cloud

ROBOT = robot()
CLOUD = CloudConfig("head", CropBox((-2, -2, -2), (2, 2, 2)), 24)
CHUNK = ChunkConfig()


def load(folder, robot_spec=ROBOT):
    return load_demonstrations(folder, robot_spec, CLOUD, CHUNK)


def test_rows_fall_on_pictures_and_know_no_future(tmp_path) -> None:
    table = read_table(record(tmp_path / "e", Plan(ROBOT, camera_hz=30)), ROBOT, "head", 15)
    assert len(table.stamps_ns) == 31
    seconds = table.stamps_ns / 1e9
    np.testing.assert_allclose(seconds, np.arange(31) / 15, atol=1e-6)
    moved = np.maximum(0, seconds - 0.5)
    assert np.all(table.state[:, 0] <= moved + 1e-9)
    assert np.all(table.state[:, 0] >= moved - 0.0101)
    np.testing.assert_allclose((table.action - table.state)[moved > 0.02], 0.01, atol=1e-9)
    for stamp, frame in zip(table.stamps_ns, table.frames(), strict=True):
        assert frame.stamp_ns <= stamp
        assert stamp - frame.stamp_ns < 1e9 / 30
        np.testing.assert_array_equal(frame.depth_mm, depth_at(frame.stamp_ns))


def test_the_camera_is_where_the_static_frames_say(tmp_path) -> None:
    table = read_table(record(tmp_path / "e", Plan(ROBOT)), ROBOT, "head", 15)
    down = np.diag([1.0, -1.0, -1.0, 1.0])
    expected = down.copy()
    expected[2, 3] = 1.0
    offset = np.eye(4)
    offset[0, 3] = 0.1
    np.testing.assert_allclose(table.T_world_camera, expected @ offset @ down, atol=1e-12)
    np.testing.assert_allclose(table.K, K)


def test_a_recording_that_begins_in_the_scene_before_starts_with_its_own(tmp_path) -> None:
    table = read_table(record(tmp_path / "e", Plan(ROBOT, old_scene=0.4)), ROBOT, "head", 15)
    assert table.stamps_ns[0] == pytest.approx(0.4e9, abs=1e7)


def test_demonstrations_hold_the_sampled_clouds_and_little_rest(tmp_path) -> None:
    record(tmp_path / "a", Plan(ROBOT))
    data = load(tmp_path)
    (demonstration,) = data.demonstrations
    table = read_table(tmp_path / "a", ROBOT, "head", 15)
    start = lead_in(table.action)
    assert demonstration.length == len(table.state) - start
    assert np.flatnonzero(np.ptp(demonstration.action, axis=1) >= 0)[0] == 0
    assert np.count_nonzero(np.all(demonstration.action == 0, axis=1)) == REST_ROWS
    frame = list(table.frames())[start]
    expected = sample(crop(world_cloud(frame.depth_mm, frame.K, frame.T_world_camera), CLOUD.crop), 24)
    np.testing.assert_array_equal(demonstration.cloud[0], expected)
    assert data.image_size == SIZE[::-1]
    assert (data.task, data.variant, data.failed) == ("reach", "own", 0)


def test_the_cache_is_used_while_it_fits_and_mended_where_it_is_damaged(tmp_path, monkeypatch) -> None:
    record(tmp_path / "a", Plan(ROBOT))
    first = load(tmp_path)
    (cache,) = (tmp_path / CACHE_FOLDER).glob("*.npz")
    with monkeypatch.context() as patch:
        patch.setattr("policy_node.dataset.read_table", lambda *a: pytest.fail("read although it is cached"))
        again = load(tmp_path)
    np.testing.assert_array_equal(first.demonstrations[0].cloud, again.demonstrations[0].cloud)
    assert first.digest == again.digest
    cache.write_bytes(cache.read_bytes()[:200])
    np.testing.assert_array_equal(first.demonstrations[0].cloud, load(tmp_path).demonstrations[0].cloud)
    other = CloudConfig("head", CLOUD.crop, 30)
    assert load_demonstrations(tmp_path, ROBOT, other, CHUNK).demonstrations[0].cloud.shape[1] == 30


def test_failed_episodes_are_skipped_and_counted(tmp_path) -> None:
    record(tmp_path / "a", Plan(ROBOT, seconds=1.0))
    record(tmp_path / "b", Plan(ROBOT, seconds=1.0, success=False))
    data = load(tmp_path)
    assert [d.name for d in data.demonstrations] == ["a"]
    assert data.failed == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"camera": False}, "no depth of camera 'head' was recorded"),
        ({"camera_ends": 0.6}, None),
        ({"fixed_camera": False}, "no static transforms lead from 'world'"),
        ({"nan_at": 0.9}, "left_joint1 is nan in row"),
        ({"robot_name": "another"}, "robot 'another', expected 'reacher'"),
        ({"task": "push"}, "task 'push'.*one policy learns one task"),
        ({"camera_hz": 3}, "camera 'head' is silent for"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused_naming_the_episode(tmp_path, change, words) -> None:
    record(tmp_path / "a", Plan(ROBOT, seconds=1.2))
    record(tmp_path / "bad", Plan(ROBOT, seconds=1.2, **change))
    if words is None:  # rows end with the shortest stream
        assert load(tmp_path).demonstrations[1].length < load(tmp_path).demonstrations[0].length
        return
    with pytest.raises(BimanualError, match=words) as caught:
        load(tmp_path)
    assert "bad" in str(caught.value)


def test_missing_joints_and_missing_data_are_told(tmp_path) -> None:
    with pytest.raises(BimanualError, match="no episodes there"):
        load(tmp_path)
    record(tmp_path / "a", Plan(ROBOT, seconds=1.0, success=False))
    with pytest.raises(BimanualError, match="none of 1 episodes succeeded"):
        load(tmp_path)
    record(tmp_path / "b", Plan(ROBOT, seconds=1.0))
    more = robot(joints=("left_joint1", "left_joint2", "left_joint3"))
    with pytest.raises(BimanualError, match="b: .*'left_joint3'.* is missing"):
        load(tmp_path, more)
