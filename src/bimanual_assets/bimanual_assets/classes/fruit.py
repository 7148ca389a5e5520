"""Apples."""

from __future__ import annotations

from bimanual_assets import palette as c
from bimanual_assets.draft import at, rigid
from bimanual_assets.grips import Grips
from bimanual_assets.solids import turned
from bimanual_assets.surfaces import Look, revolve, tube
from bimanual_assets.textures import texture
from bimanual_core.asset import Asset, Rgb

#: Words, radius, height [m], colours.
APPLES: dict[str, tuple[str, float, float, tuple[Rgb, Rgb]]] = {
    "0": ("red apple", 0.037, 0.068, (c.BRICK, c.ORANGE)),
    "1": ("green apple", 0.035, 0.066, (c.OLIVE, c.LIME)),
    "2": ("yellow apple", 0.036, 0.070, (c.YELLOW, c.ORANGE)),
    "3": ("dark red apple", 0.034, 0.064, (c.MAROON, c.WINE)),
}
#: Half a section from the foot up: (share of the radius, share of the height).
_SECTION = ((0.48, 0.0), (0.70, 0.07), (0.90, 0.25), (1.0, 0.48), (1.0, 0.60), (0.92, 0.80), (0.70, 0.94), (0.40, 1.0))


def apple(asset_id: str) -> Asset:
    """An apple that stands on its foot; held from above across its widest place."""
    words, radius, height, colours = APPLES[asset_id]
    low = -height / 2
    profile = [(radius * r, low + height * z) for r, z in _SECTION]
    parts = [turned(profile, 12)]
    seen = [(0.0, low + 0.006), *profile, (0.12 * radius, low + 0.90 * height), (0.0, low + 0.88 * height)]
    visuals = [
        revolve(seen, Look(colours[0], texture("fruit", *colours, int(asset_id)), 0.35), crease_deg=75),
        tube([(0, 0, low + 0.86 * height), (0.001, 0, low + 0.98 * height), (0.005, 0, low + 1.08 * height)],
             0.0016, Look(c.BARK)),
    ]  # fmt: skip
    grips = Grips(parts).from_above((0, 0, 0.012), range(-90, 90, 30), "top", "around the middle")
    points = (
        ("bottom", at(0, 0, low), "middle of the foot"),
        ("top", at(0, 0, low + height), "where the stalk is"),
    )
    return rigid("apple", asset_id, f"a {words}", "fruit", parts, visuals, grips, points, None, (0, 0, 1), (0, 0, -1))
