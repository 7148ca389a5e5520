"""Stamps on the graph's clock, the judgement of a stream, and the test pattern."""

import numpy as np
import pytest
from software_camera import K_of

from bimanual_core.intrinsics import Intrinsics
from bimanual_hardware.camera.monitor import Level, StreamMonitor
from bimanual_hardware.camera.pattern import BOARD_MM, BOARD_RGB, WALL_MM, PatternSource
from bimanual_hardware.camera.source import CameraSource
from bimanual_hardware.camera.stamps import DeviceClock

MS, S = 1_000_000, 1_000_000_000


# -- stamps -----------------------------------------------------------------------------------------------------------
def test_host_time_is_kept_to_the_nanosecond_that_it_has():
    assert DeviceClock().stamp_ns(1_700_000_000_123.5, True, 5) == 1_700_000_000_123_500_000


def test_device_time_keeps_its_spacing_when_frames_are_held_up():
    clock, start = DeviceClock(), 1_700_000_000 * S
    delays_ms = [4, 4, 30, 4, 18, 4, 4]
    stamps = [
        clock.stamp_ns(50_000.0 + 33.25 * i, False, start + round(33.25 * i * MS) + delay * MS)
        for i, delay in enumerate(delays_ms)
    ]
    assert set(np.diff(stamps)) == {33_250_000}
    assert stamps[0] == start + 4 * MS


def test_stamps_never_go_back_when_a_shorter_way_is_found():
    clock = DeviceClock()
    delays_ms = [200, 180, 90, 40, 5, 5, 4, 5, 6]
    stamps = [clock.stamp_ns(33.0 * i, False, round((33.0 * i + d) * MS)) for i, d in enumerate(delays_ms)]
    assert np.diff(stamps).min() > 0
    assert stamps[-1] - stamps[-2] == 33 * MS


def test_the_offset_follows_a_drifting_device_clock():
    clock = DeviceClock()
    for i in range(3000):
        arrival = i * 33 * MS
        stamp = clock.stamp_ns(33.0 * i * 1.0001, False, arrival)  # 100 ppm fast
    assert abs(arrival - stamp) < 2 * MS


def test_a_device_clock_that_is_set_anew_is_followed_at_once():
    clock = DeviceClock()
    clock.stamp_ns(90_000.0, False, 100 * S)
    assert clock.stamp_ns(10.0, False, 101 * S) == 101 * S
    clock.reset()
    assert clock.stamp_ns(5.0, False, 200 * S) == 200 * S


# -- monitor ----------------------------------------------------------------------------------------------------------
def judged(numbers, stamps_ms, hz=30.0, age_s=0.01, late_s=0.0, device_ms=None):
    """The report after these frames, which arrive at their stamps, ``late_s`` after the last one."""
    monitor = StreamMonitor(hz, stamps_ms[0] / 1000.0)
    for i, (number, ms) in enumerate(zip(numbers, stamps_ms, strict=True)):
        own = ms if device_ms is None else device_ms[i]
        monitor.take(number, own, round(ms * MS), age_s, ms / 1000.0)
    return monitor.report(stamps_ms[-1] / 1000.0 + late_s)


def test_a_good_stream_is_ok():
    report = judged(range(150), np.arange(150) * 1000 / 30)
    assert (report.level, report.text) == (Level.OK, "30.0 frames per second")
    assert report.values["rate_hz"] == "30.0"
    assert report.values["lost"] == 0


@pytest.mark.parametrize(("hz", "level"), [(29.0, Level.OK), (25.0, Level.WARN), (12.0, Level.ERROR)])
def test_a_slow_stream_is_told_by_how_slow_it_is(hz, level):
    report = judged(range(60), np.arange(60) * 1000 / hz)
    assert report.level is level
    if level is not Level.OK:
        assert report.text == f"{hz:.1f} of 30 frames per second"


