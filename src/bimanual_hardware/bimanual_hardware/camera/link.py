"""Keeping a camera open: what fails is said and tried again, with longer and longer pauses, until it is back."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Lock

from bimanual_hardware.camera.monitor import SILENCE_S, Level, Report, StreamMonitor
from bimanual_hardware.camera.source import CameraError, CameraSource, SourceFrame
from bimanual_hardware.camera.stamps import DeviceClock

NS_PER_S = 1_000_000_000
#: First and longest pause between two attempts to open the camera [s].
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 8.0
#: A camera that was opened may take this long for its first frame [s].
WARM_UP_S = 5.0
#: How long one step waits for a frame [s].
STEP_S = 0.2

#: Given each frame with its stamp [ns].
Deliver = Callable[[SourceFrame, int], None]


class CameraLink:
    """Runs one source: :meth:`step` opens it, delivers its frames, and opens it again after it failed or went silent.

    ``depth_wanted`` is asked before each frame. ``now_ns`` is the graph's time, ``steady`` a clock [s] that never
    jumps, ``log`` is told once of every change. :meth:`end` makes a waiting step return.
    """

    def __init__(
        self,
        source: CameraSource,
        deliver: Deliver,
        now_ns: Callable[[], int],
        depth_wanted: Callable[[], bool] = lambda: True,
        log: Callable[[Level, str], None] = lambda level, text: None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._deliver = deliver
        self._now_ns = now_ns
        self._depth_wanted = depth_wanted
        self._log = log
        self._steady = steady
        self._clock = DeviceClock()
        self._monitor: StreamMonitor | None = None
        self._trouble = ""
        self._pause_s = FIRST_PAUSE_S
        self._retry_s = -float("inf")
        self._heard_s = 0.0
        self._delivered = False  # a frame since it was opened
        self._reconnects = 0
        self._ended = Event()
        self._lock = Lock()

    # -- the camera's thread ------------------------------------------------------------------------------------------
    def run(self) -> None:
        """Step until :meth:`end`, then close the source."""
        try:
            while not self._ended.is_set():
                self.step()
        finally:
            self._source.stop()
            self._monitor = None

    def step(self) -> None:
        """Open the source, or wait until it is time to, or deliver its next frame; returns within a fraction of a
        second but where the device itself takes longer to open."""
        try:
            if self._monitor is None:
                self._wait_or_open()
            else:
                self._read(self._monitor)
        except CameraError as error:
            self._fail(str(error))

    def end(self) -> None:
        """Ask :meth:`run` to return; may be called from another thread."""
        self._ended.set()

    def _wait_or_open(self) -> None:
        left = self._retry_s - self._steady()
        if left > 0.0:
            self._ended.wait(min(left, STEP_S))
            return
        self._source.start()
        self._clock.reset()
        self._delivered, self._heard_s = False, self._steady()
        self._monitor = StreamMonitor(self._source.fps, self._heard_s)

    def _read(self, monitor: StreamMonitor) -> None:
        begin_s = self._steady()
        frame = self._source.next_frame(STEP_S, self._depth_wanted())
        at_s = self._steady()
        if frame is None:
            self._bear_silence(at_s)
            # A source whose device is gone may return at once.
            self._ended.wait(max(0.0, begin_s + STEP_S - at_s))
            return
        arrival_ns = self._now_ns()
        stamp_ns = self._clock.stamp_ns(frame.device_ms, frame.host_time, arrival_ns)
        if not self._delivered:
            self._back()
        self._delivered, self._heard_s = True, at_s
        age_s = (arrival_ns - stamp_ns) / NS_PER_S
        with self._lock:
            monitor.take(frame.number, frame.device_ms, stamp_ns, age_s, at_s)
        self._deliver(frame, stamp_ns)

    def _bear_silence(self, at_s: float) -> None:
        limit_s = SILENCE_S if self._delivered else WARM_UP_S
        if at_s - self._heard_s > limit_s:
            raise CameraError(f"{self._source.label} has given no frame for {limit_s:g} s; is it plugged in?")

    def _back(self) -> None:
        """The first frame after opening: only now it is known to work."""
        self._log(Level.OK, f"{self._source.label}: frames come in")
        if self._trouble:
            self._reconnects += 1
        self._trouble, self._pause_s = "", FIRST_PAUSE_S

    def _fail(self, why: str) -> None:
        self._source.stop()
        self._monitor = None
        if why != self._trouble:
            self._log(Level.ERROR, f"{why}; trying again")
        self._trouble = why
        self._retry_s = self._steady() + self._pause_s
        self._pause_s = min(2.0 * self._pause_s, LONGEST_PAUSE_S)

    # -- any thread ---------------------------------------------------------------------------------------------------
    def report(self) -> Report:
        """How the camera does, naming it."""
        monitor, trouble = self._monitor, self._trouble
        values: dict[str, object] = {"camera": self._source.label, "reconnects": self._reconnects}
        if trouble:
            return Report(Level.ERROR, trouble, values)
        if monitor is None or not self._delivered:
            return Report(Level.OK, f"opening {self._source.label}", values)
        with self._lock:
            judged = monitor.report(self._steady())
        return Report(judged.level, f"{self._source.label}: {judged.text}", {**values, **judged.values})
