"""The fastest progress along a path within velocities and accelerations, by reachability analysis (Pham & Pham,
TOPP-RA, 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from toppra.constraint import LinearConstraint
from toppra.solverwrapper.cy_seidel_solverwrapper import seidelWrapper

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_planner.timing.geometry import GeometricPath
from bimanual_planner.timing.limits import MotionLimits

Array = NDArray[np.float64]
_INTERVALS = 80  # least number of grid intervals
_FASTEST = 100.0  # speeds that accelerations cannot let come about, in lengths of the path over about its duration
_SLACK = 1e-3  # share of the squared speed that a step may give up to rounding


@dataclass(frozen=True, eq=False)
class Grid:
    """A path at grid points ``s`` (G,): derivatives of the joints (G, n), and the highest speed of s (G,) at which
    all velocities, joint and tool, stay within limits there and half way to the neighbours. No joint's ``travel`` (n,)
    [rad] takes it less than ``least`` [s] at its highest velocity.
    """

    s: Array
    first: Array
    second: Array
    cap: Array
    travel: Array
    least: float

    @classmethod
    def of(cls, path: GeometricPath, limits: MotionLimits) -> Grid:
        parts = max(1, int(np.ceil(_INTERVALS / (len(path.knots) - 1))))
        steps = np.diff(path.knots)[:, None] * (np.arange(parts) / parts)
        s = np.concatenate([(path.knots[:-1, None] + steps).ravel(), path.knots[-1:]])
        first, between, n = path.at(s, 1), path.at(0.5 * (s[1:] + s[:-1]), 1), path.dof
        cap, middle = _cap(first, n, limits), _cap(between, n, limits)
        cap[1:], cap[:-1] = np.minimum(cap[1:], middle), np.minimum(cap[:-1], middle)
        least = float(np.max(path.travel / limits.velocity))
        return cls(s, first[:, :n], path.at(s, 2)[:, :n], cap, path.travel, least)


@dataclass(frozen=True, eq=False)
class Profile:
    """Speed (G,) of s at ``times`` (G,) [s], linear in time between grid points."""

    times: Array
    speed: Array

    @property
    def duration(self) -> float:
        return float(self.times[-1])

    def lasting(self, seconds: float) -> Profile:
        """The profile, slowed down to last ``seconds`` where it is shorter."""
        factor = seconds / self.duration
        return self if factor <= 1.0 else Profile(self.times * factor, self.speed / factor)


def _cap(first: Array, n: int, limits: MotionLimits) -> Array:
    with np.errstate(divide="ignore"):
        cap: Array = np.min(limits.velocity / np.abs(first[:, :n]), axis=1)
        if limits.tcp_speed is None or first.shape[1] == n:
            return cap
        return np.minimum(cap, np.min(limits.tcp_speed / np.abs(first[:, n:]), axis=1))


def fastest(grid: Grid, acceleration: Array, cap: Array) -> Profile:
    """The fastest profile from rest to rest within accelerations (n,) and a speed of s of ``cap`` (G,).

    The problem is solved for a path of length 1 that takes about a unit of time, with accelerations as shares of their
    limits, so that paths and limits of any size are alike to the solver. Raises BimanualError (PLAN_LIMIT) where none
    is found.
    """
    length = float(grid.s[-1])
    tempo = max(grid.least, float(np.sqrt(np.max(grid.travel / acceleration))))
    unit = grid.s / length
    most = np.minimum(cap * tempo / length, _FASTEST) ** 2
    share = 1.0 / (acceleration * tempo**2)
    bounds = _Accelerations(grid.first * (length * share), grid.second * (length**2 * share), most)
    solver = seidelWrapper([bounds], bounds, unit, True)
    squares = _speeds_squared(solver, np.diff(unit))
    speed = np.sqrt(squares) * length / tempo
    mean = 0.5 * (speed[1:] + speed[:-1])
    if not np.all(mean > 0.0):
        share = 100.0 * unit[int(np.argmin(mean > 0.0))]
        raise BimanualError(
            f"no timing within the limits: no speed is found {share:.1f}% of the way", ErrorCode.PLAN_LIMIT
        )
    return Profile(np.concatenate([[0.0], np.cumsum(np.diff(grid.s) / mean)]), speed)


class _Accelerations(LinearConstraint):
    """Accelerations first * u + second * x of at most 1, and x of at most ``most``, as toppra's solver asks for them.

    Values are handed over ready made; this is the path too, of which the solver wants nothing else.
    """

    def __init__(self, first: Array, second: Array, most: Array) -> None:
        super().__init__()
        self.identical = True
        self.dof = first.shape[1]
        self._values = (first, second, most)

    def compute_constraint_params(self, path: Any, gridpoints: Array, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        first, second, most = self._values
        both = np.vstack([np.eye(self.dof), -np.eye(self.dof)])
        bounds = np.column_stack([np.zeros_like(most), most])
        return first, second, np.zeros_like(first), both, np.ones(2 * self.dof), None, bounds


def _speeds_squared(solver: Any, steps: Array) -> Array:
    """Squared speeds at the grid points: what can still be stopped from, backwards; the most of it, forwards."""
    count = len(steps)
    stoppable = np.zeros(count + 1)
    most = np.array([1e-9, -1.0])
    solver.setup_solver()
    for i in range(count - 1, -1, -1):
        stoppable[i] = solver.solve_stagewise_optim(i, None, most, np.nan, np.nan, 0.0, stoppable[i + 1])[1]
    x = np.zeros(count + 1)
    for i in range(count):
        next_most = np.array([-2.0 * steps[i], -1.0])
        for least in ((1.0 - _SLACK) * x[i], 0.0):
            u, now = solver.solve_stagewise_optim(i, None, next_most, least, x[i], 0.0, stoppable[i + 1])[:2]
            if not np.isnan(u):
                break
        x[i] = now
        x[i + 1] = min(stoppable[i + 1], max(0.0, now + 2.0 * steps[i] * u))
    solver.close_solver()
    return x
