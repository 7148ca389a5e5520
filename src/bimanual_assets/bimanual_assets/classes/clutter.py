"""Things that lie around: simple parts, several sizes and colours of each kind, held across their narrow side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bimanual_assets import palette as c
from bimanual_assets.draft import at, rigid
from bimanual_assets.grips import Grips
from bimanual_assets.solids import block, hull, prism, ring, rounded, turned
from bimanual_assets.surfaces import Look, extrude, faceted, moved, revolve, tube
from bimanual_assets.textures import texture
from bimanual_core.asset import Asset, Rgb, Shape, Visual
from bimanual_core.se3 import from_rotation, rotation_about

Made = tuple[str, Sequence[Shape], Sequence[Visual]]
#: Wider things are not grasped [m]: the gripper needs room beside them.
WIDEST = 0.085
#: Four pairs of colours, one for each id.
_SCHEMES = ((c.RED, c.WHITE), (c.BLUE, c.LEMON), (c.GREEN, c.CREAM), (c.ORANGE, c.CHARCOAL))
_NAMES = ("red", "blue", "green", "orange")
#: How much larger each id is than the first.
_SIZES = (1.0, 1.08, 0.92, 1.15)
IDS = ("0", "1", "2", "3")
#: Kinds that have a colour of their own.
_OWN_COLOUR = ("banana", "brush", "candle", "lemon", "mouse", "orange", "soap", "sponge")


def build(kind: str) -> Callable[[str], Asset]:
    """The builder of a kind of clutter: ``(asset_id) -> Asset``."""

    def make(asset_id: str) -> Asset:
        number = IDS.index(asset_id)
        first, second = _SCHEMES[number]
        made_of, parts, visuals = KINDS[kind](_SIZES[number], first, second, number)
        low = -max(part.reach((0, 0, -1)) for part in parts)
        top = max(part.reach((0, 0, 1)) for part in parts)
        points = (("bottom", at(0, 0, low), "middle of the lower side"), ("top", at(0, 0, top), "middle of the top"))
        words = kind.replace("_", " ") if kind in _OWN_COLOUR else f"{_NAMES[number]} {kind.replace('_', ' ')}"
        grips = _across(parts, low, top)
        return rigid(
            kind,
            asset_id,
            f"{'an' if words[0] in 'aeiou' else 'a'} {words}",
            made_of,
            parts,
            visuals,
            grips,
            points,
            {"resting": (0, 0, 1)},
            (0, 0, 1),
        )

    return make


def _across(parts: Sequence[Shape], low: float, top: float) -> Grips:
    """From above across x and across y, where the gripper is wide enough."""
    grips = Grips(parts)
    # tips reach 12 mm deeper, and tilted ones a few more: they stay off the table
    height = max(low + 0.020, min(0.004, top - 0.004))
    for yaw, words in ((0, "across its y"), (90, "across its x")):
        wide = max(part.reach((0, 1, 0) if yaw == 0 else (1, 0, 0)) for part in parts)
        if 2 * wide <= WIDEST:
            grips.from_above((0, 0, height), (yaw,), "top", words)
    return grips


def _boxed(size: Sequence[float], radius: float, look: Look, steps: int = 3) -> tuple[Shape, Visual]:
    """A box with rounded upright edges about its centre."""
    outline = rounded(size[0] / 2, size[1] / 2, radius, steps)
    return prism(outline, -size[2] / 2, size[2] / 2), extrude(outline, -size[2] / 2, size[2] / 2, look)


def _can(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    r, h = 0.030 * k, 0.055 * k
    section = [(0.85 * r, -h), (r, -h + 0.005), (r, h - 0.006), (0.85 * r, h)]
    side = Look(first, texture("label", first, second, seed), 0.35, 0.3)
    metal = Look(c.LIGHT_GREY, None, 0.3, 0.8)
    return "can", [turned(section)], [
        revolve([(0, -h), section[0], section[1]], metal),
        revolve(section[1:3], side),
        revolve([section[2], section[3], (0.8 * r, h - 0.002), (0, h - 0.002)], metal),
    ]  # fmt: skip


def _book(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    x, y, z = 0.150 * k, 0.105 * k, 0.026 * k
    cover = Look(first, texture("label", first, second, seed))
    boards = [block((x, y, 0.003), (0, 0, sign * (z / 2 - 0.0015))) for sign in (1, -1)]
    spine = block((x, 0.003, z), (0, -y / 2 + 0.0015, 0))
    pages = block((x - 0.006, y - 0.006, z - 0.006))
    return "paper", [block((x, y, z))], [*[faceted(b, cover) for b in (*boards, spine)], faceted(pages, Look(c.CREAM))]


def _bowl(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    r, h = 0.058 * k, 0.024 * k
    outside = [(0.5 * r, -h), (0.85 * r, 0.0), (r, h)]
    inside = [(r, h), (0.94 * r, h), (0.78 * r, 0.0), (0.45 * r, -h + 0.004), (0, -h + 0.004)]
    look = Look(first, texture("stripes", first, second, seed), 0.35)
    return "foam", [turned(outside)], [
        revolve([(0, -h), *outside], look),
        revolve(inside, Look(second, roughness=0.35)),
    ]  # fmt: skip


def _banana(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    angles = np.radians(np.linspace(-50, 50, 9))
    bend = 0.105 * k
    path = np.column_stack([bend * np.sin(angles), bend * np.cos(angles) - 0.9 * bend, np.zeros(9)])
    radii = 0.016 * k * np.array([0.35, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.3])
    circles = []
    for p, a, r in zip(path, angles, radii, strict=True):
        circle = ring(r, 0.0, 8) @ rotation_about((0, 1, 0), np.pi / 2).T
        circles.append(circle @ rotation_about((0, 0, 1), -a).T + p)
    parts = [hull(np.concatenate(circles[i : i + 3])) for i in (0, 2, 4, 6)]
    skin = (c.YELLOW, c.LEMON, c.LIME, c.AMBER)[seed]
    peel = Look(skin, texture("fruit", skin, c.LEMON, seed), 0.5)
    ends = [tube(path[[0, 1]] * [1.06, 1, 1], 0.006 * k, Look(c.BARK))]
    return "fruit", parts, [*[faceted(part, peel) for part in parts], *ends]


def _sponge(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    x, y, z = 0.100 * k, 0.065 * k, 0.034 * k
    part, _ = _boxed((x, y, z), 0.008, Look())
    outline = rounded(x / 2, y / 2, 0.008)
    return "foam", [part], [
        extrude(outline, -z / 2, 0.2 * z, Look(c.LEMON, texture("speckle", c.LEMON, c.AMBER, seed), 0.9)),
        extrude(outline, 0.2 * z, z / 2, Look(first, texture("leather", first, c.GREEN, seed), 0.95)),
    ]  # fmt: skip


def _tape(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    r, h = 0.040 * k, 0.012 * k
    return "plastic", [turned([(r, -h), (r, h)])], [
        revolve([(0.65 * r, -h), (r, -h), (r, h), (0.65 * r, h)], Look(first, texture("stripes", first, second, seed))),
        revolve([(0.65 * r, h), (0.62 * r, h), (0.62 * r, -h), (0.65 * r, -h)], Look(c.PINE)),
    ]  # fmt: skip


def _soap(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    outline = rounded(0.042 * k, 0.028 * k, 0.014, 4)
    levels = ((0.85, -0.014 * k), (1.0, -0.006 * k), (1.0, 0.006 * k), (0.8, 0.014 * k))
    part = hull(np.concatenate([np.column_stack([outline * s, np.full(len(outline), z)]) for s, z in levels]))
    pale = (c.PINK, c.PALE_BLUE, c.MINT, c.PEACH)[seed]
    return "soap", [part], [faceted(part, Look(pale, roughness=0.3))]


def _tissue_box(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    x, y, z = 0.150 * k, 0.080 * k, 0.060 * k
    part = block((x, y, z))
    slot = extrude(rounded(0.3 * x, 0.15 * y, 0.01), z / 2, z / 2 + 0.0006, Look(c.CHARCOAL))
    paper = hull([(-0.03, 0, z / 2), (0.03, 0, z / 2), (0, 0.008, z / 2), (0, -0.008, z / 2),
                  (-0.022, 0.006, z / 2 + 0.028), (0.02, -0.006, z / 2 + 0.035)])  # fmt: skip
    tissue = Look(c.WHITE, roughness=0.95)
    box = Look(first, texture("dots", first, second, seed))
    return "cardboard", [part], [faceted(part, box), slot, faceted(paper, tissue)]


def _marker(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    r, length = 0.009 * k, 0.130 * k
    along_x = rotation_about((0, 1, 0), np.pi / 2)
    part = hull(np.concatenate([ring(r, z, 8) for z in (-length / 2, length / 2)]) @ along_x.T)
    T = from_rotation(along_x)
    body, cap = Look(c.WHITE, texture("bars", c.WHITE, c.LIGHT_GREY, seed)), Look(first, roughness=0.4)
    return "plastic", [part], [
        moved(revolve([(0, -length / 2), (r, -length / 2), (r, 0.15 * length)], body), T),
        moved(revolve([(r, 0.15 * length), (1.02 * r, 0.15 * length), (r, length / 2), (0, length / 2)], cap), T),
    ]  # fmt: skip


def _stapler(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    x, y, h = 0.120 * k, 0.036 * k, 0.030 * k
    base = block((x, y, 0.012 * k), (0, 0, -h + 0.006 * k))
    arm = hull([(a, b, z) for a, z in ((-x / 2, -h + 0.012 * k), (-x / 2, 0.8 * h), (0.1 * x, h), (x / 2, 0.1 * h),
                                       (x / 2, -0.3 * h)) for b in (-0.4 * y, 0.4 * y)])  # fmt: skip
    return "electronics", [base, arm], [faceted(base, Look(c.CHARCOAL)), faceted(arm, Look(first, roughness=0.35))]


def _remote(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    x, y, z = 0.150 * k, 0.045 * k, 0.020 * k
    part, body = _boxed((x, y, z), 0.012, Look(c.BLACK, roughness=0.5))
    face = extrude(rounded(0.42 * x, 0.38 * y, 0.004), z / 2, z / 2 + 0.001,
                   Look(c.CHARCOAL, texture("dots", c.CHARCOAL, first, seed)))  # fmt: skip
    return "electronics", [part], [body, face]


def _dice(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    part = block((0.036 * k,) * 3)
    pips = c.BLACK if seed == 1 else c.WHITE
    face = c.LEMON if seed == 1 else first
    return "plastic", [part], [faceted(part, Look(face, texture("dots", face, pips, 3), 0.3))]


def _ball(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    # flattened at its foot: a ball that has lost some air stays where it is put
    r = 0.033 * k
    foot = -0.90 * r
    levels = np.array([-0.90, -0.6, -0.2, 0.2, 0.6, 0.92])
    part = turned([(r * np.sqrt(1 - s * s), r * s) for s in levels], 12)
    fine = np.linspace(-0.90, 1.0, 15)
    look = Look(first, texture("bars", first, second, seed), 0.6)
    profile = [(0.0, foot), *[(r * float(np.sqrt(max(0.0, 1 - s * s))), r * float(s)) for s in fine]]
    return "foam", [part], [revolve(profile, look, crease_deg=60)]


def _phone(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    x, y, z = 0.145 * k, 0.070 * k, 0.012
    part, body = _boxed((x, y, z), 0.008, Look(first, roughness=0.3))
    screen = extrude(rounded(0.47 * x, 0.45 * y, 0.006), z / 2, z / 2 + 0.0005, Look((0.03, 0.04, 0.06), None, 0.15))
    return "electronics", [part], [body, screen]


def _toy_car(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    x, y = 0.100 * k, 0.048 * k
    body = hull([(a, b, z) for a, z in ((-x / 2, -0.02 * k), (-x / 2, 0.002 * k), (x / 2, -0.004 * k),
                                        (x / 2, -0.02 * k)) for b in (-y / 2, y / 2)])  # fmt: skip
    cabin = hull([(a, b, z) for a, z in ((-0.36 * x, 0.001 * k), (-0.28 * x, 0.02 * k), (0.1 * x, 0.02 * k),
                                         (0.25 * x, -0.001 * k)) for b in (-0.42 * y, 0.42 * y)])  # fmt: skip
    wheels = []
    for wx in (-0.3 * x, 0.3 * x):
        for side in (1, -1):
            place = from_rotation(rotation_about((1, 0, 0), -side * np.pi / 2), (wx, side * y / 2, -0.0115 * k))
            rim = revolve([(0.009 * k, -0.006), (0.009 * k, 0.002), (0.005 * k, 0.003), (0, 0.003)], Look(c.BLACK), 16)
            wheels.append(moved(rim, place))
    return "plastic", [body, cabin], [
        faceted(body, Look(first, roughness=0.3)), faceted(cabin, Look(c.SLATE, roughness=0.2)), *wheels
    ]  # fmt: skip


def _candle(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    r, h = 0.030 * k, 0.040 * k
    wax = (c.WINE, c.PALE_BLUE, c.SAGE, c.PEACH)[seed]
    return "soap", [turned([(r, -h), (r, h)])], [
        revolve([(0, -h), (r, -h), (r, h), (0.9 * r, h), (0.8 * r, h - 0.003), (0, h - 0.003)], Look(wax)),
        tube([(0, 0, h - 0.003), (0, 0, h + 0.004), (0.001, 0, h + 0.01)], 0.001, Look(c.CHARCOAL)),
    ]  # fmt: skip


def _fruit(colours: Sequence[Rgb], radius: float, stretch: float) -> Callable[[float, Rgb, Rgb, int], Made]:
    def make(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
        r, h = radius * k, radius * k * stretch
        section = ((0.46, -0.89), (0.75, -0.68), (0.97, -0.25), (0.97, 0.25), (0.75, 0.68), (0.36, 0.93))
        profile = [(r * a, h * b) for a, b in section]
        skin = colours[seed % len(colours)]
        look = Look(skin, texture("speckle", skin, colours[0], seed), 0.5)
        seen = [(0, profile[0][1]), *profile, (0, h)]
        return "fruit", [turned(profile, 12)], [revolve(seen, look, crease_deg=70)]

    return make


def _jar(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    r, h = 0.034 * k, 0.048 * k
    content = (c.WINE, c.AMBER, c.OLIVE, c.BARK)[seed]
    glass = [(0.9 * r, -h), (r, -h + 0.006), (r, 0.45 * h), (0.85 * r, 0.65 * h)]
    lid = [(0.85 * r, 0.65 * h), (0.92 * r, 0.65 * h), (0.92 * r, h), (0, h)]
    label = Look(second, texture("label", second, first, seed))
    return "glass", [turned([*glass[:3], (0.92 * r, 0.65 * h), (0.92 * r, h)])], [
        revolve([(0, -h), *glass], Look(content, roughness=0.15)),
        revolve([(r + 0.0004, -0.6 * h), (r + 0.0004, 0.25 * h)], label),
        revolve(lid, Look(first, None, 0.4, 0.3)),
    ]  # fmt: skip


def _calculator(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    x, y, z = 0.120 * k, 0.072 * k, 0.018
    part, body = _boxed((x, y, z), 0.006, Look(c.SLATE))
    keys = extrude(rounded(0.28 * x, 0.42 * y, 0.003), z / 2, z / 2 + 0.002,
                   Look(c.LIGHT_GREY, texture("checker", c.LIGHT_GREY, first, seed)))  # fmt: skip
    display = faceted(block((0.2 * x, 0.8 * y, 0.001), (0.36 * x, 0, z / 2)), Look(c.SAGE, None, 0.2))
    return "electronics", [part], [body, moved(keys, at(-0.12 * x, 0, 0)), display]


def _mouse(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    outline = rounded(0.052 * k, 0.030 * k, 0.022 * k, 5)
    levels = ((1.0, -0.017 * k), (1.0, -0.004 * k), (0.86, 0.009 * k), (0.55, 0.017 * k))
    part = hull(np.concatenate([np.column_stack([outline * s, np.full(len(outline), z)]) for s, z in levels]))
    wheel = faceted(block((0.014, 0.005, 0.006), (0.026 * k, 0, 0.0135 * k)), Look(first))
    return "electronics", [part], [faceted(part, Look(c.CHARCOAL if seed % 2 else c.LIGHT_GREY)), wheel]


def _glue_stick(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    r, h = 0.014 * k, 0.046 * k
    return "plastic", [turned([(r, -h), (r, h)], 12)], [
        revolve([(0, -h), (r, -h), (r, 0.35 * h)], Look(second, texture("label", second, first, seed))),
        revolve([(r, 0.35 * h), (1.03 * r, 0.35 * h), (1.0 * r, h), (0, h)], Look(first, roughness=0.4)),
    ]  # fmt: skip


def _alarm_clock(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    r, half = 0.042 * k, 0.022 * k
    turns = np.radians(np.linspace(-40, 220, 14))
    outline = np.column_stack([r * np.cos(turns), r * np.sin(turns)])
    stand = rotation_about((1, 0, 0), np.pi / 2)
    flat = prism(outline, -half, half)
    part = hull((_points(flat)) @ stand.T)
    dial = moved(extrude(0.86 * outline, half, half + 0.001, Look(c.WHITE)), from_rotation(stand))
    hands = [faceted(block(size, place), Look(c.BLACK)) for size, place in (
        ((0.004, 0.002, 0.6 * r), (0, -half - 0.001, 0.25 * r)), ((0.4 * r, 0.002, 0.004), (0.18 * r, -half - 0.001, 0))
    )]  # fmt: skip
    case = moved(extrude(outline, -half, half, Look(first, roughness=0.35)), from_rotation(stand))
    return "electronics", [part], [case, dial, *hands]


def _brush(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    x = 0.160 * k
    back = hull([(a, b, z) for a, b in ((-x / 2, 0.008), (-x / 2, -0.008), (0, 0.011), (0, -0.011), (x / 2, 0.020),
                                        (x / 2, -0.020)) for z in (0.002, 0.016)])  # fmt: skip
    bristles = block((0.45 * x, 0.032, 0.018), (0.26 * x, 0, -0.007))
    return "wood", [back, bristles], [
        faceted(back, Look(c.BEECH, texture("wood", c.BEECH, c.OAK, seed))),
        faceted(bristles, Look(first, texture("bars", first, second, seed), 0.95)),
    ]  # fmt: skip


def _cereal_box(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    part = block((0.110 * k, 0.048 * k, 0.160 * k))
    return "cardboard", [part], [faceted(part, Look(first, texture("label", first, second, seed)))]


def _pencil_cup(k: float, first: Rgb, second: Rgb, seed: int) -> Made:
    r, h = 0.038 * k, 0.050 * k
    pens = [tube([(x, y, -h), (1.4 * x, 1.4 * y, h + tall)], 0.004, Look(rgb), 6)
            for x, y, tall, rgb in ((0.012, 0.006, 0.035, c.YELLOW), (-0.014, 0.004, 0.028, c.RED),
                                    (0.002, -0.014, 0.040, c.BLUE))]  # fmt: skip
    return "cardboard", [turned([(r, -h), (r, h)])], [
        revolve([(0, -h), (r, -h), (r, h)], Look(first, texture("dots", first, second, seed))),
        revolve([(r, h), (0.92 * r, h), (0.92 * r, -h + 0.004), (0, -h + 0.004)], Look(second)),
        *pens,
    ]  # fmt: skip


def _points(shape: Shape) -> np.ndarray:
    return shape.polyhedron[0] + shape.T_object_shape[:3, 3]


KINDS: dict[str, Callable[[float, Rgb, Rgb, int], Made]] = {
    "alarm_clock": _alarm_clock,
    "ball": _ball,
    "banana": _banana,
    "book": _book,
    "bowl": _bowl,
    "brush": _brush,
    "calculator": _calculator,
    "can": _can,
    "candle": _candle,
    "cereal_box": _cereal_box,
    "dice": _dice,
    "glue_stick": _glue_stick,
    "jar": _jar,
    "lemon": _fruit((c.LEMON, c.YELLOW, c.LIME, c.AMBER), 0.026, 1.25),
    "marker": _marker,
    "mouse": _mouse,
    "orange": _fruit((c.ORANGE, c.AMBER), 0.036, 0.98),
    "pencil_cup": _pencil_cup,
    "phone": _phone,
    "remote": _remote,
    "soap": _soap,
    "sponge": _sponge,
    "stapler": _stapler,
    "tape": _tape,
    "tissue_box": _tissue_box,
    "toy_car": _toy_car,
}
