"""Objects of a scene: what to build and what is there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from bimanual_interfaces.msg import ObjectState as ObjectStateMsg
from bimanual_interfaces.msg import ObjectStates
from bimanual_interfaces.msg import SceneObject as SceneObjectMsg
from bimanual_interfaces.srv import LoadScene

from bimanual_core.look import SceneLook
from bimanual_core.observation import ObjectSnapshot, ObjectState
from bimanual_core.scene import SceneObject, SceneSpec, TableSpec
from bimanual_ros.conversions.basics import header, point, pose_msg, pose_of, stamp_ns, vector, vector_of

WORLD = "world"


def object_states_msg(snapshot: ObjectSnapshot, source: str = "truth") -> ObjectStates:
    """A snapshot as a message, objects in their own order, contacts sorted."""
    message = ObjectStates(header=header(snapshot.stamp_ns, WORLD), scene_id=snapshot.scene_id, source=source)
    table = snapshot.table
    message.table_size = vector(table.size)
    message.table_top = point((*table.centre_xy, table.top_z))
    for name, state in snapshot.objects.items():
        entry = ObjectStateMsg(name=name, class_name=state.class_name, asset_id=state.asset_id, fixed=state.fixed)
        entry.scale = vector(state.scale)
        entry.pose = pose_msg(state.T_world_object)
        entry.joint_names = list(state.joints)
        entry.joint_positions = list(state.joints.values())
        entry.contacts = sorted(state.contacts)
        message.objects.append(entry)
    return message


def snapshot_of(message: ObjectStates) -> ObjectSnapshot:
    """The snapshot of a message. Raises BimanualError for poses or a table that cannot be."""
    objects = {
        entry.name: ObjectState(
            entry.name,
            entry.class_name,
            entry.asset_id,
            vector_of(entry.scale),
            pose_of(entry.pose),
            frozenset(entry.contacts),
            entry.fixed,
            dict(zip(entry.joint_names, (float(v) for v in entry.joint_positions), strict=False)),
        )
        for entry in message.objects
    }
    return ObjectSnapshot(stamp_ns(message.header.stamp), int(message.scene_id), objects, _table_of(message))


def _table_of(message: ObjectStates) -> TableSpec:
    """The table of a message; the default one where whoever sent it said nothing."""
    size = vector_of(message.table_size)
    if size == (0.0, 0.0, 0.0):
        return TableSpec()
    x, y, top_z = vector_of(message.table_top)
    return TableSpec(size, top_z, (x, y))


def scene_object_msg(item: SceneObject) -> SceneObjectMsg:
    message = SceneObjectMsg(
        name=item.name,
        class_name=item.class_name,
        asset_id=item.asset_id,
        scale=vector(item.scale),
        pose=pose_msg(item.T_world_object),
        fixed=item.fixed,
        has_colour=item.rgb is not None,
        mass_scale=float(item.mass_scale),
        friction_scale=float(item.friction_scale),
    )
    if item.rgb is not None:
        message.rgb = np.array(item.rgb, dtype=float)
    return message


def scene_object_of(message: SceneObjectMsg) -> SceneObject:
    """Raises BimanualError for a pose or scale out of range."""
    return SceneObject(
        message.name,
        message.class_name,
        message.asset_id,
        pose_of(message.pose),
        vector_of(message.scale),
        message.fixed,
        _triple(message.rgb) if message.has_colour else None,
        message.mass_scale,
        message.friction_scale,
    )


def load_scene_request(scene: SceneSpec) -> LoadScene.Request:
    objects = [scene_object_msg(item) for item in scene.objects]
    look = scene.look
    return LoadScene.Request(
        objects=objects,
        table_top_z=float(scene.table.top_z),
        seed=int(scene.seed),
        settle_limit=float(scene.settle_limit),
        has_look=look != SceneLook(),
        table_texture=look.table_texture,
        wall_texture=look.wall_texture,
        floor_texture=look.floor_texture,
        lamp_xyz=np.array(look.lamp_xyz, dtype=float),
        lamp_rgb=np.array(look.lamp_rgb, dtype=float),
        ambient_rgb=np.array(look.ambient_rgb, dtype=float),
        flicker=float(look.flicker),
        head_shift_xyz=np.array(look.head_shift_xyz, dtype=float),
        head_shift_rpy=np.array(look.head_shift_rpy, dtype=float),
    )


def scene_of(request: LoadScene.Request) -> SceneSpec:
    """The scene of a request. Raises BimanualError saying what is wrong."""
    table = TableSpec() if request.table_top_z == 0.0 else TableSpec(top_z=request.table_top_z)
    objects = tuple(scene_object_of(item) for item in request.objects)
    look = _look_of(request) if request.has_look else SceneLook()
    return SceneSpec(objects, table, int(request.seed), float(request.settle_limit), look)


def _look_of(request: LoadScene.Request) -> SceneLook:
    return SceneLook(
        request.table_texture,
        request.wall_texture,
        request.floor_texture,
        _triple(request.lamp_xyz),
        _triple(request.lamp_rgb),
        _triple(request.ambient_rgb),
        float(request.flicker),
        _triple(request.head_shift_xyz),
        _triple(request.head_shift_rpy),
    )


def _triple(values: Sequence[float]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
