"""From a camera's clock to the graph's: stamps that keep the device's spacing."""

from __future__ import annotations

from collections import deque

NS_PER_US = 1_000
#: Frames that the clocks are compared over: the one that was least delayed tells the offset.
WINDOW = 300
#: A device clock that moves this far against the host's between two frames was set anew [ns].
JUMP_NS = 1_000_000_000


class DeviceClock:
    """Maps times of one camera to nanoseconds of the host's clock.

    A frame that carries the host's time keeps it. Another arrives some unknown time after it was taken; over a window
    of frames the smallest difference between arrival and device time is taken for the clocks' offset, so that a frame
    held up on its way keeps its true distance from its neighbours. Stamps then are late by the shortest way, a few
    milliseconds. Stamps never go back unless the host's own time does.
    """

    def __init__(self) -> None:
        self._offsets: deque[int] = deque(maxlen=WINDOW)
        self._last_ns = 0

    def reset(self) -> None:
        """Forget the device: it was opened anew."""
        self._offsets.clear()

    def stamp_ns(self, device_ms: float, host_time: bool, arrival_ns: int) -> int:
        """Stamp of a frame taken at ``device_ms`` that arrived at ``arrival_ns`` of the host's clock."""
        taken_ns = round(1000.0 * device_ms) * NS_PER_US  # a float of milliseconds since 1970 carries no more
        if host_time:
            return taken_ns
        offset = arrival_ns - taken_ns
        if self._offsets and abs(offset - self._offsets[-1]) > JUMP_NS:
            self._offsets.clear()
        self._offsets.append(offset)
        stamp = taken_ns + min(self._offsets)
        # A smaller offset found later would set a frame before its predecessor.
        if self._last_ns - JUMP_NS < stamp <= self._last_ns:
            stamp = self._last_ns + 1
        self._last_ns = stamp
        return stamp
