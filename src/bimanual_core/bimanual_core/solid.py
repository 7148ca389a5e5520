"""Volume, centre and inertia of convex solids of even density."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MassProperties:
    """``mass`` [kg], ``centre`` of mass (3,) [m] and ``inertia`` (3, 3) [kg m^2] about it, along the frame's axes."""

    mass: float
    centre: Array
    inertia: Array

    def principal(self) -> tuple[Array, Array]:
        """Moments (3,) [kg m^2] and the rotation (3, 3) whose columns are their axes."""
        moments, axes = np.linalg.eigh(self.inertia)
        if np.linalg.det(axes) < 0:
            axes[:, 0] = -axes[:, 0]
        return moments, axes


def combined(parts: Sequence[MassProperties]) -> MassProperties:
    """Of several bodies that move as one."""
    mass = sum(part.mass for part in parts)
    centre = np.sum([part.mass * part.centre for part in parts], axis=0) / mass
    inertia = np.zeros((3, 3))
    for part in parts:
        inertia += part.inertia + part.mass * _steiner(part.centre - centre)
    return MassProperties(mass, centre, inertia)


def moments_of(
    kind: str, size: Sequence[float], vertices: Array | None = None, faces: NDArray[np.int64] | None = None
) -> tuple[float, Array, Array]:
    """Volume [m^3], centre (3,) and inertia (3, 3) about it at density 1, of an ``asset.Shape``."""
    if vertices is not None and faces is not None:
        return _polyhedron(vertices, faces)
    if kind == "box":
        volume = float(np.prod(size))
        squares = np.square(size)
        diagonal = (squares.sum() - squares) / 12
    elif kind == "cylinder":
        radius, length = size
        volume = float(np.pi * radius**2 * length)
        across = radius**2 / 4 + length**2 / 12
        diagonal = np.array([across, across, radius**2 / 2])
    else:
        volume = float(4 / 3 * np.pi * size[0] ** 3)
        diagonal = np.full(3, 0.4 * size[0] ** 2)
    return volume, np.zeros(3), volume * np.diag(diagonal)


def _polyhedron(vertices: Array, faces: NDArray[np.int64]) -> tuple[float, Array, Array]:
    """Summed over the tetrahedra between the faces and the origin."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    sixths = np.einsum("ij,ij->i", a, np.cross(b, c))
    volume = float(sixths.sum() / 6)
    sums = a + b + c
    centre = sixths @ sums / 24 / volume
    # The second moments of a tetrahedron with a corner at the origin (Tonon, 2004), as one matrix product.
    second = np.einsum("i,ij,ik->jk", sixths, sums, sums)
    for corner in (a, b, c):
        second += np.einsum("i,ij,ik->jk", sixths, corner, corner)
    second = second / 120 - volume * np.outer(centre, centre)
    return volume, centre, np.trace(second) * np.eye(3) - second


def _steiner(offset: Array) -> Array:
    return float(offset @ offset) * np.eye(3) - np.outer(offset, offset)
