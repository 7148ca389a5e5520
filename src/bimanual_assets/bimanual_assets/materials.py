"""What things are made of: friction, density and restitution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bimanual_core.errors import UnknownNameError

#: Largest relative change of mass and friction by :func:`variation`.
VARIATION = 0.05


@dataclass(frozen=True)
class Material:
    """``density`` [kg/m^3] of the convex parts, so that hollow and porous things have what they weigh for their
    volume; ``friction`` against rubber pads and a wooden table."""

    name: str
    density: float
    friction: float
    restitution: float = 0.0


MATERIALS = {
    m.name: m
    for m in (
        Material("wood", 600.0, 0.8),
        Material("steel", 7800.0, 0.7),
        Material("plastic", 950.0, 0.8),
        Material("foam", 60.0, 0.9),
        Material("rubber", 1100.0, 1.0, 0.1),
        Material("ceramic", 1300.0, 0.8),
        Material("glass", 900.0, 0.75),
        Material("bottle", 380.0, 0.8),  # a drinks bottle, a third full
        Material("can", 420.0, 0.75),
        Material("shoe", 330.0, 0.9),  # leather and rubber around air
        Material("cardboard", 180.0, 0.8),
        Material("paper", 600.0, 0.8),
        Material("fruit", 800.0, 0.8),
        Material("cork", 240.0, 0.9),
        Material("soap", 900.0, 0.6),
        Material("electronics", 750.0, 0.8),
    )
}


def material(name: str) -> Material:
    """The material of that name; raises UnknownNameError listing them."""
    try:
        return MATERIALS[name]
    except KeyError:
        raise UnknownNameError("material", name, MATERIALS) from None


def variation(rng: np.random.Generator) -> tuple[float, float]:
    """``mass_scale`` and ``friction_scale`` of one object of a scene, each within 5% of 1."""
    mass, friction = rng.uniform(1.0 - VARIATION, 1.0 + VARIATION, 2)
    return float(mass), float(friction)
