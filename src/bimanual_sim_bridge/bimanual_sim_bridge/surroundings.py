"""What stands around the robot: floor, wall and table with legs."""

from __future__ import annotations

import numpy as np
import sapien

from bimanual_core.look import SceneLook
from bimanual_core.scene import TABLE_NAME, TableSpec
from bimanual_sim_bridge.textures import texture_picture

Triple = tuple[float, float, float]

FLOOR_NAME = "floor"
WALL_NAME = "wall"
_FLOOR_RGB = (0.62, 0.63, 0.64)
_WALL_RGB = (0.86, 0.87, 0.86)
_LEG_RGB = (0.30, 0.31, 0.33)
_LEG = 0.05  # side of a table leg [m]
_FLOOR_HALF, _FLOOR_XYZ = (3.0, 3.0, 0.05), (0.0, 0.0, -0.05)
_WALL_HALF, _WALL_XYZ = (3.0, 0.05, 1.5), (0.0, 1.05, 1.5)
_ROOM_HALF, _ROOM_HEIGHT = 3.0, 3.0  # of the floor and the walls that are only seen [m]


def add_surroundings(scene: sapien.Scene, table: TableSpec) -> dict[str, sapien.Entity]:
    """Floor, wall and table as fixed bodies, by name; nothing is seen of them yet."""
    half, xyz = _table_box(table)
    return {
        FLOOR_NAME: _fixed_box(scene, FLOOR_NAME, _FLOOR_HALF, _FLOOR_XYZ, 0.8),
        WALL_NAME: _fixed_box(scene, WALL_NAME, _WALL_HALF, _WALL_XYZ, 0.8),
        TABLE_NAME: _fixed_box(scene, TABLE_NAME, half, xyz, table.friction),
    }


def show_surroundings(scene: sapien.Scene, table: TableSpec, look: SceneLook) -> None:
    """What is seen of them, and a room around.

    What is added first is drawn first. So this comes last, the nearest before the farthest: what is hidden then costs
    nothing.
    """
    builder = scene.create_actor_builder()
    half, xyz = _table_box(table)
    builder.add_box_visual(half_size=half, material=surface_material(table.rgb, 0.5, look.table_texture))
    _add_legs(builder, table)
    builder.set_initial_pose(sapien.Pose(p=xyz))
    builder.build_static(name=f"{TABLE_NAME}_seen")
    wall = surface_material(_WALL_RGB, texture=look.wall_texture)
    builder = scene.create_actor_builder()
    floor = surface_material(_FLOOR_RGB, texture=look.floor_texture)
    builder.add_box_visual(pose=sapien.Pose(p=_FLOOR_XYZ), half_size=_FLOOR_HALF, material=floor)
    builder.add_box_visual(pose=sapien.Pose(p=_WALL_XYZ), half_size=_WALL_HALF, material=wall)
    _add_room(builder, wall)
    builder.build_static(name="room")


def surface_material(
    rgb: tuple[float, float, float], roughness: float = 0.7, texture: str = ""
) -> sapien.render.RenderMaterial:
    """A non-metallic surface, plain or with a texture by name."""
    material = sapien.render.RenderMaterial(base_color=[*rgb, 1.0], roughness=roughness, specular=0.3, metallic=0.0)
    if texture:
        picture = texture_picture(texture)
        rgba = np.concatenate([picture, np.full((*picture.shape[:2], 1), 255, np.uint8)], axis=2)
        material.set_base_color_texture(sapien.render.RenderTexture2D(rgba, "r8g8b8a8unorm", mipmap_levels=4))
    return material


def _fixed_box(scene: sapien.Scene, name: str, half: Triple, xyz: Triple, friction: float) -> sapien.Entity:
    builder = scene.create_actor_builder()
    builder.add_box_collision(half_size=half, material=sapien.physx.PhysxMaterial(friction, friction, 0.0))
    builder.set_initial_pose(sapien.Pose(p=xyz))
    return builder.build_static(name=name)


def _table_box(table: TableSpec) -> tuple[Triple, Triple]:
    """Half the size of the table's top [m], and its middle."""
    x, y, z = (side / 2 for side in table.size)
    return (x, y, z), (*table.centre_xy, table.top_z - z)


def _add_legs(builder: sapien.ActorBuilder, table: TableSpec) -> None:
    length = table.top_z - table.size[2]
    x, y = table.size[0] / 2 - _LEG, table.size[1] / 2 - _LEG
    for sign_x in (-1, 1):
        for sign_y in (-1, 1):
            pose = sapien.Pose(p=[sign_x * x, sign_y * y, -(table.size[2] + length) / 2])
            half = [_LEG / 2, _LEG / 2, length / 2]
            builder.add_box_visual(pose=pose, half_size=half, material=surface_material(_LEG_RGB))


def _add_room(builder: sapien.ActorBuilder, material: sapien.render.RenderMaterial) -> None:
    """Walls to the left, to the right and behind the robot that nothing touches."""
    middle, thin = _ROOM_HEIGHT / 2, 0.05
    for x in (-_ROOM_HALF, _ROOM_HALF):
        pose = sapien.Pose(p=[x, 0.0, middle])
        builder.add_box_visual(pose=pose, half_size=[thin, _ROOM_HALF, middle], material=material)
    pose = sapien.Pose(p=[0.0, -_ROOM_HALF, middle])
    builder.add_box_visual(pose=pose, half_size=[_ROOM_HALF, thin, middle], material=material)
