"""The catalogue of objects: geometry, material and spatial annotation as data."""

from bimanual_assets.catalog import AssetClass, asset_class, asset_ids, asset_of, class_names, get_asset

__all__ = ["AssetClass", "asset_class", "asset_ids", "asset_of", "class_names", "get_asset"]
