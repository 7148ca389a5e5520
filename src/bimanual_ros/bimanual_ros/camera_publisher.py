"""Publishing the pictures of a camera, simulated or real, to those who listen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bimanual_core.contract import CAMERA_STREAMS
from bimanual_core.intrinsics import Intrinsics, pinhole
from bimanual_core.observation import CameraFrame
from bimanual_core.robot import CameraSpec
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.images import CameraTemplates
from bimanual_ros.points import PointsBuilder

_COLOUR, _COLOUR_INFO, _DEPTH, _DEPTH_INFO, _POINTS = (stream for stream, _ in CAMERA_STREAMS)


class CameraPublisher:
    """The topics of one camera. ``listeners`` counts matched subscriptions of all of them."""

    def __init__(self, endpoints: Endpoints, camera: CameraSpec) -> None:
        self.name = camera.name
        self._camera = camera
        self._topics: dict[str, Any] = {
            stream: endpoints.publisher(f"{camera.name}_camera/{stream}") for stream, _ in CAMERA_STREAMS
        }
        self.use(pinhole(camera))

    def use(self, intrinsics: Intrinsics) -> None:
        """From now on pictures are of this size and lens; at first they are what the robot's YAML says."""
        self._intrinsics = intrinsics
        self._templates = CameraTemplates(self._camera.optical_frame, intrinsics)
        self._points: PointsBuilder | None = None

    @property
    def listeners(self) -> int:
        return sum(topic.get_subscription_count() for topic in self._topics.values())

    @property
    def depth_wanted(self) -> bool:
        """Whether somebody listens to what depth is needed for."""
        return self._heard(_DEPTH) or self._heard(_POINTS)

    def publish(self, frame: CameraFrame) -> None:
        """The frame on each topic that is listened to."""
        self.publish_images(frame.stamp_ns, frame.rgb, frame.depth_mm)

    def publish_images(self, at_ns: int, rgb: NDArray[np.uint8], depth_mm: NDArray[np.uint16] | None) -> None:
        """Pictures (H, W, 3) and (H, W) [mm] on each topic that is listened to, without depth if there is none; infos
        go first, as image_transport's users expect."""
        info = self._templates.info(at_ns)
        for stream in (_COLOUR_INFO, _DEPTH_INFO):
            if self._heard(stream):
                self._topics[stream].publish(info)
        if self._heard(_COLOUR):
            self._topics[_COLOUR].publish(self._templates.colour(at_ns, rgb))
        if depth_mm is None:
            return
        if self._heard(_DEPTH):
            self._topics[_DEPTH].publish(self._templates.depth(at_ns, depth_mm))
        if self._heard(_POINTS):
            if self._points is None:
                self._points = PointsBuilder(self._camera.optical_frame, self._intrinsics)
            self._topics[_POINTS].publish(self._points.message(at_ns, rgb, depth_mm))

    def _heard(self, stream: str) -> bool:
        return bool(self._topics[stream].get_subscription_count())
