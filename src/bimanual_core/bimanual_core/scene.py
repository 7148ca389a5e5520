"""A scene as data: which assets stand where, on what table. The world's frame is x right, y forward, z up."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError
from bimanual_core.look import SceneLook
from bimanual_core.se3 import as_sent, is_transform

Array = NDArray[np.float64]

TABLE_NAME = "table"
#: Factors of size, mass and friction lie within these, coordinates within so many metres of the world's origin.
FACTORS, FARTHEST = (0.01, 100.0), 100.0
#: A scene has at most so many objects, and an object's name so many characters.
MOST_OBJECTS, LONGEST_NAME = 200, 100
#: Height of the table's top [m]: above its own legs, below the arms' bases at their highest.
TABLE_HEIGHTS = (0.2, 1.5)
#: No side of a table is longer [m].
LARGEST_TABLE = 10.0


@dataclass(frozen=True)
class TableSpec:
    """The table: full size [m], height of its top [m] and centre of its top in world x, y."""

    size: tuple[float, float, float] = (1.2, 0.7, 0.05)
    top_z: float = 0.74
    centre_xy: tuple[float, float] = (0.0, 0.0)
    friction: float = 0.8
    rgb: tuple[float, float, float] = (0.72, 0.62, 0.50)

    def __post_init__(self) -> None:
        low, high = TABLE_HEIGHTS
        if not low <= self.top_z <= high:
            raise BimanualError(f"table: top_z {self.top_z} m is outside [{low}, {high}]")
        if not all(0.0 < length <= LARGEST_TABLE for length in self.size):
            raise BimanualError(f"table: size {self.size} m is outside (0, {LARGEST_TABLE:g}]")
        if not all(abs(value) <= FARTHEST for value in self.centre_xy):
            raise BimanualError(f"table: centre_xy {self.centre_xy} is beyond {FARTHEST:.0f} m")


@dataclass(frozen=True, eq=False)
class SceneObject:
    """An object in a scene: an asset of the catalogue at a pose.

    ``fixed`` objects never move; ``mass_scale`` and ``friction_scale`` carry the +-5% variation.
    """

    name: str
    class_name: str
    asset_id: str
    T_world_object: Array
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    fixed: bool = False
    rgb: tuple[float, float, float] | None = None
    mass_scale: float = 1.0
    friction_scale: float = 1.0

    def __post_init__(self) -> None:
        if not self.name:
            raise BimanualError(f"an object of class {self.class_name!r} has no name")
        if len(self.name) > LONGEST_NAME:
            raise BimanualError(
                f"object name {self.name[:20]!r}... has {len(self.name)} letters; at most {LONGEST_NAME}"
            )
        if not is_transform(self.T_world_object):
            raise BimanualError(f"object {self.name!r}: the pose is not a finite rigid transform")
        position = self.T_world_object[:3, 3]
        if np.max(np.abs(position)) > FARTHEST:
            raise BimanualError(f"object {self.name!r}: position {position.tolist()} is beyond {FARTHEST:.0f} m")
        self._require_within("scale", self.scale, FACTORS)
        self._require_within("mass_scale", (self.mass_scale,), FACTORS)
        self._require_within("friction_scale", (self.friction_scale,), (0.0, FACTORS[1]))
        self._require_within("rgb", self.rgb or (), (0.0, 1.0))
        object.__setattr__(self, "T_world_object", as_sent(self.T_world_object))

    def _require_within(self, field_name: str, values: tuple[float, ...], limits: tuple[float, float]) -> None:
        if not all(limits[0] <= value <= limits[1] for value in values):
            raise BimanualError(
                f"object {self.name!r}: {field_name} {', '.join(f'{v:g}' for v in values)} is outside "
                f"[{limits[0]:g}, {limits[1]:g}]"
            )


@dataclass(frozen=True, eq=False)
class SceneSpec:
    """Everything a world needs to build a scene; ``seed`` drives what the world itself randomises.

    An object that comes to rest more than ``settle_limit`` [m] from where it was put makes the scene one that its
    author did not mean: the world refuses it (SCENE_UNSTABLE); 0 leaves that unasked.
    """

    objects: tuple[SceneObject, ...] = ()
    table: TableSpec = field(default_factory=TableSpec)
    seed: int = 0
    settle_limit: float = 0.0
    look: SceneLook = field(default_factory=SceneLook)

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise BimanualError(f"seed {self.seed} is below the limit 0")
        if not 0.0 <= self.settle_limit <= FARTHEST:
            raise BimanualError(f"settle_limit {self.settle_limit} m is outside [0, {FARTHEST:.0f}]")
        if len(self.objects) > MOST_OBJECTS:
            raise BimanualError(f"a scene of {len(self.objects)} objects; at most {MOST_OBJECTS}")
        names = [o.name for o in self.objects]
        reserved = {TABLE_NAME, "robot", "world"}
        for name in names:
            if names.count(name) > 1 or name in reserved:
                raise BimanualError(f"object name {name!r} is used twice or reserved")
