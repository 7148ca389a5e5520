"""Things that are only in the way: where they leave the task its room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bimanual_core.asset import Asset
from bimanual_core.scene import SceneObject, TableSpec
from bimanual_core.se3 import from_rotation, rotation_about
from bimanual_tasks.assets import clutter_classes, find_ids
from bimanual_tasks.geometry import AssetLookup, rest_height
from bimanual_tasks.task import Task

Array = NDArray[np.float64]

#: At most so many things, each with so many tries to find it a place.
MOST, TRIES = 10, 50
#: Where they may stand [m], from the middle of the table: not by the robot, nor over its edge.
X_RANGE, Y_RANGE = (-0.55, 0.55), (-0.18, 0.30)
#: Room around what the task is about, for fingers and palm [m], and half the width of the ways that it takes.
ROOM, HALF_WAY = 0.08, 0.09
#: Where ways of the hands come from [m, world]: about the shoulders of two arms, whatever the robot.
SHOULDERS = {"left": np.array([-0.30, -0.65]), "right": np.array([0.30, -0.65])}
#: Where hands are at home [m, world], of the robot whose hands are lowest there. Things that are taller than LOW [m]
#: would reach up to them, or nearly: those keep off the ways there, too.
HANDS = {"left": np.array([-0.30, -0.04]), "right": np.array([0.30, -0.04])}
LOW = 0.12
#: Lifted this far off the table, so that no contact begins with overlap [m].
CLEARANCE = 0.0005
_DIRECTIONS = [np.array([np.cos(a), np.sin(a), 0.0]) for a in np.arange(16) * np.pi / 8]


def clutter(
    rng: np.random.Generator,
    task: Task,
    objects: Sequence[SceneObject],
    table: TableSpec,
    evaluation: bool,
    assets: AssetLookup,
) -> list[SceneObject]:
    """Up to MOST things, ``clutter_1`` on, clear of the ``objects``, the places where the task is done, and the
    straight ways between them and from the arms. There may be fewer: what finds no place stays away."""
    classes = clutter_classes()
    if not classes:
        return []
    taken = [(item.T_world_object[:2, 3], footprint(_asset(item, assets), item.T_world_object)) for item in objects]
    ways = list(_ways(task, objects))
    home_ways = [(SHOULDERS[side], hand) for side, hand in HANDS.items()]
    found: list[SceneObject] = []
    for _ in range(int(rng.integers(MOST + 1))):
        class_name = str(rng.choice(classes))
        asset_id = str(rng.choice(find_ids(class_name, evaluation)))
        asset = assets(class_name, asset_id, (1.0, 1.0, 1.0))
        radius = footprint(asset, np.eye(4))
        tall = rest_height(asset) + asset.reach((0.0, 0.0, 1.0)) > LOW
        kept_free = [*ways, *home_ways] if tall else ways
        for _ in range(TRIES):
            xy, yaw = np.array([rng.uniform(*X_RANGE), rng.uniform(*Y_RANGE)]), rng.uniform(-np.pi, np.pi)
            if _is_clear(xy, radius, taken, len(objects), kept_free):
                z = table.top_z + rest_height(asset) + CLEARANCE
                T = from_rotation(rotation_about((0, 0, 1), yaw), (*(xy + table.centre_xy), z))
                found.append(SceneObject(f"clutter_{len(found) + 1}", class_name, asset_id, T))
                taken.append((xy, radius))
                break
    return found


def footprint(asset: Asset, T_world_object: Array) -> float:
    """Radius [m] of a circle about the object's origin on the table that holds what is above it."""
    R = T_world_object[:3, :3]
    return max(asset.reach(R.T @ direction) for direction in _DIRECTIONS)


def _asset(item: SceneObject, assets: AssetLookup) -> Asset:
    return assets(item.class_name, item.asset_id, item.scale)


def _ways(task: Task, objects: Sequence[SceneObject]) -> Iterator[tuple[Array, Array]]:
    """Segments over which hands go: from the shoulder to what they take and to where they bring it, and between."""
    places = [np.asarray(xy) for xy in (task.goal_xy, *task.work_xy) if xy is not None]
    places += [o.T_world_object[:2, 3] for o in objects if o.name not in task.moved]
    starts = [o.T_world_object[:2, 3] for o in objects if o.name in task.moved]
    for place in (*starts, *places):
        for side, shoulder in SHOULDERS.items():
            if abs(place[0]) < 0.05 or (place[0] > 0) == (side == "right"):
                yield shoulder, place
    for start in starts:
        for place in places:
            yield start, place


def _is_clear(
    xy: Array, radius: float, taken: Sequence[tuple[Array, float]], own: int, ways: Sequence[tuple[Array, Array]]
) -> bool:
    """Whether a circle keeps ROOM from the first ``own`` of ``taken``, touches none of the others and is off all
    ``ways``."""
    for i, (other, other_radius) in enumerate(taken):
        room = ROOM if i < own else 0.01
        if np.linalg.norm(xy - other) < radius + other_radius + room:
            return False
    return all(_distance(xy, *way) >= radius + HALF_WAY for way in ways)


def _distance(point: Array, a: Array, b: Array) -> float:
    """Distance of a point from a segment."""
    along = b - a
    share = np.clip((point - a) @ along / max(float(along @ along), 1e-12), 0.0, 1.0)
    return float(np.linalg.norm(point - a - share * along))
