"""What is seen: smooth surfaces with normals and texture coordinates, finer than the convex parts below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bimanual_assets.solids import corners_of, hull
from bimanual_core.asset import Rgb, Shape, Visual

Array = NDArray[np.float64]
#: Segments around what is round.
SEGMENTS = 32


@dataclass(frozen=True)
class Look:
    """Colour or texture of a surface, and how it shines."""

    rgb: Rgb = (0.7, 0.7, 0.7)
    texture: NDArray[np.uint8] | None = None
    roughness: float = 0.7
    metallic: float = 0.0


def revolve(
    profile: Sequence[tuple[float, float]], look: Look, count: int = SEGMENTS, crease_deg: float = 40.0
) -> Visual:
    """A profile of (radius, z) turned about z, its outside to the right of the way along it (upwards: outwards).

    Corners sharper than ``crease_deg`` stay sharp. u of the texture goes around, v along the profile.
    """
    points = np.asarray(profile, dtype=float)
    steps = np.diff(points, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    across = np.column_stack([steps[:, 1], -steps[:, 0]]) / lengths[:, None]
    along = np.concatenate([[0.0], np.cumsum(lengths)]) / lengths.sum()
    rows: list[tuple[Array, Array, float]] = []
    for i in range(len(steps)):
        for end in (i, i + 1):
            other = i - 1 if end == i else i + 1
            normal = across[i]
            if 0 <= other < len(steps) and across[other] @ across[i] > np.cos(np.radians(crease_deg)):
                normal = across[i] + across[other]
                normal = normal / np.linalg.norm(normal)
            rows.append((points[end], normal, float(along[end])))
    angles = np.linspace(0.0, 2 * np.pi, count + 1)
    turn = np.column_stack([np.cos(angles), np.sin(angles)])
    vertices = np.concatenate([np.column_stack([r * turn, np.full(count + 1, z)]) for (r, z), _, _ in rows])
    normals = np.concatenate([np.column_stack([n[0] * turn, np.full(count + 1, n[1])]) for _, n, _ in rows])
    uv = np.concatenate([np.column_stack([angles / (2 * np.pi), np.full(count + 1, v)]) for _, _, v in rows])
    faces = [_strip(2 * i * (count + 1), (2 * i + 1) * (count + 1), count) for i in range(len(steps))]
    return _visual(vertices, np.concatenate(faces), normals, uv, look)


def extrude(outline: ArrayLike, z0: float, z1: float, look: Look, top: float = 1.0) -> Visual:
    """A convex ``outline`` (N, 2), anti-clockwise, from ``z0`` to ``z1``, smooth around and with flat ends. The top is
    ``top`` times as large."""
    flat = np.asarray(outline, dtype=float)
    closed = np.concatenate([flat, flat[:1]])
    edges = np.diff(closed, axis=0)
    outwards = np.column_stack([edges[:, 1], -edges[:, 0]])
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    smooth = outwards + np.roll(outwards, 1, axis=0)
    smooth /= np.maximum(np.linalg.norm(smooth, axis=1, keepdims=True), 1e-9)
    smooth = np.concatenate([smooth, smooth[:1]])
    n = len(flat)
    u = np.linspace(0.0, 1.0, n + 1)
    side = np.concatenate([_at(closed, z0), _at(closed * top, z1)])
    normals = np.tile(np.column_stack([smooth, np.zeros(n + 1)]), (2, 1))
    uv = np.concatenate([np.column_stack([u, np.zeros(n + 1)]), np.column_stack([u, np.ones(n + 1)])])
    ends, end_faces = [], []
    start = len(side)
    around = np.arange(1, n - 1)
    for z, scale, sign in ((z0, 1.0, -1.0), (z1, top, 1.0)):
        ends.append(_at(flat * scale, z))
        fan = np.column_stack([np.zeros(n - 2, dtype=int), around, around + 1])
        end_faces.append(start + (fan if sign > 0 else fan[:, ::-1]))
        normals = np.concatenate([normals, np.tile([0.0, 0.0, sign], (n, 1))])
        uv = np.concatenate([uv, (flat - flat.min(axis=0)) / np.ptp(flat, axis=0)])
        start += n
    vertices = np.concatenate([side, *ends])
    return _visual(vertices, np.concatenate([_strip(0, n + 1, n), *end_faces]), normals, uv, look)


def faceted(shape: Shape, look: Look) -> Visual:
    """A convex part as it is: flat faces, the texture laid on along the axes that each face looks along least."""
    whole = shape if shape.faces is not None else hull(corners_of(shape))
    vertices = corners_of(whole)
    corners = vertices[whole.faces].reshape(-1, 3)
    a, b, c = (vertices[whole.faces[:, i]] for i in range(3))  # type: ignore[index]
    normals = np.cross(b - a, c - a)
    normals = np.repeat(normals / np.linalg.norm(normals, axis=1, keepdims=True), 3, axis=0)
    inside = (corners - vertices.min(axis=0)) / np.ptp(vertices, axis=0).max()
    main = np.argmax(np.abs(normals), axis=1)
    uv = np.array([np.delete(point, axis) for point, axis in zip(inside, main, strict=True)])
    return _visual(corners, np.arange(len(corners)).reshape(-1, 3), normals, uv, look)


def tube(path: ArrayLike, radius: float, look: Look, count: int = 10) -> Visual:
    """A round bar of ``radius`` [m] along points (N, 3) that lie in a plane, such as a handle."""
    points = np.asarray(path, dtype=float)
    tangents = np.gradient(points, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    side = np.linalg.svd(points - points.mean(axis=0))[2][2]
    angles = np.linspace(0.0, 2 * np.pi, count + 1)
    normals = []
    for tangent in tangents:
        other = np.cross(tangent, side)
        normals.append(np.cos(angles)[:, None] * side + np.sin(angles)[:, None] * other)
    vertices = np.concatenate([p + radius * n for p, n in zip(points, normals, strict=True)])
    v = np.repeat(np.linspace(0.0, 1.0, len(points)), count + 1)
    uv = np.column_stack([np.tile(angles / (2 * np.pi), len(points)), v])
    faces = [_strip(i * (count + 1), (i + 1) * (count + 1), count)[:, ::-1] for i in range(len(points) - 1)]
    return _visual(vertices, np.concatenate(faces), np.concatenate(normals), uv, look)


def moved(visual: Visual, T: Array) -> Visual:
    """The surface at a pose (4, 4)."""
    R, t = T[:3, :3], T[:3, 3]
    return replace(visual, vertices=fixed(visual.vertices @ R.T + t), normals=fixed(visual.normals @ R.T))


def scaled(visual: Visual, scale: Array) -> Visual:
    """The surface stretched along the axes by ``scale`` (3,)."""
    normals = visual.normals / scale
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return replace(visual, vertices=fixed(visual.vertices * scale), normals=fixed(normals))


def _strip(low: int, high: int, count: int) -> NDArray[np.int64]:
    """Triangles between two rows of ``count`` + 1 points, anti-clockwise seen from outside where rows go upwards."""
    i = np.arange(count)
    return np.concatenate(
        [np.column_stack([low + i, low + i + 1, high + i + 1]), np.column_stack([low + i, high + i + 1, high + i])]
    )


def _at(flat: Array, z: float) -> Array:
    return np.column_stack([flat, np.full(len(flat), z)])


def _visual(vertices: Array, faces: NDArray[np.int64], normals: Array, uv: Array, look: Look) -> Visual:
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    kept = np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-14  # where a profile meets its axis
    return Visual(
        fixed(vertices),
        fixed(faces[kept].astype(np.int64)),
        fixed(normals),
        look.rgb,
        fixed(uv) if look.texture is not None else None,
        look.texture,
        look.roughness,
        look.metallic,
    )


def fixed(array: NDArray) -> NDArray:
    """The array itself, which nobody writes to any more."""
    array.setflags(write=False)
    return array
