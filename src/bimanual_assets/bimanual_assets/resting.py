"""How a body rests on a level surface: the faces of its hull that its centre of mass stands over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import ConvexHull, QhullError

from bimanual_assets.solids import corners_of
from bimanual_core.asset import Shape, StablePose
from bimanual_core.errors import BimanualError
from bimanual_core.se3 import from_rotation
from bimanual_core.solid import combined

Array = NDArray[np.float64]
#: Faces whose normals differ by less than this are one [rad, about].
_SAME_FACE = 1e-3
#: The furthest from the wanted direction that a pose may be up.
_LEAST_COSINE = float(np.cos(np.radians(30.0)))
#: The centre of mass stands at least so far within the face [m].
MARGIN = 0.001


def resting(shapes: Sequence[Shape], density: float, name: str, up: ArrayLike) -> StablePose:
    """The stable pose in which the object's direction ``up`` (3,) is nearest to upwards, turned no further about it
    than the table asks for. Raises BimanualError if there is none within 30 deg of it."""
    wanted = np.asarray(up, dtype=float) / np.linalg.norm(up)
    points = np.concatenate([corners_of(shape) for shape in shapes])
    centre = combined([shape.mass_properties(density) for shape in shapes]).centre
    for normal, offset in _faces(points, wanted):
        if -normal @ wanted < _LEAST_COSINE:
            break
        if _within(points[points @ normal > offset - 1e-5], normal, centre) > MARGIN:
            R_surface_object = _upright(wanted) @ _shortest_turn(-normal, wanted)
            below = R_surface_object @ centre
            return StablePose(name, from_rotation(R_surface_object, (-below[0], -below[1], offset)))
    raise BimanualError(f"no stable pose {name!r} within 30 deg of up = {np.round(wanted, 3).tolist()}")


def _faces(points: Array, up: Array) -> list[tuple[Array, float]]:
    """Outward normals of the hull's faces and their distances from the origin, the lowest face first."""
    equations = ConvexHull(points).equations
    # of triangles of one face, which differ in the last digits, the first one will do
    order = np.lexsort((*np.round(equations.T, 6), np.round(equations[:, :3] @ up, 6)))
    kept: list[tuple[Array, float]] = []
    for equation in equations[order]:
        if not kept or np.linalg.norm(equation[:3] - kept[-1][0]) > _SAME_FACE:
            kept.append((equation[:3], -float(equation[3])))
    return kept


def _within(on_face: Array, normal: Array, centre: Array) -> float:
    """Least distance [m] of the centre's foot from the edges of a face, negative outside."""
    e1 = np.cross(normal, [1.0, 0.0, 0.0] if abs(normal[0]) < 0.9 else [0.0, 1.0, 0.0])
    e1 /= np.linalg.norm(e1)
    flat = np.column_stack([on_face @ e1, on_face @ np.cross(normal, e1)])
    try:
        edges = ConvexHull(flat).equations
    except QhullError:
        return -np.inf  # a face of no area carries nothing
    foot = np.array([centre @ e1, centre @ np.cross(normal, e1)])
    return float(-(edges[:, :2] @ foot + edges[:, 2]).max())


def _upright(up: Array) -> Array:
    """A rotation that brings ``up`` to z and leaves x as it is where it can."""
    return _shortest_turn(up, np.array([0.0, 0.0, 1.0]))


def _shortest_turn(a: Array, b: Array) -> Array:
    """The rotation (3, 3) that brings unit vector ``a`` to ``b``."""
    axis, cosine = np.cross(a, b), float(a @ b)
    if cosine < -1.0 + 1e-9:
        side = np.cross(a, [1.0, 0.0, 0.0] if abs(a[0]) < 0.9 else [0.0, 1.0, 0.0])
        side /= np.linalg.norm(side)
        return 2 * np.outer(side, side) - np.eye(3)
    K = np.array([[0.0, -axis[2], axis[1]], [axis[2], 0.0, -axis[0]], [-axis[1], axis[0], 0.0]])
    return np.eye(3) + K + K @ K / (1.0 + cosine)
