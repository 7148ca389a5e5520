"""What is seen of objects: the surfaces of their assets, or their shapes in plain colours."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import sapien

from bimanual_core.asset import Asset, Shape, Visual
from bimanual_core.se3 import from_rotation, rotation_about
from bimanual_sim_bridge.poses import to_sapien
from bimanual_sim_bridge.surroundings import surface_material

Rgb = tuple[float, float, float]
_T_shape_cylinder = from_rotation(rotation_about((0, 1, 0), np.pi / 2))


def visual_body(asset: Asset, rgb: Rgb | None = None) -> sapien.render.RenderBodyComponent:
    """The look of an asset; ``rgb`` overrides all its colours and textures."""
    return body_of(asset.visuals, asset.shapes, asset.rgb, rgb)


def body_of(
    visuals: Iterable[Visual], shapes: Iterable[Shape], plain: Rgb, rgb: Rgb | None
) -> sapien.render.RenderBodyComponent:
    """``visuals``, or without any the ``shapes``, those without a colour in ``plain``."""
    body = sapien.render.RenderBodyComponent()
    seen = [_surface(visual, rgb) for visual in visuals]
    for shape in seen or [_solid(shape, rgb or shape.rgb or plain) for shape in shapes]:
        body.attach(shape)
    return body


def _surface(visual: Visual, rgb: Rgb | None) -> sapien.render.RenderShapeTriangleMesh:
    texture = visual.texture if rgb is None else None
    colour = rgb or visual.rgb
    if texture is not None and visual.uv is not None:
        # what shaders without textures show
        colour = tuple(float(c) for c in np.square(texture.reshape(-1, 3) / 255.0).mean(axis=0) ** 0.5)  # type: ignore[assignment]
    material = surface_material(colour, visual.roughness)
    material.set_metallic(visual.metallic)
    if texture is not None and visual.uv is not None:
        material.set_base_color_texture(_texture(texture))
    uv = np.zeros((len(visual.vertices), 2)) if visual.uv is None else visual.uv
    return sapien.render.RenderShapeTriangleMesh(
        visual.vertices.astype(np.float32),
        visual.faces.astype(np.uint32),
        visual.normals.astype(np.float32),
        uv.astype(np.float32),
        material,
    )


def _texture(picture: np.ndarray) -> sapien.render.RenderTexture2D:
    rgba = np.full((*picture.shape[:2], 4), 255, dtype=np.uint8)
    rgba[..., :3] = picture
    return sapien.render.RenderTexture2D(rgba, "r8g8b8a8unorm", mipmap_levels=4)


def _solid(shape: Shape, rgb: Rgb) -> sapien.render.RenderShape:
    material = surface_material(rgb)
    T = shape.T_object_shape
    if shape.vertices is not None and shape.faces is not None:
        corners = shape.vertices[shape.faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals = np.repeat(normals / np.linalg.norm(normals, axis=1, keepdims=True), 3, axis=0)
        found = sapien.render.RenderShapeTriangleMesh(
            corners.reshape(-1, 3).astype(np.float32),
            np.arange(3 * len(corners), dtype=np.uint32).reshape(-1, 3),
            normals.astype(np.float32),
            np.zeros((3 * len(corners), 2), dtype=np.float32),
            material,
        )
    elif shape.kind == "box":
        found = sapien.render.RenderShapeBox([s / 2 for s in shape.size], material)
    elif shape.kind == "cylinder":
        found = sapien.render.RenderShapeCylinder(shape.size[0], shape.size[1] / 2, material)
        T = T @ _T_shape_cylinder
    else:
        found = sapien.render.RenderShapeSphere(shape.size[0], material)
    found.local_pose = to_sapien(T)
    return found
