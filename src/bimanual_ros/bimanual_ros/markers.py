"""Markers of the scene as it is, for RViz and its like (``scene/markers``): builders of messages, and a publisher that
costs nothing while nobody listens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from geometry_msgs.msg import Vector3
from numpy.typing import NDArray
from visualization_msgs.msg import Marker, MarkerArray

from bimanual_core.asset import Asset, Shape
from bimanual_core.errors import BimanualError
from bimanual_core.observation import ObjectSnapshot, ObjectState
from bimanual_core.scene import TABLE_NAME, TableSpec
from bimanual_core.se3 import make_T
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.marker_parts import TEXT_ABOVE, Rgb, marker_of, numbered, points_of, remove_all, text_marker

Array = NDArray[np.float64]
#: The asset that an object names by class, id and scale; raises BimanualError for one that is in no catalogue.
AssetOf = Callable[[Any], Asset]

_KINDS = {
    "box": Marker.CUBE,
    "cylinder": Marker.CYLINDER,
    "sphere": Marker.SPHERE,
    "mesh": Marker.TRIANGLE_LIST,
}
#: Of a touched object: the colour and how much larger its hull is drawn [m].
TOUCHED_RGBA, TOUCHED_MARGIN = (1.0, 0.62, 0.0, 0.45), 0.006


def scene_markers(snapshot: ObjectSnapshot, asset_of: AssetOf, table: TableSpec | None = None) -> MarkerArray:
    """The table and every object with its name; what touches anything but the table is wrapped in amber.

    Marker namespaces: table, objects, names, contacts. An object whose asset is unknown has its name only. The first
    marker removes what an earlier message showed, so that each message stands for itself.
    """
    at = snapshot.stamp_ns
    markers = [remove_all(at)]
    if table is not None:
        markers.append(_table(at, table))
    for state in snapshot.objects.values():
        markers += _object(at, state, _shapes(state, asset_of))
    return numbered(markers)


def _table(at_ns: int, table: TableSpec) -> Marker:
    centre = make_T((*table.centre_xy, table.top_z - table.size[2] / 2))
    return marker_of(at_ns, "table", Marker.CUBE, centre, table.size, (*table.rgb, 1.0))


def _shapes(state: ObjectState, asset_of: AssetOf) -> list[tuple[Shape, Rgb]]:
    """Shapes with their colours; none for an object that is in no catalogue."""
    try:
        asset = asset_of(state).at(state.joints)
    except BimanualError:
        return []
    return [(shape, shape.rgb or asset.rgb) for shape in asset.shapes]


def _object(at_ns: int, state: ObjectState, shapes: list[tuple[Shape, Rgb]]) -> list[Marker]:
    T_world_object = state.T_world_object
    touched = sorted(state.contacts - {TABLE_NAME})
    markers, top = [], 0.0
    for shape, rgb in shapes:
        T = T_world_object @ shape.T_object_shape
        size = _extent(shape)
        markers.append(_solid(at_ns, "objects", shape, T, size, (*rgb, 1.0)))
        if touched:
            hull = np.array(size) + TOUCHED_MARGIN
            markers.append(_solid(at_ns, "contacts", shape, T, hull, TOUCHED_RGBA))
        top = max(top, float(np.abs(T[2, :3]) @ size) / 2 + T[2, 3] - T_world_object[2, 3])
    place = T_world_object[:3, 3] + [0.0, 0.0, top + TEXT_ABOVE]
    text = f"{state.name}\ntouches {', '.join(touched)}" if touched else state.name
    markers.append(text_marker(at_ns, "names", text, place))
    return markers


def _solid(at_ns: int, namespace: str, shape: Shape, T_world: Array, size: Iterable[float], rgba: Rgb) -> Marker:
    """A shape at a pose, its extent stretched to ``size`` [m]."""
    marker = marker_of(at_ns, namespace, _KINDS[shape.kind], T_world, size, rgba)
    if shape.kind == "mesh":
        vertices, faces = shape.polyhedron
        stretched = np.asarray(size) / np.asarray(shape.size)
        marker.scale = Vector3(x=1.0, y=1.0, z=1.0)
        marker.points = points_of((vertices * stretched)[faces].reshape(-1, 3))
    return marker


def _extent(shape: Shape) -> tuple[float, float, float]:
    """Full size [m] along the shape's own axes."""
    if shape.kind in ("box", "mesh"):
        return shape.size  # type: ignore[return-value]
    diameter = 2.0 * shape.size[0]
    return diameter, diameter, shape.size[1] if shape.kind == "cylinder" else diameter


class SceneMarkers:
    """Publishes ``scene/markers`` to those who listen; ``snapshot`` is only called for them."""

    def __init__(self, endpoints: Endpoints, asset_of: AssetOf) -> None:
        self._publisher = endpoints.publisher("scene/markers")
        self._asset_of = asset_of
        self._shown_to = 0

    def show(self, snapshot: Callable[[], ObjectSnapshot], table: TableSpec | None = None) -> None:
        """The scene as it is now."""
        self._shown_to = self._publisher.get_subscription_count()
        if self._shown_to:
            self._publisher.publish(scene_markers(snapshot(), self._asset_of, table))

    def show_to_newcomers(self, snapshot: Callable[[], ObjectSnapshot], table: TableSpec | None = None) -> None:
        """The scene once more, for a world at rest, if more listen than when it was last shown."""
        listeners = self._publisher.get_subscription_count()
        if listeners > self._shown_to:
            self.show(snapshot, table)
        self._shown_to = listeners
