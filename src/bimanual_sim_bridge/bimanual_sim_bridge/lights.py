"""The light of a scene, and its flicker from picture to picture."""

from __future__ import annotations

import numpy as np
import sapien

from bimanual_core.look import LAMP_AIM, SceneLook

#: A weak light from the front, so that nothing is black.
_FILL_DIRECTION, _FILL_RGB = (-0.5, -0.8, -0.6), (0.38, 0.40, 0.45)
#: Flicker is at most so many standard deviations.
_WIDEST = 3.0


class Lights:
    """A soft room light, a lamp that shines on the table, and a weak fill; ``seed`` drives the flicker.

    ``ticks`` of the scene, and not its stamps, say when a picture is taken: those go on from scene to scene.
    """

    def __init__(self, scene: sapien.Scene, look: SceneLook, shadows: bool, seed: int) -> None:
        self._scene, self._look, self._seed = scene, look, seed
        self.ticks = 0
        lamp = np.asarray(look.lamp_xyz)
        self._lamp = scene.add_directional_light(
            np.asarray(LAMP_AIM) - lamp,
            list(look.lamp_rgb),
            shadow=shadows,
            position=lamp,
            shadow_scale=1.6,
            shadow_near=0.1,
            shadow_far=6.0,
            shadow_map_size=2048,
        )
        self._fill = scene.add_directional_light(list(_FILL_DIRECTION), list(_FILL_RGB))
        self._shine(1.0)

    def flicker(self) -> None:
        """Set the brightness of a picture of this instant: the same for the same scene and tick."""
        if self._look.flicker:
            rng = np.random.default_rng([self._seed, self.ticks])
            self._shine(1.0 + self._look.flicker * float(np.clip(rng.normal(), -_WIDEST, _WIDEST)))

    def _shine(self, brightness: float) -> None:
        self._scene.render_system.ambient_light = [brightness * value for value in self._look.ambient_rgb]
        self._lamp.color = [brightness * value for value in self._look.lamp_rgb]
        self._fill.color = [brightness * value for value in _FILL_RGB]
