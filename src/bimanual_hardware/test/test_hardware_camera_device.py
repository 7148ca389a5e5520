"""The driver over the library's software device: pictures, intrinsics, lost frames, refusals, two cameras."""

import builtins
import sys
import threading

import numpy as np
import pyrealsense2 as rs
import pytest
from software_camera import FPS, H, K_of, SoftwareCamera, W, grey

from bimanual_hardware.camera.device import DeviceSource
from bimanual_hardware.camera.librealsense import depth_profile
from bimanual_hardware.camera.source import CameraError, CameraSource, Profile

pytestmark = pytest.mark.timed

WANTED = Profile(W, H, FPS)


def opened(camera: SoftwareCamera, wanted: Profile = WANTED) -> DeviceSource:
    source = DeviceSource(camera.serial, wanted, lambda: [camera.device])
    source.start()
    return source


def test_frames_come_as_they_were_sent():
    camera = SoftwareCamera("123")
    source = opened(camera)
    assert isinstance(source, CameraSource)
    rng = np.random.default_rng(1)
    for number in (7, 8):
        rgb = rng.integers(0, 256, (H, W, 3), dtype=np.uint8)
        depth = rng.integers(1, 5000, (H, W), dtype=np.uint16)
        camera.send(number, 1000.0 + number, rgb, depth)
        frame = source.next_frame(2.0)
        assert (frame.number, frame.device_ms, frame.host_time) == (number, 1000.0 + number, False)
        assert np.array_equal(frame.rgb, rgb)
        # The same lens for both: alignment leaves every pixel where it is.
        assert np.array_equal(frame.depth_mm, depth)
    assert source.next_frame(0.05) is None
    source.stop()


def test_depth_that_nobody_wants_is_not_aligned():
    camera = SoftwareCamera("123")
    source = opened(camera)
    camera.send(1, 1.0, *grey(1))
    assert source.next_frame(2.0, depth=False).depth_mm is None
    source.stop()


def test_the_host_clock_is_told_from_the_device_clock():
    camera = SoftwareCamera("123")
    source = opened(camera)
    camera.send(1, 1.7e12, *grey(1), domain=rs.timestamp_domain.global_time)
    frame = source.next_frame(2.0)
    assert (frame.host_time, frame.device_ms) == (True, 1.7e12)
    source.stop()


def test_other_units_become_millimetres_and_do_not_wrap():
    camera = SoftwareCamera("123", depth_units=0.0001)
    source = opened(camera)
    rgb, _ = grey(0)
    camera.send(1, 1.0, rgb, np.full((H, W), 12345, np.uint16))
    assert set(np.unique(source.next_frame(2.0).depth_mm)) == {1234}
    source.stop()
    coarse = SoftwareCamera("124", depth_units=0.01)
    source = opened(coarse)
    coarse.send(1, 1.0, rgb, np.full((H, W), 10000, np.uint16))
    assert set(np.unique(source.next_frame(2.0).depth_mm)) == {65535}
    source.stop()


def test_intrinsics_are_the_devices():
    K = K_of(W, H, 61.5)
    coefficients = (0.1, -0.2, 0.01, 0.02, 0.3)
    source = opened(SoftwareCamera("123", K_colour=K, coefficients=coefficients))
    seen = source.intrinsics
    assert (seen.width, seen.height, seen.model, source.fps) == (W, H, "plumb_bob", 30.0)
    assert np.allclose(seen.K, K)
    assert np.allclose(seen.D, coefficients)
    source.stop()
    with pytest.raises(CameraError, match="not started"):
        _ = source.intrinsics


def test_fisheye_and_unknown_lenses():
    fisheye = SoftwareCamera("1", distortion=rs.distortion.kannala_brandt4, coefficients=(0.1, 0.2, 0.3, 0.4, 0.0))
    source = opened(fisheye)
    assert source.intrinsics.model == "equidistant"
    assert np.allclose(source.intrinsics.D, [0.1, 0.2, 0.3, 0.4])
    source.stop()
    with pytest.raises(CameraError, match="lens model 'ftheta' has no name in CameraInfo"):
        opened(SoftwareCamera("2", distortion=rs.distortion.ftheta))


class Part:
    """A colour or depth frame as the reader asks it."""

    def __init__(self, number: int, ms: float, pixels: np.ndarray, clock=rs.timestamp_domain.hardware_clock) -> None:
        self.frame_number, self._ms, self._pixels, self._clock = number, ms, pixels, clock

    def get_timestamp(self) -> float:
        return self._ms

    def get_frame_timestamp_domain(self) -> rs.timestamp_domain:
        return self._clock

    def get_data(self) -> np.ndarray:
        return self._pixels

    def get_units(self) -> float:
        return 0.001


class Pair:
    """A frameset, of which either part may be missing."""

    def __init__(self, colour: Part | None, depth: Part | None) -> None:
        self.get_color_frame, self.get_depth_frame = (lambda: colour), (lambda: depth)


