"""Assets by class and id. What is made once is kept: assets never change."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from bimanual_assets.boxes import Size
from bimanual_assets.classes import (
    blocks,
    bottles,
    cabinets,
    clutter,
    fruit,
    furniture,
    handtools,
    shoes,
    tools,
    vessels,
)
from bimanual_assets.draft import scaled
from bimanual_core.asset import Asset
from bimanual_core.errors import BimanualError, UnknownNameError
from bimanual_core.registry import Registry
from bimanual_core.scene import SceneObject

Builder = Callable[[str, Size], Asset]
#: What a class is for: coloured blocks, things that tasks move, things they are put on or into, and things in the way.
KINDS = ("block", "object", "furniture", "clutter")
#: Folders in RoboTwin's format that join the catalogue, separated as in PATH.
FOLDERS_VARIABLE = "BIMANUAL_ASSET_FOLDERS"


@dataclass(frozen=True)
class AssetClass:
    """One class: how an asset is made from (id, scale), and its ids. Of numbered ids the odd ones are ``held_out``:
    shapes that are kept for evaluation."""

    name: str
    kind: str
    build: Builder
    ids: tuple[str, ...]
    held_out: tuple[str, ...] = ()

    @property
    def train(self) -> tuple[str, ...]:
        """The ids that are not held out."""
        return tuple(i for i in self.ids if i not in self.held_out)

    def choose(self, split: str) -> tuple[str, ...]:
        """Ids of a split: ``train``, ``test`` (held out) or ``all``. Raises UnknownNameError."""
        splits = {"train": self.train, "test": self.held_out or self.ids, "all": self.ids}
        if split not in splits:
            raise UnknownNameError("split", split, splits)
        return splits[split]


_CLASSES: Registry[AssetClass] = Registry("asset class")


def get_asset(class_name: str, asset_id: str | None = None, scale: Size = (1.0, 1.0, 1.0)) -> Asset:
    """The asset ``asset_id`` (the first one when None) of ``class_name`` with ``scale`` applied to its geometry and
    annotation.

    Raises UnknownNameError listing the classes or ids that exist, BimanualError for a scale that is not positive.
    """
    if len(scale) != 3 or not all(np.isfinite(s) and s > 0 for s in scale):
        raise BimanualError(f"{class_name} {asset_id}: scale {scale} must be three positive numbers")
    return _made(class_name, asset_id or asset_class(class_name).ids[0], tuple(scale))


def asset_of(item: SceneObject) -> Asset:
    """The asset that a scene object names. Raises as :func:`get_asset`."""
    return get_asset(item.class_name, item.asset_id, item.scale)


def asset_class(name: str) -> AssetClass:
    """A class by its name; raises UnknownNameError listing them."""
    if name not in _CLASSES:
        _load_named_folders()
    return _CLASSES.get(name)


def asset_ids(class_name: str, split: str = "all") -> tuple[str, ...]:
    """The ids of a class, or those of its split ``train`` or ``test``. Raises UnknownNameError."""
    return asset_class(class_name).choose(split)


def class_names(kind: str | None = None) -> list[str]:
    """The classes that exist, all or those of a kind. Raises UnknownNameError listing the kinds."""
    if kind is not None and kind not in KINDS:
        raise UnknownNameError("kind of asset class", kind, KINDS)
    _load_named_folders()
    return [name for name in _CLASSES.names() if kind is None or _CLASSES.get(name).kind == kind]


def add_class(name: str, kind: str, build: Callable[[str], Asset], ids: Iterable[str]) -> None:
    """Add a class whose assets are made at scale 1. Raises ValueError if the name is taken."""
    ids = tuple(ids)
    # few shapes, drawn again and again in sizes of their own
    plain = cache(build)

    def stretched(asset_id: str, scale: Size) -> Asset:
        if asset_id not in ids:
            raise UnknownNameError(f"id of class {name}", asset_id, ids)
        return scaled(plain(asset_id), scale)

    held_out = tuple(i for i in ids if i.isdigit() and int(i) % 2 == 1)
    _CLASSES.add(name, AssetClass(name, kind, stretched, ids, held_out))


@cache
def _load_named_folders() -> None:
    """The folders that the environment names, once a process: every node and worker finds the same classes."""
    for folder in filter(None, os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)):
        # the importer builds on the catalogue
        from bimanual_assets.importing import register_folder

        register_folder(Path(folder))


@lru_cache(maxsize=128)
def _made(class_name: str, asset_id: str, scale: Size) -> Asset:
    return asset_class(class_name).build(asset_id, scale)


for _name, _build in (
    ("cube", blocks.cube),
    ("handover_block", blocks.handover_block),
    ("pad", blocks.pad),
    ("box", blocks.plain_box),
):
    _CLASSES.add(_name, AssetClass(_name, "block", _build, tuple(blocks.COLOURS)))
add_class("bottle", "object", bottles.bottle, bottles.SHAPES)
add_class("cup", "object", vessels.cup, vessels.CUPS)
add_class("mug", "object", vessels.mug, vessels.MUGS)
add_class("container", "object", vessels.container, [*vessels.CONTAINERS, *vessels.TRAYS])
add_class("plate", "furniture", vessels.plate, vessels.PLATES)
add_class("coaster", "furniture", vessels.coaster, vessels.COASTERS)
add_class("hammer", "object", handtools.hammer, handtools.HAMMERS)
add_class("shoe", "object", shoes.shoe, shoes.SHOES)
add_class("apple", "object", fruit.apple, fruit.APPLES)
add_class("tool", "object", tools.tool, tools.TOOLS)
add_class("rack", "furniture", furniture.rack, furniture.RACKS)
add_class("cabinet", "furniture", cabinets.cabinet, cabinets.CABINETS)
add_class("shoe_box", "furniture", furniture.shoe_box, furniture.SHOE_BOXES)
for _name in clutter.KINDS:
    add_class(_name, "clutter", clutter.build(_name), clutter.IDS)
