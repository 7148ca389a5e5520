"""Cubes, the long block, pads and plain boxes: ids are colours, and a scale stretches them exactly."""

from __future__ import annotations

from bimanual_assets.boxes import Size, box, side_contacts, top_down_contacts
from bimanual_core.asset import Asset
from bimanual_core.errors import UnknownNameError

COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.80, 0.12, 0.10),
    "green": (0.13, 0.55, 0.20),
    "blue": (0.10, 0.28, 0.72),
    "yellow": (0.90, 0.72, 0.10),
    "black": (0.06, 0.06, 0.07),
    "white": (0.90, 0.90, 0.88),
    "grey": (0.50, 0.51, 0.53),
}
#: Full sizes at scale 1 [m].
CUBE_SIZE: Size = (0.05, 0.05, 0.05)
HANDOVER_BLOCK_SIZE: Size = (0.06, 0.06, 0.20)
PAD_SIZE: Size = (0.10, 0.10, 0.01)


def cube(asset_id: str, scale: Size) -> Asset:
    """A cube of 50 mm, held from above."""
    size = _scaled(CUBE_SIZE, scale)
    return box("cube", asset_id, size, _rgb("cube", asset_id), top_down_contacts(size), f"a {asset_id} cube")


def handover_block(asset_id: str, scale: Size) -> Asset:
    """A long upright block of 60 x 60 x 200 mm, held at its upper or its lower part."""
    size = _scaled(HANDOVER_BLOCK_SIZE, scale)
    rgb = _rgb("handover_block", asset_id)
    return box("handover_block", asset_id, size, rgb, side_contacts(size), f"a long {asset_id} block")


def pad(asset_id: str, scale: Size) -> Asset:
    """A thin pad of 100 x 100 x 10 mm that things are placed on; it is not grasped."""
    size = _scaled(PAD_SIZE, scale)
    return box("pad", asset_id, size, _rgb("pad", asset_id), (), f"a thin {asset_id} pad")


def plain_box(asset_id: str, scale: Size) -> Asset:
    """Any box: ``scale`` is its full size [m]. Boxes over twice as tall as wide are held like the handover block."""
    tall = scale[2] > 2.0 * max(scale[:2])
    contacts = side_contacts(scale) if tall else top_down_contacts(scale)
    return box("box", asset_id, scale, _rgb("box", asset_id), contacts, f"a {asset_id} box")


def _scaled(size: Size, scale: Size) -> Size:
    return size[0] * scale[0], size[1] * scale[1], size[2] * scale[2]


def _rgb(class_name: str, asset_id: str) -> tuple[float, float, float]:
    try:
        return COLOURS[asset_id]
    except KeyError:
        raise UnknownNameError(f"id of class {class_name}", asset_id, COLOURS) from None
