"""Where tasks find their assets: the catalogue, looked up once per (class, id, scale)."""

from __future__ import annotations

from functools import lru_cache

from bimanual_assets.catalog import asset_ids, class_names, get_asset
from bimanual_core.asset import Asset

CLUTTER = "clutter"


@lru_cache(maxsize=256)
def find_asset(class_name: str, asset_id: str, scale: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Asset:
    """The asset at that scale; raises UnknownNameError listing the classes or ids."""
    return get_asset(class_name, asset_id, scale)


def find_ids(class_name: str, evaluation: bool) -> tuple[str, ...]:
    """The ids of a class to learn from, or those that are held out for ``evaluation``; raises UnknownNameError."""
    return asset_ids(class_name, "test" if evaluation else "train")


def clutter_classes() -> list[str]:
    """Classes of things that are only in the way."""
    return class_names(CLUTTER)
