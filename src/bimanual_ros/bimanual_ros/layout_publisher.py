"""scene/objects of the real graph, where nobody tracks the objects: the layout that a person confirmed."""

from __future__ import annotations

from dataclasses import replace

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from bimanual_core.observation import ObjectSnapshot
from bimanual_core.rates import MARKERS_HZ, OBJECTS_HZ
from bimanual_ros.conversions.basics import time_msg
from bimanual_ros.conversions.scene import object_states_msg
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.markers import AssetOf, SceneMarkers
from bimanual_ros.sim_time import now

#: What scene/objects says it is from.
SOURCE = "layout"
_MARKERS_EACH = OBJECTS_HZ // MARKERS_HZ


class LayoutPublisher:
    """Publishes the same objects at OBJECTS_HZ, each time with the present stamp; at first an empty table."""

    def __init__(self, node: Node, endpoints: Endpoints, asset_of: AssetOf) -> None:
        self._node = node
        self._publisher = endpoints.publisher("scene/objects")
        self._markers = SceneMarkers(endpoints, asset_of)
        self._count = 0
        self.show(ObjectSnapshot(0, 0))
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(1.0 / OBJECTS_HZ, self._publish, clock=steady)

    def show(self, snapshot: ObjectSnapshot) -> None:
        """From now on these are the objects and the table; the stamp of ``snapshot`` does not count."""
        self._snapshot = snapshot
        self._message = object_states_msg(snapshot, SOURCE)

    def _publish(self) -> None:
        now_ns = int(now(self._node).nanoseconds)
        self._message.header.stamp = time_msg(now_ns)
        self._publisher.publish(self._message)
        self._count += 1
        if self._count % _MARKERS_EACH == 0:
            shown = replace(self._snapshot, stamp_ns=now_ns)
            self._markers.show(lambda: shown, shown.table)
