"""The path that is timed: joints, and the distances tool points have travelled, over the length of joint travel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline, CubicSpline, make_interp_spline

from bimanual_core.errors import BimanualError

Array = NDArray[np.float64]
#: Waypoints closer than this [rad] are one, and a path that is no further from a line is one.
SAME = 1e-7
_SAME_LENGTH = 1e-7  # [m] a tool's distance that is no further from growing evenly does
_FEWEST = 6  # waypoints of a quintic spline
_EVEN = 8.0  # ratio of neighbouring chords up to which one is used


class GeometricPath:
    """A natural spline through waypoints (N, n) [rad] over their chord length ``s`` [rad], from 0 to ``length``.

    It is quintic, so that the third derivative, which jerks follow, has no jumps. Few waypoints and very uneven ones,
    between which a quintic would swing, get a cubic. Waypoints on one line, passed in order, are its ends alone.
    ``tool`` (N, k) [m] are splined along. Raises BimanualError for a path or distances of a wrong shape or with values
    that are not finite.
    """

    def __init__(self, waypoints: Array, dof: int, tool: Array | None = None) -> None:
        points = np.asarray(waypoints, dtype=float)
        if points.ndim != 2 or points.shape[1] != dof or len(points) == 0:
            raise BimanualError(f"path must be of shape (N, {dof}) with N at least 1, got {points.shape}")
        if not np.all(np.isfinite(points)):
            row, joint = (int(v) for v in np.argwhere(~np.isfinite(points))[0])
            raise BimanualError(f"path must be finite: waypoint {row}, joint {joint} is {points[row, joint]}")
        self.dof = dof
        self.start, self.end = points[0], points[-1]
        columns = points if tool is None else np.hstack([points, _tool_distances(tool, len(points))])
        keep = _distinct(points)
        self.straight = len(keep) <= 2 or _is_line(columns[keep], dof)
        columns = columns[keep[[0, -1]]] if self.straight else columns[keep]
        chords = np.sqrt(np.sum(np.diff(columns[:, :dof], axis=0) ** 2, axis=1))
        self.knots = np.concatenate([[0.0], np.cumsum(chords)])
        self.length = float(self.knots[-1])
        #: How far each joint (n,) travels [rad].
        self.travel = np.abs(np.diff(columns[:, :dof], axis=0)).sum(axis=0)
        if self.straight:
            self._change = columns[-1] - columns[0]
        else:
            self._spline = _spline(self.knots, columns)

    @property
    def change(self) -> Array:
        """Of a straight path: what joints and tool distances (n + k,) change from start to end."""
        return self._change

    def at(self, s: Array, order: int = 0) -> Array:
        """Joints and tool distances (M, n + k) of a path that is not straight, or a derivative by ``s``."""
        values: Array = self._spline(s, order)
        return values


def _spline(knots: Array, columns: Array) -> BSpline | CubicSpline:
    chords = np.diff(knots)
    ratios = chords[1:] / chords[:-1]
    if len(knots) < _FEWEST or ratios.max() > _EVEN or ratios.min() < 1.0 / _EVEN:
        return CubicSpline(knots, columns, bc_type="natural")
    zero = np.zeros(columns.shape[1])
    return make_interp_spline(knots, columns, k=5, bc_type=([(3, zero), (4, zero)],) * 2)


def _tool_distances(tool: Array, count: int) -> Array:
    tool = np.asarray(tool, dtype=float)
    if tool.ndim != 2 or len(tool) != count or not np.all(np.isfinite(tool)):
        raise BimanualError(f"tool distances must be finite, one row for each of {count} waypoints, got {tool.shape}")
    return tool


def _distinct(points: Array) -> NDArray[np.intp]:
    """Indices of waypoints that differ from the one kept before; the first and the last always stay."""
    steps = np.abs(np.diff(points, axis=0)).max(axis=1, initial=0.0)
    if np.all(steps > SAME):
        return np.arange(len(points))
    keep = [0]
    for i in range(1, len(points) - 1):
        if np.max(np.abs(points[i] - points[keep[-1]])) > SAME:
            keep.append(i)
    if len(keep) > 1 and np.max(np.abs(points[-1] - points[keep[-1]])) <= SAME:
        keep.pop()
    return np.array([*keep, len(points) - 1])


def _is_line(columns: Array, dof: int) -> bool:
    first, whole = columns[0], columns[-1] - columns[0]
    square = float(whole[:dof] @ whole[:dof])
    if square <= 0.0:
        return False
    share = (columns[:, :dof] - first[:dof]) @ whole[:dof] / square
    off = np.abs(columns - first - share[:, None] * whole).max(axis=0)
    near = np.all(off[:dof] <= SAME) and np.all(off[dof:] <= _SAME_LENGTH)
    return bool(near and np.all(np.diff(share) > 0.0))
