"""Drinks bottles: upright or lying, held around the body."""

from __future__ import annotations

from dataclasses import dataclass

from bimanual_assets import palette as c
from bimanual_assets.draft import at, rigid
from bimanual_assets.grips import Grips
from bimanual_assets.solids import turned
from bimanual_assets.surfaces import Look, revolve
from bimanual_assets.textures import texture
from bimanual_core.asset import Asset, Rgb

#: How far from its axis the label stands off the body, and the rounding of its foot [m].
_LABEL, _FOOT = 0.0002, 0.004
#: Where the body is held, about the bottle [deg]: all round, and in between beside +x, which is up while it lies. There
#: 30 deg off the vertical bring wide open fingers to the table, and straight down is out of many a wrist's reach.
_AZIMUTHS = (*range(0, 360, 30), -15, 15)
#: A frame whose z, up while the bottle lies, is the bottle's x, and whose y is along the bottle.
_LYING = ((0, 0, 1), (1, 0, 0), (0, 1, 0))


@dataclass(frozen=True)
class Bottle:
    """Sizes [m] of one bottle: ``body`` is the height up to where the shoulder begins."""

    words: str
    height: float
    radius: float
    body: float
    neck: float
    cap: float
    glass: Rgb
    label: tuple[Rgb, Rgb]
    cap_rgb: Rgb
    seed: int


SHAPES = {
    "0": Bottle("blue water bottle", 0.200, 0.031, 0.130, 0.0125, 0.015, c.ICE,
                (c.BLUE, c.WHITE), c.NAVY, 0),
    "1": Bottle("green tea bottle", 0.190, 0.033, 0.120, 0.014, 0.015, c.LIME,
                (c.GREEN, c.PEACH), c.CREAM, 1),
    "2": Bottle("red cola bottle", 0.210, 0.030, 0.125, 0.0125, 0.015, c.COCOA,
                (c.RED, c.WHITE), c.RED, 2),
    "3": Bottle("yellow juice bottle", 0.175, 0.034, 0.115, 0.018, 0.014, c.YELLOW,
                (c.LEMON, c.CORAL), c.GREEN, 3),
    "4": Bottle("white milk bottle", 0.185, 0.032, 0.125, 0.017, 0.016, c.WHITE,
                (c.WHITE, c.BLUE), c.BLUE, 4),
    "5": Bottle("brown sauce bottle", 0.195, 0.029, 0.110, 0.011, 0.018, c.BARK,
                (c.IVORY, c.MAROON), c.YELLOW, 5),
}  # fmt: skip


def bottle(asset_id: str) -> Asset:
    """A bottle about the middle of its height; functional points 0 bottom, 1 top and 2 the side it lies on."""
    b = SHAPES[asset_id]
    low, high = -b.height / 2, b.height / 2
    shoulder, cap = low + b.body, high - b.cap
    neck = shoulder + 0.7 * (cap - shoulder)
    parts = [
        turned([(b.radius - _FOOT, low), (b.radius, low + _FOOT), (b.radius, shoulder)]),
        turned([(b.radius, shoulder), (b.neck, neck)]),
        turned([(b.neck, neck), (b.neck, high)], 12),
    ]
    plain, printed = Look(b.glass, roughness=0.25), Look(b.label[0], texture("label", *b.label, b.seed), 0.5)
    label = low + 0.22 * b.body, low + 0.80 * b.body
    visuals = [
        revolve([(0, low), (b.radius - _FOOT, low), (b.radius, low + _FOOT), (b.radius, shoulder),
                 (0.75 * b.radius + 0.25 * b.neck, shoulder + 0.45 * (neck - shoulder)), (b.neck, neck),
                 (b.neck, cap)], plain),
        revolve([(b.radius + _LABEL, label[0]), (b.radius + _LABEL, label[1])], printed),
        revolve([(b.neck, cap), (b.neck + 0.0008, cap), (b.neck + 0.0008, high), (0, high)], Look(b.cap_rgb)),
    ]  # fmt: skip
    grips = Grips(parts).around(low + 0.55 * b.body, _AZIMUTHS, "body", "body")
    points = (
        ("bottom", at(0, 0, low), "middle of the foot, what stands on things"),
        ("top", at(0, 0, high), "middle of the cap"),
        ("side", at(-b.radius, 0, 0, _LYING), "the side it lies on"),
    )
    return rigid(
        "bottle", asset_id, f"a {b.words}", "bottle", parts, visuals, grips, points,
        {"upright": (0, 0, 1), "lying": (1, 0, 0)}, (0, 0, 1), (0, 1, 0),
    )  # fmt: skip
