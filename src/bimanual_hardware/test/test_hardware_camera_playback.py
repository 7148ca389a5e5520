"""Recordings of the library's own recorder, played as cameras; files that are none."""

import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyrealsense2 as rs
import pytest
from software_camera import H, K_of, SoftwareCamera, W, grey

from bimanual_core.errors import BimanualError
from bimanual_hardware.camera.playback import PlaybackSource, Unrolled
from bimanual_hardware.camera.source import CameraError, CameraSource, SourceFrame

COUNT = 10


def record(path, camera: SoftwareCamera, count: int = COUNT) -> None:
    """Record ``count`` frames at the camera's rate."""
    recorder = rs.recorder(str(path), camera.device)
    queue, sensors = rs.syncer(10), recorder.query_sensors()
    for sensor in sensors:
        sensor.open(sensor.get_stream_profiles())
        sensor.start(queue)
    pace = threading.Event()
    for number in range(count):
        camera.send(number, 1000.0 + 1000.0 * number / camera.fps, *grey(number))
        pace.wait(1.0 / camera.fps)
    for sensor in sensors:
        sensor.stop()
        sensor.close()


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("camera") / "head.db3"
    record(path, SoftwareCamera("77", K_colour=K_of(W, H, 61.0), K_depth=K_of(W, H, 61.0)))
    return path


def test_a_recording_plays_over_and_over_as_one_stream(recording):
    source = PlaybackSource(recording)
    assert source.label == f"recording {recording}"
    source.start()
    assert isinstance(source, CameraSource)
    frames = []
    while len(frames) < 2 * COUNT + 3:
        frame = source.next_frame(2.0)
        assert frame is not None
        frames.append(frame)
    source.stop()
    assert np.diff([f.number for f in frames]).min() >= 1
    assert np.diff([f.device_ms for f in frames]).min() > 30.0
    assert not any(f.host_time for f in frames)
    shown = [int(f.rgb[0, 0, 0]) for f in frames]
    assert set(shown) <= set(range(COUNT))
    assert sum(b < a for a, b in pairwise(shown)) >= 2, "it began anew"
    assert all(np.all(f.depth_mm == 1000) for f in frames)


def test_a_bag_of_an_older_library_plays_as_well():
    """Recorded by version 2.56 of the library from its software device: 20 frames, each one grey all over."""
    source = PlaybackSource(Path(__file__).parent / "data" / "software_d435.bag")
    source.start()
    frames = [source.next_frame(2.0) for _ in range(22)]
    source.stop()
    assert all(np.ptp(f.rgb) == 0 and np.all(f.depth_mm == 1000) for f in frames)
    assert np.diff([f.number for f in frames]).min() >= 1
    assert np.diff([f.device_ms for f in frames]).min() > 30.0


def test_intrinsics_and_rate_are_the_recordings(recording):
    source = PlaybackSource(recording)
    source.start()
    assert np.allclose(source.intrinsics.K, K_of(W, H, 61.0))
    assert (source.intrinsics.width, source.intrinsics.height, source.fps) == (W, H, 30.0)
    source.stop()


def test_rounds_are_put_one_behind_the_other():
    line = Unrolled()
    given = [(5, 100.0), (6, 133.0), (8, 200.0), (5, 100.0), (6, 133.0), (5, 100.0)]
    placed = [line.place(SourceFrame(n, ms, True, *grey(0)), 33.0) for n, ms in given]
    assert [f.number for f in placed] == [5, 6, 8, 9, 10, 11]
    assert [f.device_ms for f in placed] == [100.0, 133.0, 200.0, 233.0, 266.0, 299.0]


def test_files_that_are_no_recordings_are_refused_in_words(tmp_path):
    with pytest.raises(BimanualError, match=r"'head.mp4' is no .bag or .db3 file"):
        PlaybackSource("head.mp4")
    with pytest.raises(BimanualError, match="does not exist"):
        PlaybackSource(tmp_path / "none.bag")
    (tmp_path / "folder.bag").mkdir()
    with pytest.raises(BimanualError, match="is no file"):
        PlaybackSource(tmp_path / "folder.bag")


@pytest.mark.parametrize("suffix", [".bag", ".db3"])
@pytest.mark.parametrize("content", [b"", b"junk\n", b"#ROSBAG V2.0\n", b"SQLite format 3\0" + bytes(200)])
def test_broken_recordings_are_refused_in_words(tmp_path, suffix, content):
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(content)
    source = PlaybackSource(path)
    with pytest.raises(CameraError, match=r"recording .*broken.* does not start"):
        source.start()
    source.stop()


def test_a_recording_that_breaks_off_is_refused_or_played_but_does_no_harm(recording, tmp_path):
    whole = recording.read_bytes()
    path = tmp_path / "half.db3"
    path.write_bytes(whole[: len(whole) // 2])
    source = PlaybackSource(path)
    said = ""
    try:
        source.start()
        for _ in range(5):
            source.next_frame(0.2)
    except CameraError as error:
        said = str(error)
    source.stop()
    assert not said or "half.db3" in said


def test_a_recording_without_depth_is_refused(tmp_path):
    camera = SoftwareCamera("78")
    recorder = rs.recorder(str(tmp_path / "colour.db3"), camera.device)
    colour = next(s for s in recorder.query_sensors() if s.get_info(rs.camera_info.name) == "RGB Camera")
    colour.open(colour.get_stream_profiles())
    colour.start(rs.frame_queue(10))
    for number in range(5):
        camera.send_one("colour", number, 33.0 * number, grey(number)[0])
    colour.stop()
    colour.close()
    del recorder
    with pytest.raises(CameraError, match="colour.db3 has no depth stream"):
        PlaybackSource(tmp_path / "colour.db3").start()
