"""Convex parts: hulls, prisms, turned solids and the walls of hollow vessels, as collision shapes.

Everything is made in code from a few numbers, so the same numbers always give the same points.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import ConvexHull

from bimanual_core.asset import Shape
from bimanual_core.se3 import from_rotation

Array = NDArray[np.float64]
#: Points around a turned part: its flats face the axes every 15 deg, so that fingers and tables meet flats.
ROUND = 24
#: Points nearer than this are one [m].
GRAIN = 1e-7


def hull(points: ArrayLike, density: float | None = None) -> Shape:
    """The convex hull of ``points`` (N, 3) in the object frame. Raises ValueError for points in a plane."""
    points = np.unique(np.round(np.asarray(points, dtype=float) / GRAIN).astype(np.int64), axis=0) * GRAIN
    if len(points) < 4 or np.linalg.matrix_rank(points - points[0], tol=10 * GRAIN) < 3:
        raise ValueError(f"{len(points)} different points span no volume")
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    found = ConvexHull(points - middle)
    corners = np.sort(found.vertices)
    number = np.full(len(points), -1)
    number[corners] = np.arange(len(corners))
    vertices = found.points[corners]
    faces = _outwards(vertices, number[found.simplices], found.equations[:, :3])
    size = np.ptp(vertices, axis=0)
    vertices.setflags(write=False)
    faces.setflags(write=False)
    return Shape(
        "mesh",
        (float(size[0]), float(size[1]), float(size[2])),
        from_rotation(np.eye(3), middle),
        vertices=vertices,
        faces=faces,
        density=density,
    )


def block(size: Sequence[float], centre: Sequence[float] = (0.0, 0.0, 0.0), density: float | None = None) -> Shape:
    """A box along the object's axes."""
    return Shape(
        "box", (float(size[0]), float(size[1]), float(size[2])), from_rotation(np.eye(3), centre), density=density
    )


def prism(outline: ArrayLike, z0: float, z1: float, density: float | None = None, top: float = 1.0) -> Shape:
    """A convex ``outline`` (N, 2) from ``z0`` to ``z1``, where it is ``top`` times as large."""
    flat = np.asarray(outline, dtype=float)
    low = np.column_stack([flat, np.full(len(flat), z0)])
    high = np.column_stack([flat * top, np.full(len(flat), z1)])
    return hull(np.concatenate([low, high]), density)


def turned(profile: Sequence[tuple[float, float]], count: int = ROUND, density: float | None = None) -> Shape:
    """The hull of circles (radius, z) [m] about z; across its flats it is as wide as the circles."""
    return hull(np.concatenate([ring(radius, z, count) for radius, z in profile]), density)


def ring(radius: float, z: float, count: int = ROUND) -> Array:
    """A regular polygon (count, 3) around the circle: flats face x and y; one point where the radius is 0."""
    if radius <= 0.0:
        return np.array([[0.0, 0.0, z]])
    angles = (np.arange(count) + 0.5) * 2 * np.pi / count
    corner = radius / np.cos(np.pi / count)
    return np.column_stack([corner * np.cos(angles), corner * np.sin(angles), np.full(count, z)])


def walls(
    outer: Sequence[float],
    inner: Sequence[float],
    heights: Sequence[float],
    sectors: int = 6,
    count: int = ROUND,
    density: float | None = None,
) -> list[Shape]:
    """The wall of a round vessel as convex sectors: radii ``outer`` and ``inner`` [m] at its two ``heights``.

    Within, a sector is as thick in its middle as a chord makes it; across the flats it keeps the outer radius.
    """
    around = count // sectors
    parts = []
    for sector in range(sectors):
        points = []
        for out, within, z in zip(outer, inner, heights, strict=True):
            corners = ring(out, z, count)
            first, last = sector * around, (sector + 1) * around
            # between the flats' corners on either side of the sector's ends
            edge = [(corners[i - 1] + corners[i % count]) / 2 for i in (first, last)]
            points += [edge[0], *corners[first:last], edge[1]]
            points += [np.array([*(within / out * e[:2]), z]) for e in edge]
        parts.append(hull(np.array(points), density))
    return parts


def rounded(half_x: float, half_y: float, radius: float, steps: int = 3) -> Array:
    """Outline (N, 2) of a rectangle with rounded corners."""
    angles = np.linspace(0.0, np.pi / 2, steps)
    points = []
    for turn, (sx, sy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        middle = np.array([sx * (half_x - radius), sy * (half_y - radius)])
        at = angles + turn * np.pi / 2
        points.append(middle + radius * np.column_stack([np.cos(at), np.sin(at)]))
    return np.concatenate(points)


def halfspaces(shape: Shape) -> tuple[Array, Array]:
    """Outward normals (M, 3) and offsets (M,) in the object frame: inside, normals @ p <= offsets. Not for spheres and
    cylinders."""
    R, t = shape.T_object_shape[:3, :3], shape.T_object_shape[:3, 3]
    if shape.vertices is not None and shape.faces is not None:
        a, b, c = (shape.vertices[shape.faces[:, i]] for i in range(3))
        normals = np.cross(b - a, c - a)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        offsets = np.einsum("ij,ij->i", normals, a)
    else:
        normals = np.concatenate([np.eye(3), -np.eye(3)])
        offsets = np.tile(np.asarray(shape.size) / 2, 2)
    normals = normals @ R.T
    return normals, offsets + normals @ t


def corners_of(shape: Shape) -> Array:
    """Points (N, 3) in the object frame whose hull is the shape. Not for spheres and cylinders."""
    if shape.vertices is not None:
        local = shape.vertices
    else:
        signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T
        local = signs * np.asarray(shape.size) / 2
    return local @ shape.T_object_shape[:3, :3].T + shape.T_object_shape[:3, 3]


def _outwards(vertices: Array, faces: NDArray[np.int64], normals: Array) -> NDArray[np.int64]:
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    inwards = np.einsum("ij,ij->i", np.cross(b - a, c - a), normals) < 0
    faces = faces.astype(np.int64)
    faces[inwards] = faces[inwards][:, ::-1]
    return faces
