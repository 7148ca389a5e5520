"""Markers of what the planner is after (``planner/markers``): ways, goals, and what stopped a plan."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from visualization_msgs.msg import Marker, MarkerArray

from bimanual_core.se3 import make_T
from bimanual_ros.marker_parts import (
    TEXT_ABOVE,
    Rgb,
    colour_of,
    marker_of,
    numbered,
    points_of,
    remove_all,
    text_marker,
)

Array = NDArray[np.float64]

AXIS_LENGTH, LINE_WIDTH = 0.08, 0.004
_AXIS_RGBA = ((0.85, 0.15, 0.15, 1.0), (0.15, 0.65, 0.2, 1.0), (0.15, 0.35, 0.9, 1.0))
PATH_RGBA = {"left": (0.1, 0.5, 0.9, 0.9), "right": (0.9, 0.4, 0.1, 0.9)}
#: Of a collision: the colour, the sphere's diameter and the arrow's length, shaft and head [m].
COLLISION_RGBA, SPHERE = (0.9, 0.05, 0.05, 0.9), 0.03
ARROW_LENGTH, ARROW_SIZE = 0.15, (0.008, 0.02, 0.03)


def plan_markers(at_ns: int, T_world_tcp: Mapping[str, Array], names: Mapping[str, str]) -> MarkerArray:
    """Where the arms are going: ``T_world_tcp`` are poses (N, 4, 4) along each side's way, the last of them its goal;
    ``names`` are the skills by side. Marker namespaces: {side}_goal, {side}_path, {side}_name."""
    markers = [remove_all(at_ns)]
    for side, poses in T_world_tcp.items():
        markers.append(_axes(at_ns, f"{side}_goal", poses[-1]))
        if len(poses) > 1:
            markers.append(_path(at_ns, f"{side}_path", poses[:, :3, 3], PATH_RGBA[side]))
        above = poses[-1][:3, 3] + [0.0, 0.0, AXIS_LENGTH + TEXT_ABOVE]
        markers.append(text_marker(at_ns, f"{side}_name", f"{side} {names.get(side, '')}".strip(), above))
    return numbered(markers)


def collision_markers(at_ns: int, places: Mapping[str, tuple[float, float, float]]) -> MarkerArray:
    """What stopped a plan: a red sphere at each place (x, y, z) [m], an arrow down to it, and the words for it above.

    Marker namespaces: collision, collision_arrow, collision_text.
    """
    markers = [remove_all(at_ns)]
    for k, (words, place) in enumerate(places.items()):
        # Words of places that are close would hide each other at one height.
        above = np.array(place) + [0.0, 0.0, ARROW_LENGTH + k * TEXT_ABOVE]
        markers.append(marker_of(at_ns, "collision", Marker.SPHERE, make_T(place), (SPHERE,) * 3, COLLISION_RGBA))
        arrow = marker_of(at_ns, "collision_arrow", Marker.ARROW, np.eye(4), ARROW_SIZE, COLLISION_RGBA)
        arrow.points = points_of((above, np.array(place)))
        markers.append(arrow)
        markers.append(text_marker(at_ns, "collision_text", words, above + [0.0, 0.0, TEXT_ABOVE]))
    return numbered(markers)


def no_markers(at_ns: int) -> MarkerArray:
    """Removes everything."""
    return MarkerArray(markers=[remove_all(at_ns)])


def _axes(at_ns: int, namespace: str, T_world_tcp: Array) -> Marker:
    """Axes x, y, z in red, green, blue."""
    marker = marker_of(at_ns, namespace, Marker.LINE_LIST, T_world_tcp, (LINE_WIDTH, 0.0, 0.0), _AXIS_RGBA[0])
    for axis, rgba in zip(np.eye(3) * AXIS_LENGTH, _AXIS_RGBA, strict=True):
        marker.points += points_of((np.zeros(3), axis))
        marker.colors += [colour_of(rgba)] * 2
    return marker


def _path(at_ns: int, namespace: str, xyz: Array, rgba: Rgb) -> Marker:
    marker = marker_of(at_ns, namespace, Marker.LINE_STRIP, np.eye(4), (LINE_WIDTH, 0.0, 0.0), rgba)
    marker.points = points_of(xyz)
    return marker
