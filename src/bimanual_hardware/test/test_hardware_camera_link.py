"""A camera that fails, goes silent or never was: said in words, tried again with pauses, never in a rush."""

import threading

import numpy as np
import pytest
from software_camera import FPS, H, K_of, SoftwareCamera, W, grey

from bimanual_core.intrinsics import Intrinsics
from bimanual_hardware.camera import link as link_module
from bimanual_hardware.camera.device import DeviceSource
from bimanual_hardware.camera.link import FIRST_PAUSE_S, LONGEST_PAUSE_S, STEP_S, WARM_UP_S, CameraLink
from bimanual_hardware.camera.monitor import SILENCE_S, Level
from bimanual_hardware.camera.source import CameraError, Profile, SourceFrame

pytestmark = pytest.mark.timed


class Time:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s

    def ns(self) -> int:
        return round(self.s * 1e9)


class Scripted:
    """A source that does as it is told: ``plugged`` in or not, ``silent`` or not."""

    label = "RealSense 42"
    intrinsics = Intrinsics(W, H, K_of(W, H, 50.0))
    fps = 30.0

    def __init__(self, time: Time) -> None:
        self.time, self.plugged, self.silent, self.open = time, True, False, False
        self.starts, self.number = [], 0

    def start(self) -> None:
        self.starts.append(self.time.s)
        if not self.plugged:
            raise CameraError("no RealSense with serial number '42' is connected; connected: none")
        self.open = True

    def next_frame(self, timeout_s: float, depth: bool = True) -> SourceFrame | None:
        assert self.open
        if not self.plugged:
            raise CameraError(f"{self.label} gives no more frames: disconnected")
        if self.silent:
            self.time.s += timeout_s
            return None
        self.time.s += 1.0 / self.fps
        self.number += 1
        return SourceFrame(self.number, 1000.0 * self.time.s, False, *grey(self.number))

    def stop(self) -> None:
        self.open = False


class Rig:
    def __init__(self) -> None:
        self.time = Time()
        self.source = Scripted(self.time)
        self.frames, self.said = [], []
        self.link = CameraLink(
            self.source,
            lambda frame, stamp: self.frames.append((frame.number, stamp)),
            self.time.ns,
            log=lambda level, text: self.said.append((level, text)),
            steady=self.time,
        )
        self.waits = []
        self.link._ended = self  # so that waiting moves the clock

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.time.s += max(seconds, 0.0)
        return False

    def step(self, seconds: float) -> None:
        end, in_no_time = self.time.s + seconds, 0
        while self.time.s < end:
            before = self.time.s
            self.link.step()
            in_no_time = 0 if self.time.s > before else in_no_time + 1
            assert in_no_time < 3, "steps that take no time: a busy loop"  # to open and to fail are two


@pytest.fixture
def rig():
    return Rig()


def test_frames_are_delivered_with_stamps_of_the_graphs_time(rig):
    rig.step(1.0)
    numbers, stamps = zip(*rig.frames, strict=True)
    assert numbers == tuple(range(1, len(numbers) + 1))
    assert len(numbers) >= 29
    assert np.allclose(np.diff(stamps), 1e9 / 30.0, atol=2000.0)
    assert abs(stamps[-1] - rig.time.ns()) < 2000
    assert rig.link.report().level is Level.OK
    assert rig.link.report().text == "RealSense 42: 30.0 frames per second"


def test_an_unplugged_camera_is_an_error_until_it_is_back(rig):
    rig.step(0.5)
    before = len(rig.frames)
    rig.source.plugged = False
    rig.step(2.0)
    report = rig.link.report()
    assert report.level is Level.ERROR
    assert "serial number '42'" in report.text
    assert len(rig.frames) == before
    rig.source.plugged = True
    rig.step(LONGEST_PAUSE_S + 1.0)
    assert len(rig.frames) > before + 20
    report = rig.link.report()
    assert (report.level, report.values["reconnects"]) == (Level.OK, 1)


