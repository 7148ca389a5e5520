"""What stands around the robot: floor, wall and table with legs."""

from __future__ import annotations

import numpy as np
import sapien

from bimanual_core.look import SceneLook
from bimanual_core.scene import TABLE_NAME, TableSpec
from bimanual_sim_bridge.textures import texture_picture

FLOOR_NAME = "floor"
WALL_NAME = "wall"
_FLOOR_RGB = (0.62, 0.63, 0.64)
_WALL_RGB = (0.86, 0.87, 0.86)
_LEG_RGB = (0.30, 0.31, 0.33)
_LEG = 0.05  # side of a table leg [m]
_WALL_Y = 1.0
_ROOM_HALF, _ROOM_HEIGHT = 3.0, 3.0  # of the floor and the walls that are only seen [m]


def add_surroundings(scene: sapien.Scene, table: TableSpec, look: SceneLook, render: bool) -> dict[str, sapien.Entity]:
    """Floor, wall and table as fixed bodies, by name; a room around them if the scene renders."""
    floor, wall = (look.floor_texture, _FLOOR_RGB), (look.wall_texture, _WALL_RGB)
    bodies = {
        FLOOR_NAME: _fixed_box(scene, FLOOR_NAME, (3.0, 3.0, 0.05), (0.0, 0.0, -0.05), floor, 0.8, render),
        WALL_NAME: _fixed_box(scene, WALL_NAME, (3.0, 0.05, 1.5), (0.0, _WALL_Y + 0.05, 1.5), wall, 0.8, render),
        TABLE_NAME: _add_table(scene, table, look.table_texture, render),
    }
    if render:
        _add_room(scene, wall)
    return bodies


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


def _fixed_box(
    scene: sapien.Scene,
    name: str,
    half: tuple[float, float, float],
    xyz: tuple[float, float, float],
    surface: tuple[str, tuple[float, float, float]],
    friction: float,
    render: bool,
) -> sapien.Entity:
    """``surface`` is a texture by name and the colour without one."""
    builder = scene.create_actor_builder()
    builder.add_box_collision(half_size=half, material=sapien.physx.PhysxMaterial(friction, friction, 0.0))
    if render:
        texture, rgb = surface
        builder.add_box_visual(half_size=half, material=surface_material(rgb, texture=texture))
    builder.set_initial_pose(sapien.Pose(p=xyz))
    return builder.build_static(name=name)


def _add_table(scene: sapien.Scene, table: TableSpec, texture: str, render: bool) -> sapien.Entity:
    builder = scene.create_actor_builder()
    half = tuple(s / 2 for s in table.size)
    friction = sapien.physx.PhysxMaterial(table.friction, table.friction, 0.0)
    builder.add_box_collision(half_size=half, material=friction)
    if render:
        builder.add_box_visual(half_size=half, material=surface_material(table.rgb, 0.5, texture))
        _add_legs(builder, table)
    builder.set_initial_pose(sapien.Pose(p=[*table.centre_xy, table.top_z - half[2]]))
    return builder.build_static(name=TABLE_NAME)


def _add_legs(builder: sapien.ActorBuilder, table: TableSpec) -> None:
    length = table.top_z - table.size[2]
    x, y = table.size[0] / 2 - _LEG, table.size[1] / 2 - _LEG
    for sign_x in (-1, 1):
        for sign_y in (-1, 1):
            pose = sapien.Pose(p=[sign_x * x, sign_y * y, -(table.size[2] + length) / 2])
            half = [_LEG / 2, _LEG / 2, length / 2]
            builder.add_box_visual(pose=pose, half_size=half, material=surface_material(_LEG_RGB))


def _add_room(scene: sapien.Scene, wall: tuple[str, tuple[float, float, float]]) -> None:
    """Walls to the left, to the right and behind the robot that nothing touches."""
    texture, rgb = wall
    material = surface_material(rgb, texture=texture)
    middle, thin = _ROOM_HEIGHT / 2, 0.05
    builder = scene.create_actor_builder()
    for x in (-_ROOM_HALF, _ROOM_HALF):
        pose = sapien.Pose(p=[x, 0.0, middle])
        builder.add_box_visual(pose=pose, half_size=[thin, _ROOM_HALF, middle], material=material)
    pose = sapien.Pose(p=[0.0, -_ROOM_HALF, middle])
    builder.add_box_visual(pose=pose, half_size=[_ROOM_HALF, thin, middle], material=material)
    builder.build_static(name="room")
