"""Streaming points to the controllers' topics, in the name of the sender that holds the arms."""

from __future__ import annotations

from rclpy.duration import Duration
from rclpy.publisher import Publisher

from bimanual_core.errors import SilentNodeError
from bimanual_core.motion import Stream
from bimanual_core.robot import RobotSpec
from bimanual_ros.conversions.joints import trajectory_msg
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.feed import SILENCE_S, Feed


class StreamClient:
    """Publishers of every controller's streamed points. ``sender`` goes with each message as ``header.frame_id``."""

    def __init__(self, feed: Feed, endpoints: Endpoints, robot: RobotSpec, sender: str) -> None:
        self._feed = feed
        self._endpoints = endpoints
        self._parts = tuple(f"{side}_{kind}" for side in robot.sides for kind in ("arm", "gripper"))
        self._sender = sender
        self._driver = endpoints.entry("control/owners").server
        self._publishers: dict[str, Publisher] = {}

    def send(self, stream: Stream, delivered: bool) -> None:
        """Publish every part; with ``delivered`` return only when the driver has all of them. Raises SilentNodeError if
        it does not take them."""
        self.meet()
        for part, trajectory in stream.parts.items():
            message = trajectory_msg(trajectory, stream.start_ns)
            message.header.frame_id = self._sender
            self._publishers[part].publish(message)
        if delivered:
            for part in stream.parts:
                if not self._publishers[part].wait_for_all_acked(Duration(seconds=SILENCE_S)):
                    raise SilentNodeError(f"node {self._driver} took no points of {part} for {SILENCE_S:g} s")

    def meet(self) -> None:
        """Make the publishers when they are first needed, and wait until the driver listens to them."""
        if not self._publishers:
            topics = {part: f"{part}_controller/joint_trajectory" for part in self._parts}
            self._publishers = {part: self._endpoints.publisher(topic) for part, topic in topics.items()}
        waiting = self._publishers.values()
        self._feed.until(
            lambda: all(publisher.get_subscription_count() for publisher in waiting),
            "the controllers to listen to streamed points",
            self._driver,
        )
