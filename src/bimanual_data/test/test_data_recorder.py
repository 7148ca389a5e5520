"""Recording, reading, inspecting: nothing is lost, images are compressed, a broken disk is told clearly."""

import errno
import importlib
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from rosbags.highlevel import AnyReader

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_data.episode import find_episodes, load_meta, parse_meta_json
from bimanual_data.inspection import inspect_bag
from bimanual_data.readers import EpisodeReader
from bimanual_data.recorder import Recorder

sys.path.insert(0, str(Path(__file__).parent))
data = importlib.import_module("data_messages")


@pytest.fixture
def recorder():
    made = Recorder()
    yield made
    made.close()


def record(recorder, folder, **meta):
    recorder.start(folder, {"task": "handover_block", "variant": "robotwin2", "seed": 3, **meta})
    data.feed(recorder)
    return recorder.stop()


def test_all_messages_arrive_and_images_are_compressed(recorder, tmp_path):
    summary = record(recorder, tmp_path / "episode", robot="cobot_magic")
    assert summary.success
    assert summary.lost == 0
    assert summary.counts == {
        "/joint_states": 30,
        "/head_camera/color/image_raw/compressed": 30,
        "/third_view_camera/color/image_raw/compressed": 30,
        "/head_camera/aligned_depth_to_color/image_raw/compressedDepth": 30,
        "/task/status": 1,
    }
    reader = EpisodeReader(tmp_path / "episode")
    joints = reader.joints()
    assert joints.names == ("left_joint1", "left_gripper")
    assert np.array_equal(joints.position[:, 0], np.arange(30))
    assert np.array_equal(np.diff(joints.stamps_ns), np.full(29, data.STEP_NS))
    frames = list(reader.frames("head"))
    assert len(frames) == 30
    assert np.abs(frames[7][1].astype(int) - data.picture(7)).mean() < 4
    depths = [depth[0, 0] for _, depth in reader.depth_frames("head")]
    assert depths == list(range(700, 730))


def test_rosbags_reads_the_folder_as_rosbag2(recorder, tmp_path):
    record(recorder, tmp_path / "episode")
    with AnyReader([tmp_path / "episode"]) as bag:
        assert bag.message_count == 121
        connection = next(c for c in bag.connections if c.topic == "/joint_states")
        assert connection.digest.startswith("RIHS01_")
        assert connection.ext.offered_qos_profiles[0].depth == 10
        rows = [bag.deserialize(raw, c.msgtype) for c, _, raw in bag.messages([connection])]
        assert [row.position[0] for row in rows] == list(range(30))


def test_episode_json_is_complete_and_annotations_merge(recorder, tmp_path):
    folder = tmp_path / "runs" / "episode"
    record(recorder, folder, instruction="hand it over")
    recorder.annotate({"success": True, "operator": "me"})
    meta = load_meta(folder)
    assert (meta.task, meta.variant, meta.seed, meta.success) == ("handover_block", "robotwin2", 3, True)
    assert meta.complete
    assert meta.extra == {"operator": "me"}
    assert meta.counts["/joint_states"] == 30
    assert meta.topics["/joint_states"] == "sensor_msgs/msg/JointState"
    assert meta.seconds == pytest.approx(29 / 30, abs=1e-3)
    assert "rosbags" in meta.versions
    assert find_episodes(tmp_path) == [folder]
    with pytest.raises(BimanualError, match="seed"):
        recorder.annotate({"seed": "many"})
    with pytest.raises(BimanualError, match="expected an object"):
        parse_meta_json("[1]")
    (folder / "episode.json").write_text(json.dumps({"task": 5}))
    with pytest.raises(BimanualError, match=r"episode\.json: task"):
        load_meta(folder)


