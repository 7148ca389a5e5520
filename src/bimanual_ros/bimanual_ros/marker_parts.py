"""The messages that markers are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from geometry_msgs.msg import Point, Vector3
from numpy.typing import NDArray
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from bimanual_core.se3 import make_T
from bimanual_ros.conversions.basics import header, pose_msg, vector
from bimanual_ros.conversions.scene import WORLD

Array = NDArray[np.float64]
Rgb = Sequence[float]

TEXT_RGBA, TEXT_HEIGHT, TEXT_ABOVE = (0.1, 0.1, 0.1, 1.0), 0.025, 0.03


def marker_of(at_ns: int, namespace: str, kind: int, T_world: Array, size: Iterable[float], rgba: Rgb) -> Marker:
    return Marker(
        header=header(at_ns, WORLD),
        ns=namespace,
        type=kind,
        action=Marker.ADD,
        pose=pose_msg(T_world),
        scale=vector(size),
        color=colour_of(rgba),
    )


def text_marker(at_ns: int, namespace: str, text: str, xyz: Array) -> Marker:
    marker = marker_of(at_ns, namespace, Marker.TEXT_VIEW_FACING, make_T(xyz), (0.0, 0.0, TEXT_HEIGHT), TEXT_RGBA)
    marker.text = text
    return marker


def remove_all(at_ns: int) -> Marker:
    return Marker(header=header(at_ns, WORLD), action=Marker.DELETEALL, scale=Vector3(x=1.0, y=1.0, z=1.0))


def numbered(markers: list[Marker]) -> MarkerArray:
    """Ids make (namespace, id) unique, as viewers ask for."""
    for number, marker in enumerate(markers):
        marker.id = number
    return MarkerArray(markers=markers)


def points_of(xyz: Iterable[Array]) -> list[Point]:
    return [Point(x=float(x), y=float(y), z=float(z)) for x, y, z in xyz]


def colour_of(rgba: Rgb) -> ColorRGBA:
    r, g, b, a = (float(v) for v in rgba)
    return ColorRGBA(r=r, g=g, b=b, a=a)
