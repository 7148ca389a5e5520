"""Meshes from files: convex parts to collide by and surfaces to see, within limits."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.spatial import QhullError

from bimanual_assets.solids import hull
from bimanual_assets.surfaces import fixed
from bimanual_core.asset import Shape, Visual
from bimanual_core.errors import BimanualError

Array = NDArray[np.float64]
#: Largest file [bytes], most faces of one file, most convex parts, most corners of a part, and texture size [pixels].
MOST_BYTES, MOST_FACES, MOST_PARTS, MOST_CORNERS, TEXTURE = 64_000_000, 400_000, 32, 64, 256
SUFFIXES = (".glb", ".obj")


def mesh_parts(file: Path, scale: Array) -> tuple[Shape, ...]:
    """The convex hulls of the connected pieces of a mesh file, ``scale`` (3,) applied; of one piece that is not convex
    its hull. Raises BimanualError naming the file, what is wrong and the limit."""
    pieces = [piece for mesh in _meshes(file) for piece in mesh.split(only_watertight=False, repair=False)]
    if len(pieces) > MOST_PARTS:
        raise BimanualError(
            f"{file} has {len(pieces)} separate pieces; at most {MOST_PARTS} convex parts: join them, or give a "
            "coarser mesh in the folder collision/"
        )
    parts = []
    for piece in pieces:
        try:
            parts.append(hull(_coarse(np.asarray(piece.vertices) * scale)))
        except (ValueError, QhullError):
            continue  # flat pieces have no volume: they are seen, and touch nothing
    if not parts:
        raise BimanualError(f"{file} has no piece with a volume")
    return tuple(parts)


def mesh_visuals(file: Path, scale: Array) -> tuple[Visual, ...]:
    """The surfaces of a mesh file with their colours and textures, ``scale`` (3,) applied. Raises as
    :func:`mesh_parts`."""
    return tuple(_visual(mesh, scale) for mesh in _meshes(file))


def _meshes(file: Path) -> list[trimesh.Trimesh]:
    if file.suffix.lower() not in SUFFIXES:
        raise BimanualError(f"{file}: meshes are read from {', '.join(SUFFIXES)}")
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise BimanualError(f"{file} has {size} bytes; at most {MOST_BYTES}")
    try:
        # from memory and without a resolver: what a file refers to is not read
        scene = trimesh.load_scene(
            io.BytesIO(file.read_bytes()), file_type=file.suffix.lower()[1:], resolver=None, process=False
        )
        meshes = [mesh for mesh in scene.dump() if isinstance(mesh, trimesh.Trimesh) and len(mesh.faces)]
    except Exception as error:  # noqa: BLE001 - readers of broken files raise anything
        raise BimanualError(f"{file} cannot be read: {type(error).__name__}: {str(error)[:100]}") from None
    faces = sum(len(mesh.faces) for mesh in meshes)
    if not 0 < faces <= MOST_FACES:
        raise BimanualError(f"{file} has {faces} faces; it must have 1 to {MOST_FACES}")
    for mesh in meshes:
        if not np.all(np.isfinite(mesh.vertices)):
            bad = int(np.count_nonzero(~np.isfinite(mesh.vertices).all(axis=1)))
            raise BimanualError(f"{file}: {bad} of {len(mesh.vertices)} vertices are not finite (NaN or infinite)")
        if mesh.faces.min() < 0 or mesh.faces.max() >= len(mesh.vertices):
            raise BimanualError(f"{file}: a face names vertex {mesh.faces.max()} of {len(mesh.vertices)}")
    return meshes


def _coarse(points: Array) -> Array:
    """Few corners: the points that reach furthest in directions spread evenly, where there are too many."""
    if len(points) <= MOST_CORNERS:
        return points
    turn = np.arange(400)
    z = 1.0 - (2.0 * turn + 1.0) / len(turn)
    around = turn * np.pi * (3.0 - np.sqrt(5.0))
    radius = np.sqrt(1.0 - z * z)
    directions = np.column_stack([radius * np.cos(around), radius * np.sin(around), z])
    directions = np.concatenate([np.eye(3), -np.eye(3), directions])
    best = np.argmax(points @ directions.T, axis=0)
    _, first, count = np.unique(best, return_index=True, return_counts=True)
    # those along the axes are kept, the others by how many directions they are furthest in
    order = np.lexsort((first, -count, first >= 6))
    return points[best[first[order[:MOST_CORNERS]]]]


def _visual(mesh: trimesh.Trimesh, scale: Array) -> Visual:
    normals = np.asarray(mesh.vertex_normals) / scale
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.where(lengths > 1e-9, normals / np.maximum(lengths, 1e-9), (0.0, 0.0, 1.0))
    rgb, picture = _look(mesh)
    uv = getattr(mesh.visual, "uv", None)
    has_uv = picture is not None and uv is not None and len(uv) == len(mesh.vertices)
    return Visual(
        fixed(np.asarray(mesh.vertices) * scale),
        fixed(np.asarray(mesh.faces, dtype=np.int64)),
        fixed(normals),
        rgb,
        fixed(np.asarray(uv, dtype=float)) if has_uv else None,
        picture if has_uv else None,
    )


def _look(mesh: trimesh.Trimesh) -> tuple[tuple[float, float, float], NDArray[np.uint8] | None]:
    """Colour and, where the file carries one, the base colour's picture."""
    found = getattr(mesh.visual, "material", None)
    factor = getattr(found, "baseColorFactor", None)
    rgb = (0.7, 0.7, 0.7) if factor is None else tuple(float(v) / 255.0 for v in np.asarray(factor)[:3])
    image = getattr(found, "baseColorTexture", None)
    if image is None:
        return rgb, None  # type: ignore[return-value]
    image.draft("RGB", (TEXTURE, TEXTURE))
    picture = np.asarray(image.convert("RGB").resize((TEXTURE, TEXTURE)))[::-1].copy()
    return rgb, fixed(picture)  # type: ignore[return-value]
