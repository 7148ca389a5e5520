"""Paths around obstacles in joint space: RRT-Connect (Kuffner & LaValle, 2000) and shortcuts, both seeded.

The budget is counted in validity checks, so that the same request gives the same path on any machine; where somebody
waits for the answer, a deadline may end the search sooner.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from ompl import base, geometric, util

from bimanual_planner.steps import along, travel

Array = NDArray[np.float64]
#: Whether joints (n,) are free.
Valid = Callable[[Array], bool]

util.setLogLevel(util.LogLevel.LOG_NONE)

_RANGE = 2.5  # [rad] the trees grow by at most this in one go: most ways between clutter are wide
_SMALLEST_SEED = 1  # OMPL draws a seed of its own when given 0


def rrt_connect(
    start: Array,
    goal: Array,
    bounds: tuple[Array, Array],
    valid: Valid,
    *,
    spacing: float = 0.05,
    max_checks: int = 20_000,
    seed: int = 0,
    deadline_s: float = math.inf,
) -> Array | None:
    """Corners (N, n) of a free path from ``start`` to ``goal`` (n,), or None once ``max_checks`` are spent or
    ``time.monotonic()`` has passed ``deadline_s``.

    ``spacing`` [rad] is the distance between validity checks along an edge. Both ends have to be valid.
    """
    count = 0
    n = len(start)
    late = False

    def counted(state: base.RealVectorStateSpace) -> bool:
        nonlocal count, late
        count += 1
        late = late or time.monotonic() > deadline_s
        return not late and bool(valid(np.array([state[i] for i in range(n)])))  # numpy's own bool is refused

    util.RNG.setSeed(seed + _SMALLEST_SEED)
    space = base.RealVectorStateSpace(n)
    limits = base.RealVectorBounds(n)
    for i, (low, high) in enumerate(zip(*bounds, strict=True)):
        # a measured joint may sit a hair beyond its limit
        limits.setLow(i, float(min(low, start[i], goal[i])))
        limits.setHigh(i, float(max(high, start[i], goal[i])))
    space.setBounds(limits)
    information = base.SpaceInformation(space)
    information.setStateValidityChecker(counted)
    information.setStateValidityCheckingResolution(spacing / space.getMaximumExtent())
    information.setup()
    problem = base.ProblemDefinition(information)
    problem.setStartAndGoalStates(_state(space, start), _state(space, goal))
    planner = geometric.RRTConnect(information)
    planner.setRange(_RANGE)
    planner.setProblemDefinition(problem)
    planner.setup()
    planner.solve(base.PlannerTerminationCondition(lambda: late or count >= max_checks))
    if not problem.hasExactSolution():
        return None
    found = problem.getSolutionPath()
    states = [found.getState(k) for k in range(found.getStateCount())]
    return np.array([[state[i] for i in range(n)] for state in states])


def shortcut(
    path: Array,
    valid: Valid,
    *,
    spacing: float = 0.05,
    attempts: int = 60,
    rng: np.random.Generator | int = 0,
    deadline_s: float = math.inf,
) -> Array:
    """The path (N, n) with detours cut out where a straight line between two of its points is free, while
    ``time.monotonic()`` has not passed ``deadline_s``."""
    draw = np.random.default_rng(rng)
    for _ in range(attempts):
        if len(path) < 3 or time.monotonic() > deadline_s:
            break
        ends = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
        a, b = np.sort(draw.uniform(0.0, ends[-1], 2))
        i, j = int(np.searchsorted(ends, a, side="right")) - 1, int(np.searchsorted(ends, b, side="right")) - 1
        if i >= j:
            continue
        corners = np.array([_point(path, ends, a), _point(path, ends, b)])
        if line_is_free(corners, valid, spacing):
            path = np.vstack([path[: i + 1], corners, path[j + 1 :]])
    return _without_repeats(path)


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


def _state(space: base.RealVectorStateSpace, q: Array) -> base.RealVectorStateSpace:
    state = space.allocState()
    for i, value in enumerate(q):
        state[i] = float(value)
    return state


def _point(path: Array, ends: Array, length: float) -> Array:
    return np.array([np.interp(length, ends, path[:, k]) for k in range(path.shape[1])])


def _without_repeats(path: Array) -> Array:
    keep = np.concatenate([[True], np.abs(np.diff(path, axis=0)).max(axis=1) > 1e-9])
    keep[-1] = True
    return path[keep]
