"""Pictures of assets with their annotation drawn on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import sapien
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bimanual_core.asset import Asset, ContactPoint
from bimanual_core.se3 import from_rotation, inverse
from bimanual_sim_bridge.engine import new_scene
from bimanual_sim_bridge.object_visuals import visual_body
from bimanual_sim_bridge.poses import to_sapien
from bimanual_sim_bridge.settings import SimSettings

Array = NDArray[np.float64]
#: Pictures are drawn so many times as large and then made smaller: smooth edges.
_FINER = 2
_FOVY = float(np.radians(24.0))
#: From where an asset is looked at: its toe, handle or drawer comes towards the eye.
_EYE = np.array([0.62, -0.62, 0.48]) / np.linalg.norm([0.62, -0.62, 0.48])
_BACKGROUND = (0.93, 0.93, 0.94)
_AXES = ((214, 40, 40), (30, 150, 60), (40, 80, 220))
_GRIPPER, _DOT, _INK = (240, 140, 0), (120, 60, 160), (40, 40, 45)
#: Assets stand so far apart in the one scene they are drawn in [m].
_APART = 10.0


def sheet(assets: Sequence[Asset], tile: int = 120, columns: int = 12) -> Image.Image:
    """One picture of all ``assets``, a square of ``tile`` pixels each, with their names below.

    Axes of functional points are drawn in red (x), green (y) and blue (z), every contact point as a dot, and of each
    group one as the two finger tips with its approach. Raises BimanualError (SIM_NOT_READY) without a Vulkan device.
    """
    caption = 12
    rows = -(-len(assets) // columns)
    picture = Image.new("RGB", (columns * tile, rows * (tile + caption)), (255, 255, 255))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=9)
    for i, (asset, square) in enumerate(zip(assets, pictures(assets, tile), strict=True)):
        x, y = (i % columns) * tile, (i // columns) * (tile + caption)
        picture.paste(square, (x, y))
        words = f"{asset.class_name} {asset.asset_id}"
        weighed = f"{words}  {1000 * asset.mass:.0f} g"
        words = weighed if draw.textlength(weighed, font=font) < tile - 6 else words
        draw.text((x + 3, y + tile), words, fill=_INK, font=font)
    return picture


def pictures(assets: Sequence[Asset], size: int) -> Iterable[Image.Image]:
    """A square picture of each asset, ``size`` pixels wide. Raises as :func:`sheet`."""
    scene = new_scene(SimSettings(), render=True)
    scene.render_system.ambient_light = [0.30, 0.30, 0.31]
    scene.add_directional_light([-0.4, 0.8, -1.0], [1.5, 1.45, 1.4])
    scene.add_directional_light([-0.8, -0.2, -0.4], [0.45, 0.46, 0.5])
    for i, asset in enumerate(assets):
        entity = sapien.Entity()
        entity.add_component(visual_body(asset))
        entity.pose = to_sapien(_place(i))
        scene.add_entity(entity)
    sapien.render.set_camera_shader_dir("default")
    camera = sapien.render.RenderCameraComponent(size * _FINER, size * _FINER)
    camera.set_fovy(_FOVY, compute_x=True)
    camera.near, camera.far = 0.01, 8.0
    eye = sapien.Entity()
    eye.add_component(camera)
    scene.add_entity(eye)
    for i, asset in enumerate(assets):
        T_asset_eye = _looking_at(asset)
        eye.pose = to_sapien(_place(i) @ T_asset_eye)
        scene.update_render()
        camera.take_picture()
        yield _annotated(camera.get_picture("Color"), asset, T_asset_eye, size)


def _place(i: int) -> Array:
    return from_rotation(np.eye(3), (_APART * i, 0.0, 0.0))


def _looking_at(asset: Asset) -> Array:
    """Pose (4, 4) in the object frame of an eye that sees all of it: x forward, y left, z up."""
    reach = np.array([[asset.reach(sign * axis) for sign in (1, -1)] for axis in np.eye(3)])
    middle = (reach[:, 0] - reach[:, 1]) / 2
    radius = float(np.linalg.norm(reach.sum(axis=1) / 2))
    forward = -_EYE
    left = np.cross([0.0, 0.0, 1.0], forward)
    left /= np.linalg.norm(left)
    R = np.column_stack([forward, left, np.cross(forward, left)])
    return from_rotation(R, middle + _EYE * 1.05 * radius / np.sin(_FOVY / 2))


def _annotated(rgba: NDArray[np.uint8], asset: Asset, T_asset_eye: Array, size: int) -> Image.Image:
    # pixels that show nothing are left transparent by the renderer
    seen = rgba[..., 3:].astype(float) / 255.0
    rgb = np.round(rgba[..., :3] * seen + 255 * np.array(_BACKGROUND) * (1.0 - seen)).astype(np.uint8)
    picture = Image.fromarray(rgb)
    pen = _Pen(ImageDraw.Draw(picture), T_asset_eye, size * _FINER)
    length = 0.3 * max(asset.reach(axis) + asset.reach(-axis) for axis in np.eye(3))
    shown: set[str] = set()
    for contact in asset.annotation.contacts:
        pen.dot(contact.T_object_contact[:3, 3])
        if contact.group not in shown:
            shown.add(contact.group)
            pen.gripper(contact)
    for T in asset.annotation.functional.values():
        pen.axes(T, length)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


class _Pen:
    """Draws lines of the object frame on its picture, over what would hide them."""

    def __init__(self, draw: ImageDraw.ImageDraw, T_asset_eye: Array, pixels: int) -> None:
        self._draw = draw
        self._T_eye_asset = inverse(T_asset_eye)
        self._pixels = pixels
        self._focal = pixels / 2 / np.tan(_FOVY / 2)

    def axes(self, T: Array, length: float) -> None:
        for axis, colour in zip(T[:3, :3].T, _AXES, strict=True):
            self._line(T[:3, 3], T[:3, 3] + length * axis, colour)

    def dot(self, point: Array) -> None:
        x, y = self._at(point)
        self._draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=_DOT)

    def gripper(self, contact: ContactPoint) -> None:
        """Two finger tips and where they come from."""
        origin, (_, y, z) = contact.T_object_contact[:3, 3], contact.T_object_contact[:3, :3].T
        back = origin - 0.035 * z
        ends = [origin + sign * contact.width / 2 * y for sign in (1, -1)]
        for end in ends:
            self._line(end + 0.012 * z, end - 0.035 * z, _GRIPPER)
        self._line(ends[0] - 0.035 * z, ends[1] - 0.035 * z, _GRIPPER)
        self._line(back, back - 0.02 * z, _GRIPPER)

    def _line(self, start: Array, end: Array, colour: tuple[int, int, int]) -> None:
        self._draw.line([self._at(start), self._at(end)], fill=colour, width=3)

    def _at(self, point: Array) -> tuple[float, float]:
        x, y, z = self._T_eye_asset[:3, :3] @ point + self._T_eye_asset[:3, 3]
        return self._pixels / 2 - self._focal * y / x, self._pixels / 2 - self._focal * z / x
