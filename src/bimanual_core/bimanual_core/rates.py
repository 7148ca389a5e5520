"""Rates and the time base: every stamp is an exact multiple of one physics tick (1/300 s).

Time is carried as integer nanoseconds (``stamp_ns``); a tick is turned into nanoseconds by one rounding rule,
so the same tick always gives the same stamp in process and on the graph.
"""

from __future__ import annotations

PHYSICS_HZ = 300
CONTROL_HZ = 300  # controllers run at each physics tick in simulation
JOINT_STATE_HZ = 100
CLOCK_HZ = 100
CONTROLLER_STATE_HZ = 50  # as ros2_control's default
CAMERA_HZ = 30
OBJECTS_HZ = 30
MARKERS_HZ = 10
POLICY_HZ = 15

NS_PER_S = 1_000_000_000

#: Ticks between two samples of a stream.
JOINT_STATE_TICKS = PHYSICS_HZ // JOINT_STATE_HZ
CONTROLLER_STATE_TICKS = PHYSICS_HZ // CONTROLLER_STATE_HZ
CAMERA_TICKS = PHYSICS_HZ // CAMERA_HZ
OBJECTS_TICKS = PHYSICS_HZ // OBJECTS_HZ
MARKERS_TICKS = PHYSICS_HZ // MARKERS_HZ

#: A simulated world comes to rest only on multiples of this many ticks (1/30 s), so that the sample of every
#: stream at rest carries the same stamp.
REST_TICKS = PHYSICS_HZ // OBJECTS_HZ

#: Both arms of one motion start together this long after the goal was stamped [s].
START_DELAY_S = 0.10


def tick_to_ns(tick: int) -> int:
    """Stamp [ns] of physics tick ``tick``, rounded to the nearest nanosecond."""
    return (int(tick) * NS_PER_S + PHYSICS_HZ // 2) // PHYSICS_HZ


def ns_to_tick(stamp_ns: int) -> int:
    """The tick whose stamp is nearest to ``stamp_ns``."""
    return (int(stamp_ns) * PHYSICS_HZ + NS_PER_S // 2) // NS_PER_S


def seconds_to_ns(seconds: float) -> int:
    """Whole nanoseconds of a duration given in seconds."""
    return round(seconds * NS_PER_S)


def quantise_seconds(seconds: float) -> float:
    """``seconds`` as a ROS duration would carry it: rounded to whole nanoseconds."""
    return seconds_to_ns(seconds) / NS_PER_S
