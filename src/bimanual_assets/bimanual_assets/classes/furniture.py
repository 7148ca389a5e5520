"""What things are hung on and put into: mug racks and shoe boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bimanual_assets import palette as c
from bimanual_assets.draft import at, rigid
from bimanual_assets.solids import block, hull, ring
from bimanual_assets.surfaces import Look, extrude, faceted, moved, tube
from bimanual_assets.textures import texture
from bimanual_core.asset import Asset, Rgb
from bimanual_core.se3 import from_rotation, rotation_about


@dataclass(frozen=True)
class Rack:
    """Sizes [m] of a rack: side of its foot, height of its post and of the prong's root, length of the prong, and the
    angle [deg] by which it points up, so little that a mug stays where it is let go."""

    words: str
    foot: float
    post: float
    root: float
    prong: float
    tilt: float
    look: tuple[str, Rgb, Rgb]
    prong_rgb: Rgb


RACKS = {
    "0": Rack("wooden mug rack", 0.150, 0.260, 0.185, 0.105, 10.0, ("wood", c.BEECH, c.OAK), c.OAK),
    "1": Rack("black mug rack", 0.145, 0.250, 0.180, 0.110, 12.0, ("brushed", c.BLACK, c.CHARCOAL), c.CHARCOAL),
    "2": Rack("white mug rack", 0.155, 0.270, 0.195, 0.100, 9.0, ("speckle", c.WHITE, c.LIGHT_GREY), c.WHITE),
    "3": Rack("walnut mug rack", 0.150, 0.255, 0.188, 0.105, 11.0, ("wood", c.BARK, c.WALNUT), c.WALNUT),
}
#: Half the side of the post, radius of the prong, height of the foot; how far from the post a mug hangs [m].
_POST, _PRONG, _FOOT, _SEAT = 0.011, 0.005, 0.016, 0.058
#: Words, inner x, y, height [m], colours. Low enough, and wide enough for a hand between the shoes, that fingers around
#: a collar keep clear of the walls and of the other shoe.
SHOE_BOXES: dict[str, tuple[str, float, float, float, tuple[str, Rgb, Rgb]]] = {
    "0": ("brown shoe box", 0.290, 0.236, 0.040, ("speckle", c.PINE, c.TAN)),
    "1": ("orange shoe box", 0.285, 0.232, 0.038, ("stripes", c.ORANGE, c.AMBER)),
    "2": ("grey shoe box", 0.295, 0.240, 0.042, ("speckle", c.GREY, c.STEEL)),
    "3": ("blue shoe box", 0.290, 0.234, 0.039, ("bars", c.NAVY, c.BLUE)),
}
_CARD = 0.006


def rack(asset_id: str) -> Asset:
    """A post with one prong towards +x that points up a little. Functional points 0 where a mug hangs on the prong and
    1 its tip, x along the prong and outwards; 2 bottom. The origin is on the post's axis, half way up."""
    r = RACKS[asset_id]
    low = -r.post / 2
    turn = rotation_about((0, 1, 0), -np.radians(r.tilt))
    T_rack_prong = from_rotation(turn, (_POST, 0, low + r.root))
    # from within the post to its tip, made along z
    bar = np.concatenate([ring(_PRONG, -0.008, 8), ring(_PRONG, r.prong, 8)])
    along_x = rotation_about((0, 1, 0), np.pi / 2)
    prong = hull(bar @ along_x.T @ turn.T + T_rack_prong[:3, 3], 700.0)
    foot = block((r.foot, r.foot, _FOOT), (0, 0, low + _FOOT / 2), 1500.0)
    post = block((2 * _POST, 2 * _POST, r.post - _FOOT), (0, 0, _FOOT / 2))
    look = Look(r.look[1], texture(*r.look, int(asset_id)))
    tip = moved(extrude(ring(_PRONG, 0, 12)[:, :2], 0, 0.0005, Look(r.prong_rgb)), from_rotation(along_x))
    visuals = [
        faceted(foot, look),
        faceted(post, look),
        moved(tube([(0, 0, 0), (r.prong / 2, 0, 0), (r.prong, 0, 0)], _PRONG, Look(r.prong_rgb)), T_rack_prong),
        moved(moved(tip, at(r.prong, 0, 0)), T_rack_prong),
    ]
    points = (
        ("prong", T_rack_prong @ at(_SEAT, 0, 0), "where a mug hangs, x along the prong and outwards"),
        ("tip", T_rack_prong @ at(r.prong, 0, 0), "tip of the prong"),
        ("bottom", at(0, 0, low), "middle of the foot"),
    )
    outwards = T_rack_prong[:3, 0]
    return rigid(
        "rack", asset_id, f"a {r.words}", "wood", [foot, post, prong], visuals, None, points,
        None, outwards, None, at(r.foot / 2, 0, low),
    )  # fmt: skip


def shoe_box(asset_id: str) -> Asset:
    """An open box for a pair of shoes side by side, toes towards +x. Functional points 0 and 1 are where the soles of
    the left (+y) and of the right shoe go, 2 is the bottom."""
    words, x, y, height, picture = SHOE_BOXES[asset_id]
    low = -height / 2
    floor = block((x + 2 * _CARD, y + 2 * _CARD, _CARD), (0, 0, low + _CARD / 2))
    middle, tall = _CARD / 2, height - _CARD
    parts = [floor]
    parts += [block((_CARD, y + 2 * _CARD, tall), (sign * (x + _CARD) / 2, 0, middle)) for sign in (1, -1)]
    parts += [block((x, _CARD, tall), (0, sign * (y + _CARD) / 2, middle)) for sign in (1, -1)]
    look = Look(picture[1], texture(*picture, int(asset_id)))
    points = (
        ("left", at(0, y / 4, low + _CARD), "where the left shoe's sole goes, x towards its toe"),
        ("right", at(0, -y / 4, low + _CARD), "where the right shoe's sole goes, x towards its toe"),
        ("bottom", at(0, 0, low), "middle of the lower side"),
    )
    return rigid(
        "shoe_box", asset_id, f"a {words}", "cardboard", parts, [faceted(part, look) for part in parts], None, points,
        None, (0, 0, 1), None, at(x / 2, 0, 0),
    )  # fmt: skip
