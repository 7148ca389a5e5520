"""Paths made shorter: corners left out, then detours cut off, wherever a straight line is free."""

from __future__ import annotations

import math
import time
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bimanual_planner.sampling import Valid
from bimanual_planner.steps import along, travel

Array = NDArray[np.float64]
_LEAST = 0.2  # [rad] a cut has to save; for less its checks are not worth their time


def shortcut(
    path: Array,
    valid: Valid,
    *,
    spacing: float = 0.05,
    attempts: int = 30,
    rng: np.random.Generator | int = 0,
    deadline_s: float = math.inf,
) -> Array:
    """The path (N, n) without the corners and, tried ``attempts`` times, the detours that it can do without, while
    ``time.monotonic()`` has not passed ``deadline_s``. ``spacing`` [rad] is the distance between validity checks."""
    path = _without_corners(_without_repeats(path), valid, spacing, deadline_s)
    draw = np.random.default_rng(rng)
    for _ in range(attempts):
        if len(path) < 3 or time.monotonic() > deadline_s:
            break
        ends = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
        a, b = np.sort(draw.uniform(0.0, ends[-1], 2))
        i, j = int(np.searchsorted(ends, a, side="right")) - 1, int(np.searchsorted(ends, b, side="right")) - 1
        corners = np.array([_point(path, ends, a), _point(path, ends, b)])
        if i < j and b - a - np.linalg.norm(corners[1] - corners[0]) > _LEAST and line_is_free(corners, valid, spacing):
            path = np.vstack([path[: i + 1], corners, path[j + 1 :]])
    return _without_repeats(path)


def _without_corners(path: Array, valid: Valid, spacing: float, deadline_s: float) -> Array:
    """The path by the farthest corner, from each, that a free line leads to."""
    kept = [0]
    while kept[-1] < len(path) - 1:
        here, there = kept[-1], len(path) - 1
        while there > here + 1 and (
            time.monotonic() > deadline_s or not line_is_free(path[[here, there]], valid, spacing)
        ):
            there -= 1
        kept.append(there)
    return path[kept]


def line_is_free(corners: Array, valid: Valid, spacing: float) -> bool:
    """Whether all joints along corners (N, n), ``spacing`` [rad] apart, are valid."""
    count = max(2, int(np.ceil(travel(corners) / spacing)) + 1)
    line = along(corners, count)
    return all(valid(line[i]) for i in _halving(count))


@cache
def _halving(count: int) -> tuple[int, ...]:
    """0 to ``count`` - 1 in an order that halves what is left: a line that is blocked is blocked in its middle sooner
    than at its ends."""
    order, spans = [], [(0, count)]
    while spans:
        order += [(low + high) // 2 for low, high in spans]
        spans = [half for low, high in spans for half in _halves(low, high)]
    return tuple(order)


def _halves(low: int, high: int) -> list[tuple[int, int]]:
    middle = (low + high) // 2
    return [(a, b) for a, b in ((low, middle), (middle + 1, high)) if a < b]


def _point(path: Array, ends: Array, length: float) -> Array:
    return np.array([np.interp(length, ends, path[:, k]) for k in range(path.shape[1])])


def _without_repeats(path: Array) -> Array:
    keep = np.concatenate([[True], np.abs(np.diff(path, axis=0)).max(axis=1) > 1e-9])
    keep[-1] = True
    return path[keep]
