"""Cups, mugs, containers, plates and coasters: hollow ones have walls of convex sectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bimanual_assets import palette as c
from bimanual_assets.draft import at, rigid
from bimanual_assets.grips import Grips
from bimanual_assets.solids import block, turned, walls
from bimanual_assets.surfaces import Look, faceted, revolve, tube
from bimanual_assets.textures import texture
from bimanual_core.asset import Asset, Rgb, Shape, Visual

#: Middles of the sectors of a wall [deg]: flat within, so that a finger inside lies on.
_SECTOR_MIDDLES = range(30, 390, 60)
#: How far below a rim the grasp point is, at the most [m]; tips go 12 mm deeper.
_RIM_DEPTH = 0.010
#: How far a gripper opens around a wall [m].
_RIM_OPENING = 0.05


@dataclass(frozen=True)
class Vessel:
    """Sizes [m] of a round vessel: outer radii at foot and rim, thickness of wall and bottom."""

    words: str
    height: float
    foot: float
    rim: float
    wall: float
    bottom: float
    look: tuple[str, Rgb, Rgb]
    inside: Rgb
    material: str = "ceramic"
    metallic: float = 0.0


CUPS = {
    "0": Vessel("white cup", 0.092, 0.036, 0.036, 0.004, 0.006, ("stripes", c.WHITE, c.LEAF), c.WHITE),
    "1": Vessel("red cup", 0.100, 0.038, 0.038, 0.004, 0.006, ("speckle", c.RED, c.CORAL), c.WHITE),
    "2": Vessel("blue cup", 0.080, 0.035, 0.035, 0.004, 0.007, ("speckle", c.BLUE, c.LIGHT_GREY), c.PALE_BLUE),
    "3": Vessel("grey steel cup", 0.085, 0.034, 0.034, 0.004, 0.006, ("brushed", c.STEEL, c.LIGHT_GREY), c.LIGHT_GREY,
                "ceramic", 0.7),
    "4": Vessel("wooden cup", 0.078, 0.037, 0.037, 0.005, 0.008, ("wood", c.WALNUT, c.OAK), c.BEECH),
    "5": Vessel("yellow dotted cup", 0.088, 0.036, 0.036, 0.004, 0.007, ("dots", c.YELLOW, c.WHITE), c.CREAM),
}  # fmt: skip
MUGS = {
    "0": Vessel("white mug", 0.095, 0.039, 0.040, 0.004, 0.008, ("speckle", c.WHITE, c.PALE_BLUE), c.WHITE),
    "1": Vessel("red mug", 0.090, 0.040, 0.040, 0.004, 0.008, ("bars", c.BRICK, c.CORAL), c.CREAM),
    "2": Vessel("blue checkered mug", 0.100, 0.038, 0.038, 0.004, 0.008, ("checker", c.BLUE, c.PALE_BLUE), c.WHITE),
    "3": Vessel("green mug", 0.088, 0.037, 0.039, 0.004, 0.008, ("stripes", c.LEAF, c.MINT), c.CREAM),
}  # fmt: skip
CONTAINERS = {
    "0": Vessel("white bowl", 0.055, 0.050, 0.060, 0.005, 0.007, ("stripes", c.WHITE, c.SKY), c.WHITE),
    "1": Vessel("orange bowl", 0.050, 0.046, 0.056, 0.005, 0.007, ("dots", c.ORANGE, c.PEACH), c.CREAM),
    "2": Vessel("wooden bowl", 0.060, 0.052, 0.062, 0.006, 0.009, ("wood", c.WALNUT, c.BEECH), c.BEECH, "wood"),
}  # fmt: skip
#: Square ones: words, outer x, y, height [m], colours.
TRAYS = {
    "3": ("green storage box", 0.110, 0.090, 0.050, ("speckle", c.TEAL, c.TEAL)),
    "4": ("blue crate", 0.120, 0.100, 0.060, ("bars", c.BLUE, c.SKY)),
    "5": ("cork box", 0.100, 0.100, 0.045, ("leather", c.BEECH, c.PINE)),
}  # fmt: skip
#: Words, radius, height [m], colours of the rim and of the middle.
PLATES = {
    "0": ("white plate", 0.110, 0.014, c.WHITE, c.PALE_BLUE),
    "1": ("blue plate", 0.105, 0.014, c.BLUE, c.PALE_BLUE),
    "2": ("terracotta plate", 0.115, 0.016, c.CLAY, c.TAN),
    "3": ("green plate", 0.100, 0.013, c.LEAF, c.SAGE),
}  # fmt: skip
#: Words, half size or radius, height [m], round, picture.
COASTERS = {
    "0": ("cork coaster", 0.048, 0.006, True, ("leather", c.BEECH, c.PINE), "cork"),
    "1": ("square slate coaster", 0.046, 0.007, False, ("leather", c.CHARCOAL, c.SLATE), "ceramic"),
    "2": ("wooden coaster", 0.050, 0.007, True, ("wood", c.WALNUT, c.BEECH), "wood"),
    "3": ("square checkered coaster", 0.047, 0.006, False, ("checker", c.WINE, c.CREAM), "cork"),
}  # fmt: skip
#: The handle of a mug [m]: reach from the wall, inner height of the hole, thickness along x and z, and along y.
_HANDLE_REACH, _HOLE_HEIGHT, _BAR, _BAR_WIDTH = 0.036, 0.044, 0.009, 0.012

#: Width of what is flat at the sides of a mug [m].
_FLAT = 0.024


def cup(asset_id: str) -> Asset:
    """A cup without a handle; held across its mouth from above, at its rim, or around its side."""
    v = CUPS[asset_id]
    parts, visuals = _round(v, int(asset_id))
    top = v.height / 2
    grips = Grips(parts).from_above((0, 0, top - 0.012), range(-75, 105, 30), "top", "across the mouth")
    _rims(grips, v)
    grips.around(0.1 * v.height, range(0, 360, 30), "side", "side")
    return rigid(
        "cup", asset_id, f"a {v.words}", v.material, parts, visuals, grips, _bottom_top(v.height),
        None, (0, 0, 1), (0, 1, 0),
    )  # fmt: skip


def mug(asset_id: str) -> Asset:
    """A mug with its handle towards +x. Functional point 0 is the hole of the handle: x along the hole, z away from
    the mug, so that a mug hangs on a bar along x of a frame whose z is up."""
    v = MUGS[asset_id]
    parts, visuals = _round(v, int(asset_id), 4)
    # flat where fingers hold it: between the edges of hulls a mug would turn
    flat = max(v.foot, v.rim) - v.wall / 2
    parts += [block((_FLAT, v.wall, 0.6 * v.height), (0, sign * flat, 0)) for sign in (1, -1)]
    body = list(parts)
    out, half, across = v.rim + _HANDLE_REACH, _HOLE_HEIGHT / 2, _BAR / 2
    # the bars begin where the wall is, whatever its slope
    start = min(v.foot, v.rim) - 0.001
    bars = [block((out - start, _BAR_WIDTH, _BAR), ((out + start) / 2, 0, sign * (half + across))) for sign in (1, -1)]
    grip = block((_BAR, _BAR_WIDTH, _HOLE_HEIGHT), (out - across, 0, 0))
    parts += [*bars, grip]
    bend = np.linspace(-np.pi / 2, np.pi / 2, 13)
    middle, radius = out - across - (half + across) * 0.7, half + across
    path = [[start, 0, -radius], *[[middle + 0.7 * radius * np.cos(a), 0, radius * np.sin(a)] for a in bend]]
    visuals.append(tube([*path, [start, 0, radius]], _BAR / 2, Look(v.look[1], roughness=0.35)))
    grips = Grips(parts)
    grips.from_above((0, 0, v.height / 2 - 0.012), range(-45, 60, 15), "top", "across the mouth", only=body)
    grips.around(0.0, (180,), "side", "side", only=body)
    grips.around(0.0, (120, 135, 150, 165, 195, 210, 225, 240), "wall", "wall", only=body)
    grips.add((out - across, 0, 0), (-1, 0, 0), (0, 1, 0), "handle", "handle, level", only=[grip])
    hole = at((v.rim + out - _BAR) / 2, 0, 0, [[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    bottom, top = _bottom_top(v.height)
    return rigid(
        "mug", asset_id, f"a {v.words}", v.material, parts, visuals, grips,
        (("handle", hole, "middle of the hole of the handle, x along the hole"), bottom, top),
        None, (1, 0, 0), (0, 0, -1), at(v.rim + _HANDLE_REACH, 0, 0),
    )  # fmt: skip


def container(asset_id: str) -> Asset:
    """An open bowl or box that is held at its rim: one finger inside."""
    if asset_id in TRAYS:
        return _tray(asset_id)
    v = CONTAINERS[asset_id]
    parts, visuals = _round(v, int(asset_id))
    grips = Grips(parts)
    _rims(grips, v)
    return rigid(
        "container", asset_id, f"a {v.words}", v.material, parts, visuals, grips, _bottom_top(v.height),
        None, (0, 0, 1), (0, 0, -1),
    )  # fmt: skip


def plate(asset_id: str) -> Asset:
    """A flat plate to put things on; functional point 0 is the middle of its upper side."""
    words, radius, height, rim_rgb, middle_rgb = PLATES[asset_id]
    low, top = -height / 2, height / 2
    parts = [turned([(0.72 * radius, low), (radius, top - 0.003), (radius, top)])]
    outside, middle = Look(rim_rgb, roughness=0.3), Look(middle_rgb, roughness=0.3)
    visuals = [
        revolve([(0, low), (0.72 * radius, low), (radius, top - 0.003), (radius, top), (0.7 * radius, top)], outside),
        revolve([(0.7 * radius, top), (0, top)], middle),
    ]
    points = (
        ("centre", at(0, 0, top), "middle of the upper side, where things are put"),
        ("bottom", at(0, 0, low), "middle of the foot"),
    )
    return rigid("plate", asset_id, f"a {words}", "ceramic", parts, visuals, None, points, None, (0, 0, 1))


def coaster(asset_id: str) -> Asset:
    """A thin mat to put a cup on; functional point 0 is the middle of its upper side."""
    words, half, height, is_round, picture, made_of = COASTERS[asset_id]
    low, top = -height / 2, height / 2
    look = Look(picture[1], texture(*picture, int(asset_id)))
    if is_round:
        parts = [turned([(half, low), (half, top)])]
        visuals = [revolve([(0, low), (half, low), (half, top), (0, top)], look)]
    else:
        parts = [block((2 * half, 2 * half, height))]
        visuals = [faceted(parts[0], look)]
    points = (
        ("centre", at(0, 0, top), "middle of the upper side, where a cup is put"),
        ("bottom", at(0, 0, low), "middle of the lower side"),
    )
    return rigid("coaster", asset_id, f"a {words}", made_of, parts, visuals, None, points, None, (0, 0, 1))


def _round(v: Vessel, seed: int, sectors: int = 6) -> tuple[list[Shape], list[Visual]]:
    """Bottom and wall of a vessel about the middle of its height."""
    low, top = -v.height / 2, v.height / 2
    floor = low + v.bottom
    at_floor = v.foot + (v.rim - v.foot) * v.bottom / v.height
    parts = [turned([(v.foot, low), (at_floor, floor)])]
    parts += walls((at_floor, v.rim), (at_floor - v.wall, v.rim - v.wall), (floor, top), sectors)
    outside = Look(v.look[1], texture(*v.look, seed), 0.4, v.metallic)
    inside = Look(v.inside, roughness=0.4, metallic=v.metallic)
    visuals = [
        revolve([(0, low), (v.foot, low)], inside),
        revolve([(v.foot, low), (v.rim, top)], outside),
        revolve([(v.rim, top), (v.rim - v.wall, top), (at_floor - v.wall, floor), (0, floor)], inside),
    ]
    return parts, visuals


def _rims(grips: Grips, v: Vessel) -> None:
    depth = min(_RIM_DEPTH, v.height / 2 - v.bottom - 0.012)
    for azimuth in _SECTOR_MIDDLES:
        x, y = np.cos(np.radians(azimuth)), np.sin(np.radians(azimuth))
        place = ((v.rim - v.wall) * x, (v.rim - v.wall) * y, v.height / 2 - depth)
        text = f"rim at {azimuth % 360} deg, from above"
        grips.add(place, (0, 0, -1), (x, y, 0), "rim", text, open_to=_RIM_OPENING)


def _tray(asset_id: str) -> Asset:
    words, x, y, height, picture = TRAYS[asset_id]
    low, top, wall, floor = -height / 2, height / 2, 0.005, 0.006
    sides = [
        block((wall, y, height - floor), (sign * (x - wall) / 2, 0, floor / 2)) for sign in (1, -1)
    ] + [
        block((x - 2 * wall, wall, height - floor), (0, sign * (y - wall) / 2, floor / 2)) for sign in (1, -1)
    ]  # fmt: skip
    parts = [block((x, y, floor), (0, 0, low + floor / 2)), *sides]
    look = Look(picture[1], texture(*picture, int(asset_id)))
    grips = Grips(parts)
    for side, (dx, dy) in zip(("+x", "-x", "+y", "-y"), ((1, 0), (-1, 0), (0, 1), (0, -1)), strict=True):
        place = (dx * (x - wall) / 2, dy * (y - wall) / 2, top - _RIM_DEPTH)
        text = f"middle of the {side} wall, from above"
        grips.add(place, (0, 0, -1), (dx, dy, 0), "rim", text, open_to=_RIM_OPENING)
    return rigid(
        "container", asset_id, f"a {words}", "plastic", parts, [faceted(part, look) for part in parts], grips,
        _bottom_top(height), None, (0, 0, 1), (0, 0, -1),
    )  # fmt: skip


def _bottom_top(height: float) -> tuple[tuple[str, np.ndarray, str], ...]:
    return (
        ("bottom", at(0, 0, -height / 2), "middle of the foot, what stands on things"),
        ("top", at(0, 0, height / 2), "middle of the mouth"),
    )
