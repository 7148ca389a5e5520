"""Placing things in the page's 3-D scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from viser import SceneApi

from bimanual_core.asset import Visual
from bimanual_core.se3 import xyz_quat

Array = NDArray[np.float64]
#: Smaller changes of a pose (metres, parts of a quaternion) are not worth a message.
VISIBLE = 5e-5


def add_shape(
    scene: SceneApi, name: str, kind: str, size: tuple[float, ...], T: Array, rgb: tuple[float, float, float]
) -> None:
    """A box, cylinder or sphere as in ``bimanual_core.asset.Shape``, at ``T`` of the parent in ``name``."""
    place = {"position": T[:3, 3], "wxyz": wxyz(T), "cast_shadow": False}
    colour = tuple(round(255 * c) for c in rgb)
    if kind == "box":
        scene.add_box(name, colour, dimensions=size, **place)  # type: ignore[arg-type]
    elif kind == "cylinder":
        scene.add_cylinder(name, size[0], size[1], colour, **place)  # type: ignore[arg-type]
    else:
        scene.add_icosphere(name, size[0], colour, **place)  # type: ignore[arg-type]


def add_visual(scene: SceneApi, name: str, visual: Visual) -> None:
    """A surface in its colour, or in the mean colour of its texture, in the frame of the parent in ``name``."""
    rgb = np.asarray(visual.rgb) if visual.texture is None else visual.texture.reshape(-1, 3).mean(axis=0) / 255.0
    scene.add_mesh_simple(
        name, visual.vertices, visual.faces, color=np.round(255 * rgb), side="double", cast_shadow=False
    )


def add_mesh(scene: SceneApi, name: str, file: Path, scale: tuple[float, ...], T: Array) -> None:
    """A GLB with its own colours at ``T`` of the parent in ``name``."""
    scene.add_glb(
        name,
        file.read_bytes(),
        scale=scale,  # type: ignore[arg-type]
        position=T[:3, 3],
        wxyz=wxyz(T),
        cast_shadow=False,
    )


def wxyz(T: Array) -> Array:
    """Quaternion of a transform as the page wants it."""
    return np.roll(xyz_quat(T)[1], 1)


class MovingNode:
    """A node of the scene whose pose is sent when it visibly changed."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._shown: Array | None = None

    def move(self, pose: Array) -> None:
        """``pose`` (7,): translation [m] and quaternion xyzw in the parent."""
        if self._shown is not None and np.max(np.abs(pose - self._shown)) < VISIBLE:
            return
        self._shown = np.array(pose)
        self._handle.position = self._shown[:3]
        self._handle.wxyz = np.roll(self._shown[3:], 1)
