"""A sampled scene as a layout that a person builds on a real table: in words, and as the objects it holds."""

from __future__ import annotations

import math

from bimanual_core.observation import ObjectSnapshot, ObjectState
from bimanual_core.scene import SceneObject, SceneSpec


def layout_words(scene: SceneSpec) -> str:
    """Where to put what: name, class, middle [m] and turn [deg] of each object of ``scene``."""
    table = scene.table
    if not scene.objects:
        return "an empty table"
    where = (
        f"metres from the middle of the table, x to the right and y away from the robot, table top at {table.top_z:g}"
    )
    return f"{'; '.join(_object_words(item, scene) for item in scene.objects)} ({where})"


def layout_snapshot(scene: SceneSpec, scene_id: int, stamp_ns: int) -> ObjectSnapshot:
    """The objects and the table of ``scene`` as they stand when the layout is built."""
    objects = {
        o.name: ObjectState(o.name, o.class_name, o.asset_id, o.scale, o.T_world_object, fixed=o.fixed)
        for o in scene.objects
    }
    return ObjectSnapshot(stamp_ns, scene_id, objects, scene.table)


def _object_words(item: SceneObject, scene: SceneSpec) -> str:
    T = item.T_world_object
    x, y = T[0, 3] - scene.table.centre_xy[0], T[1, 3] - scene.table.centre_xy[1]
    turn = math.degrees(math.atan2(T[1, 0], T[0, 0]))
    upright = "" if T[2, 2] > 1.0 - 1e-6 else ", not upright"
    kind = f"{item.asset_id} {item.class_name}"
    return f"{item.name} ({kind}) at x {x:.3f}, y {y:.3f}, z {T[2, 3]:.3f}, turned {turn:.0f} deg{upright}"