def test_depth_of_another_instant_is_not_paired_and_no_picture_is_handed_out_twice():
    """The library joins what it has: a late picture comes with the depth before it, then again with its own."""
    camera = SoftwareCamera("123")
    source = opened(camera)
    reader, (rgb, depth) = source._reader, grey(5)

    def numbers(*pairs: Pair) -> list[int | None]:
        frames = [reader.frame(pair, depth=True) for pair in pairs]
        return [None if frame is None else frame.number for frame in frames]

    colours = {n: Part(n, 33.0 * n, rgb) for n in range(1, 9)}
    depths = {n: Part(n, 33.0 * n, depth) for n in range(1, 9)}
    assert numbers(Pair(colours[1], depths[1]), Pair(colours[2], depths[1]), Pair(colours[2], depths[2])) == [
        1,
        None,
        2,
    ]
    assert numbers(Pair(colours[2], depths[2]), Pair(colours[2], depths[3]), Pair(colours[3], depths[3])) == [
        None,
        None,
        3,
    ]
    assert numbers(Pair(colours[4], None), Pair(None, depths[4]), Pair(None, None)) == [None, None, None]
    jitter = Part(5, 33.0 * 5 + 10.0, depth)
    assert numbers(Pair(colours[5], jitter)) == [5]
    host = Part(6, 1.7e12, depth, rs.timestamp_domain.system_time)
    assert numbers(Pair(colours[6], host)) == [6], "two clocks say nothing about each other"
    source.stop()


def test_a_stream_is_read_at_its_rate_and_can_be_opened_again():
    camera = SoftwareCamera("123")
    source = opened(camera)
    with camera.streaming():
        for _ in range(2):
            numbers = []
            while len(numbers) < 8:
                frame = source.next_frame(1.0)
                numbers.append(frame.number)
                assert frame.rgb[0, 0, 0] == frame.number % 256
            assert numbers == sorted(set(numbers))
            source.stop()
            source.start()
    source.stop()


def test_waiting_for_a_frame_lets_other_threads_work():
    source = opened(SoftwareCamera("123"))
    ran = threading.Event()
    threading.Timer(0.05, ran.set).start()
    assert source.next_frame(0.5) is None
    assert ran.is_set()
    source.stop()


def test_two_cameras_by_serial_number_do_not_mix():
    left, right = SoftwareCamera("left-1"), SoftwareCamera("right-2")
    both = [left.device, right.device]
    sources = {c.serial: DeviceSource(c.serial, WANTED, lambda: both) for c in (right, left)}
    for source in sources.values():
        source.start()
    with (
        left.streaming(lambda n: (np.full((H, W, 3), 11, np.uint8), np.full((H, W), 500, np.uint16))),
        right.streaming(lambda n: (np.full((H, W, 3), 22, np.uint8), np.full((H, W), 900, np.uint16))),
    ):
        for _ in range(10):
            for serial, colour, mm in (("left-1", 11, 500), ("right-2", 22, 900)):
                frame = sources[serial].next_frame(1.0)
                assert frame.rgb[H // 2, W // 2, 0] == colour
                assert frame.depth_mm[H // 2, W // 2] == mm
    for source in sources.values():
        source.stop()


def test_an_unknown_serial_number_lists_what_is_connected():
    cameras = [SoftwareCamera("123"), SoftwareCamera("456")]
    source = DeviceSource("789", WANTED, lambda: [c.device for c in cameras])
    with pytest.raises(CameraError, match="serial number '789' is connected; connected: Software D435 123, Software"):
        source.start()
    with pytest.raises(CameraError, match="no RealSense is connected; connected: none"):
        DeviceSource("", WANTED, list).start()


def test_an_unsupported_profile_lists_the_supported_ones():
    camera = SoftwareCamera("123")
    with pytest.raises(CameraError, match=r"Software D435 123 has no colour profile 64x47 at 30 fps; it offers: 64x48"):
        opened(camera, Profile(W, 47, FPS))
    with pytest.raises(CameraError, match="64x48 at 60 fps; it offers: 64x48 at 30 fps"):
        opened(camera, Profile(W, H, 60))


def test_depth_is_no_coarser_than_colour_where_that_is_possible():
    offers = [Profile(w, h, 30) for w, h in ((424, 240), (640, 480), (1280, 720), (480, 270))] + [Profile(848, 480, 60)]
    assert depth_profile(offers, Profile(320, 240, 30), "x") == Profile(424, 240, 30)
    assert depth_profile(offers, Profile(640, 480, 30), "x") == Profile(640, 480, 30)
    assert depth_profile(offers, Profile(1920, 1080, 30), "x") == Profile(1280, 720, 30)
    with pytest.raises(CameraError, match=r"x has no depth at 15 fps; rates: \[30, 60\]"):
        depth_profile(offers, Profile(640, 480, 15), "x")


def test_without_the_library_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)
    with pytest.raises(CameraError, match=r"pyrealsense2 does not load .* apt-get install libusb-1.0-0"):
        DeviceSource("", WANTED)


def test_the_pattern_needs_no_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "pyrealsense2":
            raise ImportError("not here")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    from bimanual_core.intrinsics import Intrinsics
    from bimanual_hardware.camera.pattern import PatternSource

    source = PatternSource(Intrinsics(W, H, K_of(W, H, 50.0)), 30.0)
    source.start()
    assert source.next_frame(1.0).rgb.shape == (H, W, 3)