def test_lost_frames_are_counted_by_their_numbers():
    kept = [n for n in range(150) if n % 20]
    report = judged(kept, [n * 1000 / 30 for n in kept])
    assert report.level is Level.WARN
    assert report.text == "7 frames lost of 149"
    assert report.values["lost"] == 7
    assert float(report.values["jitter_ms"]) < 0.1, "a gap is no jitter"


def test_stamps_that_go_back_are_named():
    stamps = np.arange(90) * 1000 / 30
    device = stamps.copy()
    device[40] = device[38]
    report = judged(range(90), stamps, device_ms=device)
    assert report.level is Level.WARN
    assert report.text == "stamps went back 1 times"


def test_jitter_is_told_from_noise():
    rng = np.random.default_rng(0)
    even = np.arange(150) * 1000 / 30
    assert judged(range(150), even + rng.uniform(-2, 2, 150)).level is Level.OK
    report = judged(range(150), even + rng.uniform(-12, 12, 150))
    assert report.level is Level.WARN
    assert "from their spacing" in report.text


@pytest.mark.parametrize("age_s", [0.6, -0.5])
def test_stamps_that_do_not_fit_the_hosts_clock_are_named(age_s):
    report = judged(range(60), np.arange(60) * 1000 / 30, age_s=age_s)
    assert report.level is Level.WARN
    assert "is the clock right?" in report.text


def test_silence_is_an_error_also_before_the_first_frame():
    assert judged(range(60), np.arange(60) * 1000 / 30, late_s=2.0).text == "no frame for 2.0 s"
    assert StreamMonitor(30.0, 10.0).report(13.0).level is Level.ERROR
    assert StreamMonitor(30.0, 10.0).report(10.5).level is Level.OK


def test_what_was_is_forgotten_after_the_window():
    stamps = np.concatenate([np.arange(30) * 100.0, 3000 + np.arange(300) * 1000 / 30])
    assert judged(range(330), stamps).level is Level.OK


def test_all_findings_are_told_and_the_worst_counts():
    kept = list(range(0, 150, 3))
    report = judged(kept, [n * 1000 / 30 for n in kept], age_s=1.0)
    assert report.level is Level.ERROR
    assert report.text.count(";") == 2


# -- pattern ----------------------------------------------------------------------------------------------------------
class Clock:
    def __init__(self) -> None:
        self.s = 5.0

    def __call__(self) -> float:
        return self.s

    def wait(self, seconds: float) -> None:
        self.s += seconds


def pattern(clock, width=160, height=120, fps=30.0):
    return PatternSource(Intrinsics(width, height, K_of(width, height, 150.0)), fps, clock, clock.wait)


def test_pattern_frames_come_at_their_times_and_late_ones_are_lost():
    clock = Clock()
    source = pattern(clock)
    assert isinstance(source, CameraSource)
    source.start()
    numbers, times = [], []
    for _ in range(30):
        numbers.append(source.next_frame(1.0).number)
        times.append(clock.s)
    assert numbers == list(range(30))
    assert np.allclose(np.diff(times), 1 / 30)
    clock.s += 0.5
    assert source.next_frame(1.0).number == 44
    assert source.next_frame(0.001) is None
    source.stop()


def test_pattern_depth_is_that_of_what_it_shows():
    source = pattern(Clock())
    for number in (0, 17, 60):
        rgb, depth = source.picture(number)
        board = np.all(rgb == BOARD_RGB, axis=2)
        assert np.array_equal(depth, np.where(board, BOARD_MM, WALL_MM))
        assert board.sum() == 36 * 36
        again = source.picture(number)
        assert np.array_equal(again[0], rgb)
        assert np.array_equal(again[1], depth)
    assert not np.array_equal(source.picture(0)[0], source.picture(30)[0])
    assert source.board(0)[1].start == 0
    assert source.board(60)[1].stop == 160


@pytest.mark.parametrize(("width", "height"), [(1, 1), (16, 1200), (1920, 1080)])
def test_pattern_of_any_size(width, height):
    rgb, depth = pattern(Clock(), width, height).picture(25)
    assert rgb.shape == (height, width, 3)
    assert depth.shape == (height, width)