def test_attempts_get_rarer_and_are_logged_once_for_one_reason(rig):
    rig.source.plugged = False
    rig.step(60.0)
    pauses = np.diff(rig.source.starts)
    assert np.allclose(pauses[:5], [FIRST_PAUSE_S * 2**k for k in range(5)])
    assert pauses.max() == pytest.approx(LONGEST_PAUSE_S)
    assert len(rig.source.starts) < 15
    assert len(rig.said) == 1
    assert rig.said[0] == (
        Level.ERROR,
        "no RealSense with serial number '42' is connected; connected: none; trying again",
    )


def test_pauses_start_anew_after_a_frame_and_not_after_a_mere_opening(rig):
    rig.source.silent = True
    rig.step(3 * WARM_UP_S)
    assert len(rig.source.starts) == 3
    rig.source.silent = False
    rig.step(3.0)
    rig.source.plugged = False
    lost = rig.time.s
    rig.step(2.0)
    assert rig.source.starts[-2:] == pytest.approx([lost + FIRST_PAUSE_S, lost + 3 * FIRST_PAUSE_S])


def test_a_silent_camera_is_closed_and_opened_again(rig):
    rig.step(0.5)
    rig.source.silent = True
    rig.step(SILENCE_S + 2 * STEP_S)
    assert not rig.source.open
    assert rig.link.report().level is Level.ERROR
    assert "RealSense 42 has given no frame for 1 s; is it plugged in?" in rig.link.report().text
    rig.source.silent = False
    rig.step(2.0)
    assert rig.link.report().level is Level.OK
    assert [level for level, _ in rig.said] == [Level.OK, Level.ERROR, Level.OK]


def test_a_camera_may_take_its_time_for_the_first_frame(rig):
    rig.source.silent = True
    rig.step(WARM_UP_S - 1.0)
    assert rig.source.open
    assert rig.link.report().text == "opening RealSense 42"


def test_a_source_that_returns_at_once_is_not_asked_in_a_rush(rig, monkeypatch):
    rig.step(0.1)
    calls = []
    monkeypatch.setattr(rig.source, "next_frame", lambda *_: calls.append(1))
    rig.step(0.8)
    assert len(calls) <= 5


def test_depth_is_asked_for_only_when_it_is_wanted():
    time, asked, wanted = Time(), [], [False]
    source = Scripted(time)
    given = source.next_frame
    source.next_frame = lambda timeout, depth: (asked.append(depth), given(timeout))[1]
    link = CameraLink(source, lambda *_: None, time.ns, lambda: wanted[0], steady=time)
    for _ in range(3):
        link.step()
    wanted[0] = True
    link.step()
    assert asked == [False, False, True]


def test_the_software_device_goes_silent_is_unplugged_and_comes_back(monkeypatch):
    """The real driver code: a thread reads, the device stops sending, leaves the bus, and returns."""
    monkeypatch.setattr(link_module, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(link_module, "LONGEST_PAUSE_S", 0.1)
    monkeypatch.setattr(link_module, "SILENCE_S", 0.3)
    monkeypatch.setattr(link_module, "WARM_UP_S", 0.5)
    camera = SoftwareCamera("42")
    bus = [camera.device]
    numbers, news = [], threading.Condition()

    def deliver(frame, stamp_ns):
        with news:
            numbers.append(frame.number)
            news.notify_all()

    source = DeviceSource("42", Profile(W, H, FPS), lambda: list(bus))
    link = CameraLink(source, deliver, lambda: 0)
    thread = threading.Thread(target=link.run, daemon=True)
    thread.start()

    def until(predicate):
        with news:
            while not predicate():
                assert news.wait(0.2) or news.wait(5.0) or predicate(), "nothing came"

    def until_report(words):
        for _ in range(100):
            if words in link.report().text:
                return
            threading.Event().wait(0.05)
        raise AssertionError(f"{words!r} never came: {link.report().text!r}")

    with camera.streaming():
        until(lambda: len(numbers) > 5)
        assert "Software D435 42" in link.report().text
    until_report("has given no frame")
    bus.clear()
    until_report("no RealSense with serial number '42' is connected; connected: none")
    assert link.report().level is Level.ERROR
    numbers.clear()
    bus.append(camera.device)
    with camera.streaming():
        until(lambda: len(numbers) > 5)
        assert link.report().level is Level.OK
        assert link.report().values["reconnects"] == 1
    link.end()
    thread.join(5.0)
    assert not thread.is_alive()