def test_messages_from_many_threads_keep_each_topics_order(recorder, tmp_path):
    recorder.start(tmp_path / "episode")

    def send(topic):
        for i in range(200):
            stamp = 10**9 + i
            recorder.on_message(topic, "sensor_msgs/msg/JointState", stamp, data.joint_state(stamp, position=(i, 0)))
            recorder.on_message(
                topic + "_image", "sensor_msgs/msg/Image", stamp, data.image(stamp, data.picture(i), "rgb8")
            )

    threads = [threading.Thread(target=send, args=(f"/t{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorder.stop().lost == 0
    reader = EpisodeReader(tmp_path / "episode")
    for n in range(3):
        assert [m.stamp_ns for m in reader.messages(f"/t{n}", decode=False)] == [10**9 + i for i in range(200)]
        assert len(list(reader.messages(f"/t{n}_image/compressed", decode=False))) == 200


def test_padded_and_bgr_images_and_other_encodings(recorder, tmp_path):
    recorder.start(tmp_path / "episode")
    rgb = np.zeros((16, 24, 3), np.uint8)
    rgb[..., 0] = 250
    recorder.on_message(
        "/head_camera/color/image_raw", "sensor_msgs/msg/Image", 1, data.image(1, rgb, "rgb8", padding=8)
    )
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    recorder.on_message("/front_camera/color/image_raw", "sensor_msgs/msg/Image", 2, data.image(2, bgr, "bgr8"))
    recorder.on_message("/odd", "sensor_msgs/msg/Image", 3, data.image(3, rgb[..., 0].copy(), "mono8"))
    summary = recorder.stop()
    assert summary.counts["/odd"] == 1
    reader = EpisodeReader(tmp_path / "episode")
    for camera in ("head", "front"):
        ((_, image),) = reader.frames(camera)
        assert image[8, 8, 0] > 240
        assert image[8, 8, 2] < 15


def test_wrong_messages_are_counted_and_named_but_do_not_end_the_recording(recorder, tmp_path):
    recorder.start(tmp_path / "episode")
    recorder.on_message("/x", "no_msgs/msg/Such", 1, b"")
    recorder.on_message("/image", "sensor_msgs/msg/Image", 1, b"\x00\x01\x00\x00")
    recorder.on_message("/joint_states", "sensor_msgs/msg/JointState", 1, data.joint_state(1))
    summary = recorder.stop()
    assert summary.lost == 2
    assert not summary.success
    assert summary.error_code == ErrorCode.DATA_INVALID
    assert "no_msgs/msg/Such" in summary.error_msg
    assert summary.counts == {"/joint_states": 1}


def test_misuse_is_refused(recorder, tmp_path):
    with pytest.raises(BimanualError, match="nothing is being recorded"):
        recorder.stop()
    with pytest.raises(BimanualError, match="nothing was recorded"):
        recorder.annotate({})
    with pytest.raises(BimanualError, match="exists"):
        recorder.start(tmp_path)
    recorder.on_message("/late", "sensor_msgs/msg/JointState", 1, b"")
    recorder.start(tmp_path / "a")
    with pytest.raises(BimanualError, match="already recording"):
        recorder.start(tmp_path / "b")
    with pytest.raises(BimanualError, match="unknown QoS preset 'fast'"):
        Recorder().start(tmp_path / "c", topics={"/x": ("std_msgs/msg/String", "fast")})


@pytest.mark.parametrize(
    ("directory", "words"),
    [
        ("", "directory is empty; give the path of a new folder"),
        ("  ", "directory is empty"),
        (".", "directory is empty"),
        ("/", r"/ exists; a recording needs a new folder"),
        ("a/../../b", "goes up by '..'"),
        ("/proc/1/episode", "/proc/1/episode is in /proc, which belongs to the operating system"),
        ("/etc/episode", "is in /etc"),
        ("/dev/shm/episode", "is in /dev"),
        ("a\0b", "has characters that cannot be printed"),
        ("a\nb", "has characters that cannot be printed"),
        ("a\u202eb", "has characters that cannot be printed"),
        ("x" * 300, "has 300 bytes; at most 200"),
        ("x/" * 2000, "directory has 4000 bytes; at most 3000"),
    ],
)
def test_odd_folders_are_refused(recorder, directory, words):
    with pytest.raises(BimanualError, match=words):
        recorder.start(directory)
    assert recorder.directory is None


def test_a_link_leads_nowhere_else(recorder, tmp_path):
    (tmp_path / "link").symlink_to("/etc")
    with pytest.raises(BimanualError, match=r"/etc/episode is in /etc"):
        recorder.start(tmp_path / "link" / "episode")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(BimanualError, match=r"dangling exists"):
        recorder.start(tmp_path / "dangling")
    (tmp_path / "file").write_text("kept")
    with pytest.raises(BimanualError, match=r"cannot write the bag .*: Not a directory"):
        recorder.start(tmp_path / "file" / "episode")
    assert (tmp_path / "file").read_text() == "kept"


def test_a_relative_folder_starts_where_the_recorder_runs(recorder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recorder.start("day/episode")
    assert recorder.directory == tmp_path / "day" / "episode"
    assert recorder.stop().success


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_folder_that_cannot_be_written_is_told_and_the_recorder_lives_on(recorder, tmp_path, monkeypatch, code):
    def refuse(*_, **__):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refuse)
        with pytest.raises(BimanualError, match=f"cannot write the bag .*: {os.strerror(code)}") as caught:
            recorder.start(tmp_path / "a")
    assert caught.value.code == ErrorCode.DATA_WRITE_FAILED
    with monkeypatch.context() as patch:
        patch.setattr("bimanual_data.episode.write_whole", refuse)
        with pytest.raises(BimanualError, match=r"cannot write .*episode\.json"):
            recorder.start(tmp_path / "b")
    assert recorder.directory is None
    assert record(recorder, tmp_path / "c").success


def test_a_folder_removed_amid_a_recording_is_told_and_the_recorder_lives_on(recorder, tmp_path):
    recorder.start(tmp_path / "gone")
    data.feed(recorder)
    shutil.rmtree(tmp_path / "gone")
    with pytest.raises(BimanualError, match=r"cannot write .*episode\.json.*No such file"):
        recorder.annotate({"task": "x"})
    data.feed(recorder)
    summary = recorder.stop()
    assert not summary.success
    assert summary.error_code == ErrorCode.DATA_WRITE_FAILED
    assert "gone" in summary.error_msg
    assert "No such file" in summary.error_msg
    assert record(recorder, tmp_path / "next").success
    assert not (tmp_path / "gone").exists()


def test_an_encoder_that_fails_costs_one_message(recorder, tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("no memory for a picture")

    recorder.start(tmp_path / "episode")
    monkeypatch.setattr("bimanual_data.recorder.compress", broken)
    recorder.on_message("/odd", "sensor_msgs/msg/Image", 1, b"")
    monkeypatch.undo()
    data.feed(recorder)
    summary = recorder.stop()
    assert summary.lost == 1
    assert "RuntimeError: no memory for a picture" in summary.error_msg
    assert summary.counts["/joint_states"] == 30


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "meta_json is no JSON"),
        ("[1]", "meta_json is list, expected an object"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": -Infinity}', "-Infinity is no JSON number"),
        ('{"a": ' + "9" * 5000 + "}", "meta_json is no JSON: Exceeds the limit"),
        ('{"a": ' + "[" * 49000 + "]" * 49000 + "}", "nested too deeply; at most 50 levels"),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", "nested too deeply; at most 50 levels"),
        ('{"a": "' + "x" * 100_000 + '"}', "meta_json has 100009 characters; at most 100000"),
        ('{"counts": {}}', "meta_json: counts is filled in by the recorder; settable: task, variant"),
        ('{"complete": true}', "complete is filled in by the recorder"),
    ],
)
def test_odd_metadata_is_refused(text, words):
    with pytest.raises(BimanualError, match=words):
        parse_meta_json(text)


def test_annotations_add_up_to_a_limit_and_a_refused_one_leaves_no_trace(recorder, tmp_path):
    recorder.start(tmp_path / "episode")
    for i in range(44):
        recorder.annotate({f"note{i}": "x" * 90_000})
    with pytest.raises(BimanualError, match=r"episode.json has \d+ characters; at most 4000000"):
        recorder.annotate({"one too many": "x" * 90_000})
    with pytest.raises(BimanualError, match="success: Input should be a valid boolean"):
        recorder.annotate({"success": "perhaps"})
    recorder.annotate({"success": True})
    assert recorder.stop().success
    meta = load_meta(tmp_path / "episode")
    assert meta.success is True
    assert len(meta.extra) == 44


FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, {tests!r})
import data_messages as data
from bimanual_data.recorder import Recorder
from bimanual_core.errors import BimanualError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
recorder = Recorder()
recorder.start({folder!r})
import numpy as np
resource.setrlimit(resource.RLIMIT_FSIZE, (2_500_000, resource.RLIM_INFINITY))
rng = np.random.default_rng(0)
raised = ""
for i in range(1, 600):
    noise = rng.integers(0, 255, (120, 160, 3), np.uint8)
    try:
        recorder.on_message("/odd", "sensor_msgs/msg/Image", i, data.image(i, noise, "rgba8"))
    except BimanualError as error:
        raised = f"{{int(error.code)}} {{error}}"
        break
summary = recorder.stop()
recorder.close()
print(raised, "|", int(summary.error_code), summary.lost, summary.counts["/odd"])
"""


def test_a_full_disk_is_told_and_what_was_written_stays_readable(tmp_path):
    folder = tmp_path / "episode"
    code = FULL_DISK.format(tests=str(Path(__file__).parent), folder=str(folder))
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    raised, _, numbers = run.stdout.partition("|")
    assert raised.startswith(f"{int(ErrorCode.DATA_WRITE_FAILED)} cannot write the bag")
    code, lost, kept = (int(n) for n in numbers.split())
    assert code == ErrorCode.DATA_WRITE_FAILED
    assert lost > 0
    inspection = inspect_bag(folder)
    assert not inspection.complete
    assert inspection.topics["/odd"].count == kept
    assert kept > 10
    assert load_meta(folder).complete is False


def test_inspection_finds_the_gaps(recorder, tmp_path):
    recorder.start(tmp_path / "episode")
    for i in [*range(10), *range(13, 20)]:
        stamp = 10**9 + i * data.STEP_NS
        recorder.on_message("/joint_states", "sensor_msgs/msg/JointState", stamp, data.joint_state(stamp))
    recorder.stop()
    inspection = inspect_bag(tmp_path / "episode")
    topic = inspection.topics["/joint_states"]
    assert (topic.count, topic.missing, len(topic.gaps)) == (17, 3, 1)
    assert topic.rate_hz == pytest.approx(30, abs=0.01)
    assert topic.gaps[0].after_ns == 10**9 + 9 * data.STEP_NS
    assert topic.gaps[0].seconds == pytest.approx(4 / 30, abs=1e-6)
    assert inspection.complete
    json.dumps(inspection.as_dict())
