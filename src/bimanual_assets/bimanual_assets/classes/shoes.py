"""Shoes, held across the instep from above."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bimanual_assets import palette as c
from bimanual_assets.draft import at, rigid
from bimanual_assets.grips import Grips
from bimanual_assets.solids import block, hull, prism
from bimanual_assets.surfaces import Look, extrude, faceted
from bimanual_assets.textures import texture
from bimanual_core.asset import Asset, Rgb, Shape, Visual


@dataclass(frozen=True)
class Shoe:
    """Sizes [m]: length and width of the sole, its thickness, height of the collar, and the colours."""

    words: str
    length: float
    width: float
    sole: float
    height: float
    upper: tuple[str, Rgb, Rgb]
    sole_rgb: Rgb
    trim_rgb: Rgb


SHOES = {
    "0": Shoe("red sneaker", 0.225, 0.080, 0.024, 0.092, ("leather", c.BRICK, c.CORAL), c.WHITE, c.WHITE),
    "1": Shoe("brown leather shoe", 0.235, 0.076, 0.020, 0.085, ("leather", c.BARK, c.WALNUT), c.COCOA, c.BARK),
    "2": Shoe("blue running shoe", 0.230, 0.082, 0.028, 0.090, ("checker", c.NAVY, c.SKY), c.WHITE, c.AMBER),
    "3": Shoe("black shoe", 0.228, 0.078, 0.022, 0.088, ("leather", c.BLACK, c.CHARCOAL), c.BLACK, c.CHARCOAL),
    "4": Shoe("green canvas shoe", 0.220, 0.078, 0.022, 0.095, ("speckle", c.GREEN, c.LEAF), c.CREAM, c.CREAM),
    "5": Shoe("yellow slipper", 0.222, 0.081, 0.020, 0.080, ("dots", c.YELLOW, c.IVORY), c.WALNUT, c.BEECH),
}  # fmt: skip
#: A hand opens by this much more than a collar is wide [m], so that it can let go of a shoe beside another one.
_SPARE_OPENING = 0.022
#: Height of the toe above the sole [m].
_KNUCKLE = 0.016
#: The sole's outline, heel at x = -0.5, toe at 0.5 of the length, in half widths: (x, half width).
_OUTLINE = (
    ((-0.50, 0.30), (-0.47, 0.62), (-0.40, 0.80), (-0.25, 0.86), (0.05, 0.92), (0.25, 1.00), (0.38, 0.90))
    + ((0.46, 0.62), (0.50, 0.25))
)  # fmt: skip


def shoe(asset_id: str) -> Asset:
    """A shoe on its sole with the toe towards +x. Functional points 0 bottom (x to the toe) and 1 toe."""
    s = SHOES[asset_id]
    low = -s.height / 2
    top_of_sole, top = low + s.sole, s.height / 2
    sole_outline = _footprint(s, 1.0)
    sole = prism(sole_outline, low, top_of_sole, 500.0)
    # the collar around the ankle: upright sides, which is where it is held
    half = 0.40 * s.width
    back, front = -0.46 * s.length, 0.02 * s.length
    left = [(front, half), (back + 0.03, half), (back, 0.5 * half)]
    collar_outline = np.array([*left, *[(x, -y) for x, y in reversed(left)]])
    straight = back + 0.03
    # a box, as pads lie flat on it: a shoe would turn between fingers that touch the sides of a hull at their edges
    middle = ((straight + front) / 2, 0, (top_of_sole + top) / 2)
    collar = block((front - straight, 2 * half, top - top_of_sole), middle)
    counter = prism(np.array([(straight, half), *left[2:], (back, -0.5 * half), (straight, -half)]), top_of_sole, top)
    vamp = _vamp(s, front, half, top_of_sole, top)
    parts = [sole, collar, counter, vamp]
    upper = Look(s.upper[1], texture(*s.upper, int(asset_id)))
    opening = collar_outline * 0.8 + [0.2 * (front + back) / 2, 0.0]
    visuals = [
        extrude(sole_outline, low, top_of_sole, Look(s.sole_rgb)),
        faceted(prism(collar_outline, top_of_sole, top), upper),
        faceted(vamp, upper),
        extrude(opening, top - 0.002, top + 0.0005, Look(c.BLACK)),
    ]
    visuals += [_lace(front, half, top, top_of_sole + _KNUCKLE, share, s) for share in (0.25, 0.45, 0.65)]
    grips = Grips(parts)
    for x, words in ((-0.068, "front of the collar"), (-0.105, "middle of the collar"), (-0.14, "back of the collar")):
        place = (x * s.length, 0, top - 0.022)
        grips.from_above(place, (0,), "collar", words, open_to=2 * half + _SPARE_OPENING, only=[collar])
    for x in (-0.20, -0.28):
        place = (x * s.length, 0, top - 0.022)
        grips.from_above(place, (0,), "heel", "above the heel", open_to=2 * half + _SPARE_OPENING, only=[collar])
    points = (
        ("bottom", at(0, 0, low), "middle of the sole, x towards the toe"),
        ("toe", at(s.length / 2, 0, low), "tip of the toe"),
    )
    return rigid(
        "shoe", asset_id, f"a {s.words}", "shoe", parts, visuals, grips, points,
        {"upright": (0, 0, 1)}, (1, 0, 0), (0, 0, -1), at(s.length / 2, 0, 0),
    )  # fmt: skip


def _vamp(s: Shoe, front: float, half: float, top_of_sole: float, top: float) -> Shape:
    """What slopes from the front of the collar to the toe; hollow, so that a shoe balances where its collar is held."""
    toe = _footprint(s, 0.94)
    toe = toe[toe[:, 0] > 0.02 * s.length]
    at_collar = [(front, y, z) for y in (-half + 0.006, half - 0.006) for z in (top_of_sole, top - 0.012)]
    edge = np.column_stack([toe, np.full(len(toe), top_of_sole)])
    knuckle = np.column_stack([toe * [0.94, 0.9], np.full(len(toe), top_of_sole + _KNUCKLE)])
    return hull(np.concatenate([at_collar, edge, knuckle]), 120.0)


def _footprint(s: Shoe, share: float) -> np.ndarray:
    rows = np.array(_OUTLINE) * [s.length * share, s.width / 2 * share]
    return np.concatenate([rows * [1, -1], rows[::-1]])


def _lace(front: float, half: float, top: float, knuckle: float, share: float, s: Shoe) -> Visual:
    """A bar across the slope of the vamp."""
    x = front + share * (0.40 * s.length - front)
    z = (top - 0.012) + share * (knuckle - top + 0.012)
    bar = hull([(x + dx, dy, z + dz) for dx in (-0.004, 0.004) for dy in (-0.45 * half, 0.45 * half)
                for dz in (-0.006, 0.004)])  # fmt: skip
    return faceted(bar, Look(s.trim_rgb))
