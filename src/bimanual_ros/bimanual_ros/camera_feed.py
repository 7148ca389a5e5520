"""Pictures of cameras as they come in: colour, depth and pose of one instant as a :class:`CameraFrame`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image

from bimanual_core.contract import camera_node
from bimanual_core.errors import SilentNodeError
from bimanual_core.observation import CameraFrame
from bimanual_core.robot import RobotSpec
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.feed import Feed
from bimanual_ros.images import depth_of, rgb_of, stamp_of

Array = NDArray[np.float64]
#: A camera that was asked for sends its first picture within this long, and then goes on [s of wall time].
FIRST_S, SILENT_S = 60.0, 3.0
COLOUR, DEPTH, INFO = "color/image_raw", "aligned_depth_to_color/image_raw", "color/camera_info"


class CameraFeed:
    """Subscribes to a camera when it is first asked for, which makes the driver send it, and keeps the newest pair.

    A simulated camera is exactly what the robot's YAML says; a real one says itself what its lens is like.
    """

    def __init__(self, feed: Feed, endpoints: Endpoints, robot: RobotSpec) -> None:
        self._feed = feed
        self._endpoints = endpoints
        self._robot = robot
        self._colour: dict[str, Image] = {}
        self._depth: dict[str, Image] = {}
        self._pairs: dict[str, tuple[Image, Image]] = {}
        self._known: set[str] = set()
        self._intrinsics: dict[str, Array] = {}

    def listen(self, names: Sequence[str]) -> None:
        """Begin to listen to the cameras ``names``; those listened to already stay so."""
        for name in names:
            if name not in self._known:
                self._known.add(name)
                server = self._server(name)
                for stream, newest in ((COLOUR, self._colour), (DEPTH, self._depth)):
                    keep = self._feed.hears(server, self._keeper(name, newest))
                    self._endpoints.subscription(f"{name}_camera/{stream}", keep)
                if server == camera_node(name):
                    keep = self._feed.hears(server, partial(self._on_info, name))
                    self._endpoints.subscription(f"{name}_camera/{INFO}", keep)
                else:
                    self._intrinsics[name] = self._robot.camera(name).K

    def wait(self, name: str, since_ns: int) -> None:
        """Wait for a picture that is not older than ``since_ns``. Raises SilentNodeError naming who sends none, also
        where that node itself lives on."""
        limit_s = FIRST_S if name not in self._pairs else SILENT_S
        limit = time.monotonic() + limit_s
        what = f"pictures of {name}"
        self._feed.until(lambda: self.newest(name, since_ns) or time.monotonic() > limit, what, self._server(name))
        if self.newest(name, since_ns) is None:
            raise SilentNodeError(f"node {self._server(name)} has sent no pictures of {name} for {limit_s:g} s")

    def newest(self, name: str, since_ns: int) -> tuple[Image, Image] | None:
        """Colour and depth of the newest instant, if that is not older than ``since_ns`` and the lens is known."""
        pair = self._pairs.get(name) if name in self._intrinsics else None
        return pair if pair is not None and stamp_of(pair[0]) >= since_ns else None

    def frame(self, name: str, since_ns: int, pose: Callable[[str, int], Array]) -> CameraFrame:
        """The newest pair as a frame; ``pose(frame, stamp_ns)`` places the optical frame in the world.

        Raises ValueError if :meth:`newest` has none.
        """
        pair = self.newest(name, since_ns)
        if pair is None:
            raise ValueError(f"no picture of {name} yet")
        colour, depth = pair
        spec = self._robot.camera(name)
        at_ns = stamp_of(colour)
        return CameraFrame(
            name, at_ns, rgb_of(colour), depth_of(depth), self._intrinsics[name], pose(spec.optical_frame, at_ns)
        )

    def _server(self, name: str) -> str:
        return self._endpoints.entry(f"{name}_camera/{COLOUR}").server

    def _on_info(self, name: str, message: CameraInfo) -> None:
        self._intrinsics[name] = np.array(message.k, dtype=float).reshape(3, 3)

    def _keeper(self, name: str, newest: dict[str, Image]) -> Callable[[Image], None]:
        def keep(message: Image) -> None:
            newest[name] = message
            colour, depth = self._colour.get(name), self._depth.get(name)
            if colour is not None and depth is not None and colour.header.stamp == depth.header.stamp:
                self._pairs[name] = (colour, depth)

        return keep
