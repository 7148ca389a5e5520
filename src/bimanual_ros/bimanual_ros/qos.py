"""The QoS presets of the contract, chosen once."""

from __future__ import annotations

from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, HistoryPolicy, LivelinessPolicy, QoSProfile, ReliabilityPolicy

from bimanual_core.contract import Qos

#: Images kept at either end: a third of a second at 30 Hz.
SENSOR_DEPTH = 10
STATE_DEPTH = 10
#: Liveliness that a publisher offers, which the middleware asserts every two thirds of this [s], and after how long
#: without an assertion a watcher misses it [s]: five may come late on a busy machine.
ALIVE_OFFERED_S, ALIVE_MISSED_S = 0.15, 0.6


def publisher_qos(preset: Qos) -> QoSProfile:
    """The profile a driver publishes with. ``sensor`` offers reliability, so that a recorder may ask for it."""
    if preset is Qos.SENSOR:
        return _profile(SENSOR_DEPTH, ReliabilityPolicy.RELIABLE)
    return _alive(ALIVE_OFFERED_S) if preset is Qos.ALIVE else _common(preset)


def subscription_qos(preset: Qos) -> QoSProfile:
    """The profile a consumer listens with."""
    if preset is Qos.SENSOR:
        return _profile(SENSOR_DEPTH, ReliabilityPolicy.BEST_EFFORT)
    return _alive(ALIVE_MISSED_S) if preset is Qos.ALIVE else _common(preset)


def _alive(lease_s: float) -> QoSProfile:
    qos = _profile(1, ReliabilityPolicy.RELIABLE)
    qos.liveliness, qos.liveliness_lease_duration = LivelinessPolicy.AUTOMATIC, Duration(seconds=lease_s)
    return qos


def _common(preset: Qos) -> QoSProfile:
    if preset is Qos.COMMAND:
        return _profile(1, ReliabilityPolicy.RELIABLE)
    if preset is Qos.LATCHED:
        return _profile(1, ReliabilityPolicy.RELIABLE, DurabilityPolicy.TRANSIENT_LOCAL)
    return _profile(STATE_DEPTH, ReliabilityPolicy.RELIABLE)


def _profile(
    depth: int, reliability: ReliabilityPolicy, durability: DurabilityPolicy = DurabilityPolicy.VOLATILE
) -> QoSProfile:
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=reliability, durability=durability)
