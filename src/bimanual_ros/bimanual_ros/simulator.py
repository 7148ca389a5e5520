"""What the services under ``sim/`` ask of a simulator."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bimanual_core.observation import ObjectSnapshot
from bimanual_core.scene import SceneSpec
from bimanual_core.stepping import StepJob


class Simulator(Protocol):
    """A simulator that one thread runs; all of this is called from that thread."""

    @property
    def lockstep(self) -> bool:
        """Whether time advances only while something runs."""
        ...

    @property
    def playing(self) -> bool:
        """Whether goals run, and in realtime time runs too."""
        ...

    def set_playing(self, playing: bool) -> None: ...

    def step(self, count: int) -> StepJob:
        """A job that ends when ``count`` ticks have passed and time is where it may rest."""
        ...

    def load_scene(self, scene: SceneSpec) -> tuple[int, int]:
        """Build a scene; its scene_id and the stamp [ns] at which it is ready. Jobs under way end early. Raises
        BimanualError."""
        ...

    def reload(self) -> None:
        """Build the present scene again. Raises BimanualError."""
        ...

    def objects(self) -> ObjectSnapshot: ...

    def twists(self) -> dict[str, NDArray[np.float64]]:
        """Velocity (6,) of each object in the world: linear [m/s], then angular [rad/s]."""
        ...
