"""What a listener saw of the joints' motion and of what ended it: speeds by stamp, owners and the stop."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

import numpy as np
from bimanual_interfaces.msg import Owners, SafetyState
from rclpy.node import Node
from sensor_msgs.msg import JointState

from bimanual_core.errors import BimanualError
from bimanual_core.robot import RobotSpec
from bimanual_ros.conversions.basics import stamp_ns
from bimanual_ros.conversions.joints import joint_sample
from bimanual_ros.endpoints import Endpoints

#: An arm is at rest while no measured joint is faster than this [rad/s] ...
REST_SPEED = 0.03
#: ... from some sample on for this long [ns].
REST_SPAN_NS = 100_000_000
_KEPT = 6000  # samples: a minute at 100 Hz
_DEPTH = 500


class JointTrace:
    """Listens through ``node``, which somebody else spins. Grippers are left out: contact may hold them."""

    def __init__(self, node: Node, robot: RobotSpec, graph: str) -> None:
        self._names = robot.joints
        arms = np.zeros(robot.joints.size, dtype=bool)
        for side in robot.sides:
            arms[robot.joints.group(f"{side}_arm")] = True
        self._arms = arms
        self._lock = threading.Lock()
        self._speeds: deque[tuple[int, float]] = deque(maxlen=_KEPT)
        self._heard_at = 0.0
        self.owners: deque[tuple[int, dict[str, str]]] = deque(maxlen=_KEPT)
        self.stops: deque[tuple[float, str]] = deque(maxlen=_KEPT)
        endpoints = Endpoints(node, robot, graph)
        endpoints.subscription("joint_states", self._on_joints, depth=_DEPTH)
        endpoints.subscription("control/owners", self._on_owners)
        endpoints.subscription("safety/state", self._on_safety)

    @property
    def newest_ns(self) -> int:
        """Stamp of the newest sample [ns], 0 before the first."""
        with self._lock:
            return self._speeds[-1][0] if self._speeds else 0

    @property
    def speed(self) -> float:
        """The fastest arm joint of the newest sample [rad/s]."""
        with self._lock:
            return self._speeds[-1][1] if self._speeds else 0.0

    @property
    def silent_s(self) -> float:
        """Wall time since the newest sample [s]."""
        return time.monotonic() - self._heard_at

    @property
    def stop_reason(self) -> str:
        """Why the safety node stops motion, empty if it does not."""
        return self.stops[-1][1] if self.stops else ""

    def since_ns(self, at_ns: int) -> int:
        """The first stamp [ns] after ``at_ns``, 0 if there is none yet."""
        with self._lock:
            return next((stamp for stamp, _ in self._speeds if stamp > at_ns), 0)

    def owner_lost(self, owner: str, since_ns: int) -> int:
        """The stamp [ns] from ``since_ns`` on at which no arm was ``owner``'s any more, 0 if there is none."""
        held = False
        for at_ns, owners in list(self.owners):
            if owner in owners.values():
                held = True
            elif held and at_ns >= since_ns:
                return at_ns
        return 0

    def rest_ns(self, since_ns: int) -> int:
        """The first stamp [ns] from ``since_ns`` on from which the arms were at rest, 0 if they are not yet."""
        with self._lock:
            samples = [s for s in self._speeds if s[0] >= since_ns]
        begin = 0
        for at_ns, speed in samples:
            if speed > REST_SPEED:
                begin = 0
            elif not begin:
                begin = at_ns
        return begin if begin and samples[-1][0] - begin >= REST_SPAN_NS else 0

    def _on_joints(self, message: JointState) -> None:
        try:
            sample = joint_sample(message, self._names)
        except BimanualError:
            return  # of somebody else
        speed = float(np.nan_to_num(np.abs(sample.velocity[self._arms])).max())
        with self._lock:
            if self._speeds and sample.stamp_ns <= self._speeds[-1][0]:
                return  # likewise
            self._speeds.append((sample.stamp_ns, speed))
            self._heard_at = time.monotonic()

    def _on_owners(self, message: Owners) -> None:
        self.owners.append((stamp_ns(message.header.stamp), dict(zip(message.arms, message.owners, strict=True))))

    def _on_safety(self, message: Any) -> None:
        state: SafetyState = message
        self.stops.append((time.monotonic(), state.reason if state.stopped else ""))
