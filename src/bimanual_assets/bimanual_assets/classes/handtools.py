"""Hammers and other hand tools, held at their handles: the handle towards -x, what works at +x."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bimanual_assets import palette as c
from bimanual_assets.draft import at, rigid
from bimanual_assets.grips import Grips
from bimanual_assets.materials import material
from bimanual_assets.solids import hull, rounded
from bimanual_assets.surfaces import Look, extrude, faceted, moved
from bimanual_assets.textures import texture
from bimanual_core.asset import Asset, Rgb, Visual
from bimanual_core.se3 import from_rotation, rotation_about

#: Lays what is made along z along x.
_ALONG_X = rotation_about((0, 1, 0), np.pi / 2)
#: Grasp points along the handle of a hammer, from the head [m]: near its centre of mass, or the head turns two flat
#: fingers' grip.
_HAMMER_GRIPS = (0.035, 0.045, 0.060, 0.080)


@dataclass(frozen=True)
class Hammer:
    """Sizes [m]: handle length, half width y and half height z; head half sizes along x and y, heights of its face
    below and of its top above the handle's axis. A head fills a share of its convex part: steel ones have a neck behind
    the face and a claw at the other end."""

    words: str
    handle: float
    grip: tuple[float, float]
    head: tuple[float, float]
    face: float
    top: float
    colours: tuple[Rgb, Rgb]
    head_rgb: Rgb
    head_material: str = "steel"
    filled: float = 0.55


HAMMERS = {
    "0": Hammer("claw hammer", 0.200, (0.011, 0.013), (0.013, 0.013), 0.044, 0.034, (c.BEECH, c.OAK), c.SLATE),
    "1": Hammer("red hammer", 0.190, (0.012, 0.012), (0.012, 0.014), 0.042, 0.030, (c.BRICK, c.CORAL), c.GREY),
    "2": Hammer("rubber mallet", 0.210, (0.011, 0.012), (0.022, 0.022), 0.045, 0.040, (c.BEECH, c.TAN), c.BLACK,
                "rubber", 1.0),
    "3": Hammer("yellow hammer", 0.180, (0.012, 0.014), (0.013, 0.012), 0.043, 0.028, (c.YELLOW, c.CHARCOAL), c.STEEL),
}  # fmt: skip


def hammer(asset_id: str) -> Asset:
    """A hammer whose face looks down, at rest on it and on the end of its handle. Functional point 0 is the middle of
    the face."""
    h = HAMMERS[asset_id]
    half_y, half_z = h.grip
    # the origin is in the axis of the handle, in the middle of hammer and handle together
    head_x = h.handle / 2
    start, end = -h.handle / 2 - h.head[0], head_x - h.head[0]
    outline = rounded(half_z, half_y, 0.005)
    handle = hull(_along_x(outline, start, end), material("wood").density)
    bevel = 0.003
    full, face = rounded(*h.head, 0.004), rounded(h.head[0] - bevel, h.head[1] - bevel, 0.003)
    levels = ((face, -h.face), (full, -h.face + bevel), (full, h.top))
    corners = [np.column_stack([flat + [head_x, 0], np.full(len(flat), z)]) for flat, z in levels]
    head = hull(np.concatenate(corners), h.filled * material(h.head_material).density)
    parts = [handle, head]
    wood = Look(h.colours[0], texture("wood", *h.colours, int(asset_id)))
    visuals = [_rod(outline, start, end, wood), faceted(head, Look(h.head_rgb, None, 0.4, 0.6))]
    grips = Grips(parts)
    for away in _HAMMER_GRIPS:
        text = f"handle {1000 * away:.0f} mm from the head, from above"
        grips.add((head_x - away, 0, 0.002), (0, 0, -1), (0, 1, 0), "handle", text, only=[handle])
    points = (
        ("head", at(head_x, 0, -h.face), "middle of the striking face"),
        ("top", at(head_x, 0, h.top), "upper end of the head"),
        ("handle", at(start, 0, 0), "end of the handle"),
    )
    return rigid(
        "hammer", asset_id, f"a {h.words}", h.head_material, parts, visuals, grips, points,
        {"resting": (0, 0, 1), "lying": (0, 1, 0)}, (1, 0, 0), (0, 0, -1), at(head_x, 0, 0),
    )  # fmt: skip


def _along_x(outline: np.ndarray, start: float, end: float) -> np.ndarray:
    """An outline (N, 2) of (z, y) at both ends of a bar along x."""
    rows = [np.column_stack([np.full(len(outline), x), outline[:, 1], outline[:, 0]]) for x in (start, end)]
    return np.concatenate(rows)


def _rod(outline: np.ndarray, start: float, end: float, look: Look) -> Visual:
    return moved(extrude(outline, start, end, look), from_rotation(_ALONG_X))
