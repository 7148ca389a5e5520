"""How a scene looks, as data: textures, lights, and how far the head camera is off its place. It moves nothing."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from bimanual_core.errors import BimanualError

Triple = tuple[float, float, float]

#: Textures are generated from their name, ``seen/7``: sets to learn from and to be tested on, each so many.
TEXTURE_SETS = {"seen": 200, "unseen": 100}
#: What the lamp shines on [m, world].
LAMP_AIM: Triple = (0.0, 0.0, 0.8)
#: Bounds of what a request may ask for: brightness, share of flicker, metres and radians of the camera's shift.
BRIGHTEST, MOST_FLICKER, FARTHEST_SHIFT, LARGEST_TURN, FARTHEST_LAMP = 20.0, 0.5, 0.5, 0.5, 100.0
_NAME = re.compile(r"(\w+)/(\d{1,6})")


@dataclass(frozen=True)
class SceneLook:
    """Textures by name (empty: the plain colour), the lamp above the table, the light of the room, ``flicker``
    (standard deviation of the light's brightness from picture to picture, a share of it) and the shift of the head
    camera from its place on the robot [m, rad], in its own frame (x forward)."""

    table_texture: str = ""
    wall_texture: str = ""
    floor_texture: str = ""
    lamp_xyz: Triple = (-0.9, -1.1, 2.8)
    lamp_rgb: Triple = (1.15, 1.11, 1.04)
    ambient_rgb: Triple = (0.30, 0.31, 0.33)
    flicker: float = 0.0
    head_shift_xyz: Triple = (0.0, 0.0, 0.0)
    head_shift_rpy: Triple = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        for name in (self.table_texture, self.wall_texture, self.floor_texture):
            if name:
                texture_index(name)
        self._within("lamp_xyz", self.lamp_xyz, -FARTHEST_LAMP, FARTHEST_LAMP)
        self._within("lamp_rgb", self.lamp_rgb, 0.0, BRIGHTEST)
        self._within("ambient_rgb", self.ambient_rgb, 0.0, BRIGHTEST)
        self._within("flicker", (self.flicker,), 0.0, MOST_FLICKER)
        self._within("head_shift_xyz", self.head_shift_xyz, -FARTHEST_SHIFT, FARTHEST_SHIFT)
        self._within("head_shift_rpy", self.head_shift_rpy, -LARGEST_TURN, LARGEST_TURN)
        if math.dist(self.lamp_xyz, LAMP_AIM) < 0.1:
            raise BimanualError(f"look: lamp_xyz {self.lamp_xyz} is in what it shines on, {LAMP_AIM}")

    def _within(self, name: str, values: tuple[float, ...], low: float, high: float) -> None:
        if not all(low <= value <= high for value in values):
            raise BimanualError(f"look: {name} {', '.join(f'{v:g}' for v in values)} is outside [{low:g}, {high:g}]")


def texture_index(name: str) -> tuple[str, int]:
    """Set and number of a texture's name. Raises BimanualError for a name that none has."""
    match = _NAME.fullmatch(name)
    if match is None or match[1] not in TEXTURE_SETS or int(match[2]) >= TEXTURE_SETS[match[1]]:
        choices = ", ".join(f"{group}/0..{count - 1}" for group, count in TEXTURE_SETS.items())
        raise BimanualError(f"unknown texture {name[:40]!r}; choices: {choices}")
    return match[1], int(match[2])
