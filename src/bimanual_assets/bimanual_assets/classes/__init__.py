"""The classes of the catalogue, a family a file. Each class is ``(asset_id) -> Asset`` at scale 1, from a table of its
shapes by id."""
