"""Cabinets with a drawer that slides out towards +x."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bimanual_assets import palette as c
from bimanual_assets.draft import at, rigid
from bimanual_assets.grips import Grips
from bimanual_assets.solids import block
from bimanual_assets.surfaces import Look, faceted
from bimanual_assets.textures import texture
from bimanual_core.asset import Asset, Rgb, Shape, Slide


@dataclass(frozen=True)
class Cabinet:
    """Outer sizes [m] (depth along x, width, height), height of the drawer's front and how far it slides."""

    words: str
    depth: float
    width: float
    height: float
    front: float
    travel: float
    look: tuple[str, Rgb, Rgb]
    drawer: tuple[str, Rgb, Rgb]


CABINETS = {
    "0": Cabinet("wooden cabinet", 0.260, 0.300, 0.156, 0.095, 0.200, ("wood", c.BEECH, c.OAK),
                 ("wood", c.OAK, c.PINE)),
    "1": Cabinet("white cabinet", 0.250, 0.290, 0.152, 0.092, 0.195, ("speckle", c.WHITE, c.LIGHT_GREY),
                 ("speckle", c.PALE_BLUE, c.WHITE)),
    "2": Cabinet("dark cabinet", 0.265, 0.310, 0.160, 0.098, 0.205, ("wood", c.BARK, c.WALNUT),
                 ("wood", c.WALNUT, c.BEECH)),
    "3": Cabinet("green cabinet", 0.255, 0.295, 0.154, 0.094, 0.200, ("speckle", c.TEAL, c.LEAF),
                 ("speckle", c.SAGE, c.CREAM)),
}  # fmt: skip
#: Thickness of boards, room around the drawer, height of the drawer's sides [m].
_BOARD, _ROOM, _SIDE = 0.012, 0.003, 0.042
#: The handle: an upright bar before the front. Its standoff, thickness and length [m].
_STANDOFF, _BAR, _LENGTH = 0.045, 0.014, 0.070


def cabinet(asset_id: str) -> Asset:
    """A cabinet about the middle of its outside, whose drawer slides along +x by the joint ``drawer`` (0: closed).

    Functional points 0 handle, 1 the floor of the drawer where things go, both of which move with it, and 2 bottom.
    """
    k = CABINETS[asset_id]
    case = _case(k)
    drawer = _drawer(k)
    parts = [*case, *drawer]
    looks = [Look(picture[1], texture(*picture, int(asset_id))) for picture in (k.look, k.drawer)]
    visuals = [faceted(part, looks[0]) for part in case] + [faceted(part, looks[1]) for part in drawer[:5]]
    visuals += [faceted(part, Look(c.STEEL, None, 0.3, 0.8)) for part in drawer[5:]]
    bar = drawer[-1]
    x, _, z = (float(v) for v in bar.T_object_shape[:3, 3])
    grips = Grips(parts)
    for height, words in ((0.0, "middle"), (0.020, "upper part"), (-0.020, "lower part")):
        grips.add((x, 0, z + height), (-1, 0, 0), (0, 1, 0), "handle", f"{words} of the handle, level", only=[bar])
    grips.add((x, 0, z + _LENGTH / 2 - 0.006), (0, 0, -1), (0, 1, 0), "handle_top", "handle, from above", only=[bar])
    floor = _floor_top(k)
    points = (
        ("handle", at(x, 0, z), "middle of the handle, x the way the drawer opens"),
        # where the open drawer is free of the cabinet's top
        ("drawer", at(k.depth / 2 - k.travel / 2 + 0.01, 0, floor), "floor of the drawer, where things are put"),
        ("bottom", at(0, 0, -k.height / 2), "middle of the lower side"),
    )
    asset = rigid(
        "cabinet", asset_id, f"a {k.words} with a drawer", "wood", parts, visuals, grips, points,
        None, (1, 0, 0), (0, 0, -1), at(k.depth / 2, 0, 0),
    )  # fmt: skip
    moving = range(len(case), len(parts))
    slide = Slide(
        "drawer", np.array([1.0, 0.0, 0.0]), (0.0, k.travel), 5.0, frozenset(moving), frozenset(moving),
        frozenset(range(len(grips.contacts))), frozenset({0, 1}),
    )  # fmt: skip
    return replace(asset, slide=slide)


def _case(k: Cabinet) -> list[Shape]:
    """Bottom, top, sides and back; the front is open."""
    x, y, z = k.depth, k.width, k.height
    inner = z - 2 * _BOARD
    return [
        block((x, y, _BOARD), (0, 0, -z / 2 + _BOARD / 2)),
        block((x, y, _BOARD), (0, 0, z / 2 - _BOARD / 2)),
        block((x, _BOARD, inner), (0, y / 2 - _BOARD / 2, 0)),
        block((x, _BOARD, inner), (0, -y / 2 + _BOARD / 2, 0)),
        block((_BOARD, y - 2 * _BOARD, inner), (-x / 2 + _BOARD / 2, 0, 0)),
    ]


def _drawer(k: Cabinet) -> list[Shape]:
    """Floor, front, sides and back, then the stem and the bar of the handle."""
    half = k.width / 2 - _BOARD - _ROOM
    back, front = -k.depth / 2 + _BOARD + _ROOM, k.depth / 2
    low = -k.height / 2 + _BOARD + _ROOM
    floor, side = _floor_top(k), _floor_top(k) + _SIDE / 2
    length = front - _BOARD - back
    middle = (front - _BOARD + back) / 2
    height = low + k.front / 2
    out = front + _STANDOFF
    return [
        block((length, 2 * half, floor - low), (middle, 0, (floor + low) / 2)),
        block((_BOARD, 2 * half, k.front), (front - _BOARD / 2, 0, height)),
        block((length, 0.008, _SIDE), (middle, half - 0.004, side)),
        block((length, 0.008, _SIDE), (middle, -half + 0.004, side)),
        block((0.008, 2 * half - 0.016, _SIDE), (back + 0.004, 0, side)),
        block((_STANDOFF - _BAR / 2, 0.008, 0.012), (front + (_STANDOFF - _BAR / 2) / 2, 0, height), 1500.0),
        block((_BAR, _BAR, _LENGTH), (out, 0, height), 1500.0),
    ]


def _floor_top(k: Cabinet) -> float:
    """Height of the floor that things in the drawer lie on [m]."""
    return -k.height / 2 + _BOARD + _ROOM + 0.008
