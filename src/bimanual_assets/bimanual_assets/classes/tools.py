"""Tools that lie on the table with the handle towards -x and the working end towards +x."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bimanual_assets import palette as c
from bimanual_assets.draft import at, rigid
from bimanual_assets.grips import Grips
from bimanual_assets.materials import material
from bimanual_assets.solids import hull, prism, ring
from bimanual_assets.surfaces import Look, faceted
from bimanual_assets.textures import texture
from bimanual_core.asset import Asset, Rgb, Shape, Visual
from bimanual_core.se3 import rotation_about

_ALONG_X = rotation_about((0, 1, 0), np.pi / 2)
Parts = tuple[list[Shape], list[Visual]]


def tool(asset_id: str) -> Asset:
    """A tool, held across its handle from above. Functional points 0 handle and 1 tip, x towards the tip."""
    words, make, arguments = TOOLS[asset_id]
    parts, visuals = make(int(asset_id), *arguments)
    handle = parts[0]
    start, end = -handle.reach((-1, 0, 0)), handle.reach((1, 0, 0))
    grips = Grips(parts)
    # tips reach 12 mm deeper, and tilted ones a few more: they stay off the table below flat tools
    height = max(0.0, 0.021 - parts[0].reach((0, 0, -1)))
    for share, where in ((0.5, "middle"), (0.7, "front"), (0.3, "back")):
        x = start + share * (end - start)
        grips.add((x, 0, height), (0, 0, -1), (0, 1, 0), "handle", f"{where} of the handle, from above", only=[handle])
    tip = max(part.reach((1, 0, 0)) for part in parts)
    points = (
        ("handle", at((start + end) / 2, 0, 0), "middle of the handle, x towards the tip"),
        ("tip", at(tip, 0, 0), "working end"),
    )
    return rigid(
        "tool", asset_id, f"a {words}", "plastic", parts, visuals, grips, points,
        {"lying": (0, 0, 1)}, (1, 0, 0), (0, 0, -1), at(tip, 0, 0),
    )  # fmt: skip


def _bar(profile: Sequence[tuple[float, float]], count: int, density: float) -> Shape:
    """A turned bar along x from (radius, x) pairs, its flats up and down."""
    points = np.concatenate([ring(radius, x, count) for radius, x in profile])
    return hull(points @ _ALONG_X.T, density)


def _screwdriver(seed: int, length: float, radius: float, shaft: float, handle: Rgb, grip: Rgb) -> Parts:
    plastic, steel = material("plastic").density, material("steel").density
    start = -length / 2
    body = _bar([(0.8 * radius, start), (radius, start + 0.008), (radius, start + 0.085), (0.7 * radius, start + 0.1)],
                12, plastic)  # fmt: skip
    blade = _bar([(shaft, start + 0.1), (shaft, -start - 0.008), (0.4 * shaft, -start)], 8, steel)
    return [body, blade], [
        faceted(body, Look(handle, texture("bars", handle, grip, seed), 0.5)),
        faceted(blade, Look(c.LIGHT_GREY, None, 0.3, 0.8)),
    ]


def _wrench(seed: int, length: float, width: float, thickness: float, rgb: Rgb) -> Parts:
    steel = 4500.0  # of a bar with a hollow profile
    half, start, end = thickness / 2, -length / 2, length / 2
    shank = prism(
        [(start, -0.45 * width), (end - 0.03, -0.5 * width), (end - 0.03, 0.5 * width), (start, 0.45 * width)],
        -half, half, steel,
    )  # fmt: skip
    root = np.array([(end - 0.03, -0.8 * width), (end - 0.03, 0.8 * width)])
    jaws = []
    for side in (1, -1):
        jaw = np.array([(end, 0.95 * width * side), (end, 0.35 * width * side), (end - 0.012, 0.3 * width * side)])
        jaws.append(prism(np.concatenate([[root[0 if side < 0 else 1]], [(end - 0.03, 0.0)], jaw]), -half, half, steel))
    look = Look(rgb, texture("brushed", rgb, c.LIGHT_GREY, seed), 0.35, 0.7)
    parts = [shank, *jaws]
    return parts, [faceted(part, look) for part in parts]


def _spatula(seed: int, length: float, width: float, rgb: Rgb, blade: Rgb) -> Parts:
    start, end = -length / 2, length / 2
    wood = material("wood").density
    handle = _bar([(0.008, start), (0.011, start + 0.01), (0.009, end - 0.08)], 8, wood)
    front = [(end - 0.08, -0.4 * width), (end, -0.5 * width), (end, 0.5 * width), (end - 0.08, 0.4 * width)]
    flat = prism(front, -0.004, 0.004, material("plastic").density)
    return [handle, flat], [
        faceted(handle, Look(rgb, texture("wood", rgb, c.OAK, seed))),
        faceted(flat, Look(blade)),
    ]


#: Words, maker and its sizes [m] and colours.
TOOLS: dict[str, tuple[str, Callable[..., Parts], tuple]] = {
    "0": ("red screwdriver", _screwdriver, (0.210, 0.0145, 0.0035, c.RED, c.BLACK)),
    "1": ("steel wrench", _wrench, (0.190, 0.024, 0.016, c.STEEL)),
    "2": ("wooden spatula", _spatula, (0.230, 0.050, c.BEECH, c.CHARCOAL)),
    "3": ("yellow screwdriver", _screwdriver, (0.190, 0.0155, 0.0040, c.YELLOW, c.CHARCOAL)),
    "4": ("dark wrench", _wrench, (0.210, 0.026, 0.018, c.SLATE)),
    "5": ("green spatula", _spatula, (0.220, 0.055, c.WALNUT, c.TEAL)),
}
