"""Paths around obstacles in joint space: RRT-Connect (Kuffner & LaValle, 2000), seeded.

The budget is counted in validity checks, so that the same request gives the same path on any machine; where somebody
waits for the answer, a deadline may end the search sooner.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from ompl import base, geometric, util

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


def _state(space: base.RealVectorStateSpace, q: Array) -> base.RealVectorStateSpace:
    state = space.allocState()
    for i, value in enumerate(q):
        state[i] = float(value)
    return state
