"""Inverse kinematics of one arm: all solutions of a pose, the one near a seed, and the joints along a path.

Six-joint arms with a spherical wrist or three parallel axes are solved in closed form; arms of seven joints too, for
chosen angles of their last joint; others by damped least squares (Wampler, 1986; Nakamura & Hanafusa, 1986). Every
result is checked by forward kinematics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pinocchio as pin
from numpy.typing import ArrayLike, NDArray

from bimanual_core.errors import BimanualError
from bimanual_core.se3 import is_transform, pose_error
from bimanual_kinematics.model import RobotModel
from bimanual_kinematics.parallel_axes import ParallelAxes
from bimanual_kinematics.redundant_wrist import RedundantWrist
from bimanual_kinematics.spherical_wrist import SphericalWrist

Array = NDArray[np.float64]

POSITION_TOLERANCE = 5e-5  # [m]
ANGLE_TOLERANCE = float(np.radians(0.02))  # [rad]
_DAMPING = 1e-3
_MAX_STEP = 0.5  # [rad] per iteration
_DISTINCT = 1e-3  # [rad] between solutions counted as two
_RANDOM_SEEDS = 24
_DISTINCT_REDUNDANT = 0.3  # [rad] likewise, where solutions form a curve
_REDUNDANT_STEPS = 24  # angles of the last joint over its range, besides those about the reference
_ABOUT_REFERENCE = (0.0, -0.04, 0.04, -0.1, 0.1)  # [rad]
_NEARLY = 0.4  # [rad] outside the limits from where damped least squares is tried
_POLISHED = 4  # such starts tried

ClosedForm = SphericalWrist | ParallelAxes
_closed_forms: WeakKeyDictionary[RobotModel, dict[str, ClosedForm | None]] = WeakKeyDictionary()
_redundants: WeakKeyDictionary[RobotModel, dict[str, RedundantWrist | None]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class IKResult:
    """Joints (n,) within limits, and how far forward kinematics puts the tcp from the pose asked for."""

    q: Array
    position_error: float  # [m]
    angle_error: float  # [rad]
    success: bool


def solve_ik(
    model: RobotModel,
    side: str,
    T_world_tcp: Array,
    q_seed: ArrayLike,
    *,
    position_tolerance: float = POSITION_TOLERANCE,
    angle_tolerance: float = ANGLE_TOLERANCE,
    max_iterations: int = 60,
) -> IKResult:
    """The solution that damped least squares reaches from ``q_seed`` (n,), joints clamped to their limits.

    Stays on the seed's branch, so it also tracks a path. Raises BimanualError for a pose that is none.
    """
    _require_pose(T_world_tcp)
    chain = model.chain(side)
    target = pin.SE3(T_world_tcp)
    q = np.clip(np.asarray(q_seed, dtype=float), chain.lower, chain.upper)
    position_error = angle_error = np.inf
    for iteration in range(max_iterations + 1):
        pin.computeJointJacobians(chain.model, chain.data, q)
        placement = pin.updateFramePlacement(chain.model, chain.data, chain.tcp_id)
        twist = pin.log6(placement.actInv(target)).vector
        position_error, angle_error = float(np.linalg.norm(twist[:3])), float(np.linalg.norm(twist[3:]))
        if position_error <= position_tolerance and angle_error <= angle_tolerance:
            return IKResult(q, position_error, angle_error, True)
        if iteration == max_iterations:
            break
        J = pin.getFrameJacobian(chain.model, chain.data, chain.tcp_id, pin.LOCAL)
        damping = min(_DAMPING, 0.1 * float(twist @ twist) + 1e-9)
        step = _damped_step(J, twist, damping)
        if len(q) > len(twist):
            # what a joint at its limit cannot do, the others of a redundant arm may
            stuck = ((q <= chain.lower) & (step < 0)) | ((q >= chain.upper) & (step > 0))
            step = _damped_step(np.where(stuck, 0.0, J), twist, damping) if np.any(stuck) else step
        q = np.clip(q + step * min(1.0, _MAX_STEP / max(float(np.abs(step).max()), 1e-12)), chain.lower, chain.upper)
    return IKResult(q, position_error, angle_error, False)


def ik_batch(model: RobotModel, side: str, T_world_tcp: Array) -> Array | None:
    """All closed-form solutions (N, 8, n) of poses (N, 4, 4), NaN where a branch has none within limits.

    None where the arm has no closed form or more than six joints. A joint that can turn by more than once is given in
    the middle of its range: :func:`turned_near` brings it near other joints. Vectorised: a thousand poses cost little
    more than ten.
    """
    solver = _closed_form(model, side)
    return None if solver is None else solver.solve(np.asarray(T_world_tcp, dtype=float))


def turned_near(model: RobotModel, side: str, q: Array, q_reference: Array) -> Array:
    """Joints (..., n) [rad] moved by whole turns to where they are nearest to ``q_reference`` (n,) within limits."""
    if not _turns(model, side):
        return q
    lower, upper = model.limits(side)
    turned = q + 2 * np.pi * np.round((q_reference - q) / (2 * np.pi))
    turned = np.where(turned > upper, turned - 2 * np.pi, np.where(turned < lower, turned + 2 * np.pi, turned))
    return np.where((turned >= lower) & (turned <= upper), turned, q)


def ik_solutions(
    model: RobotModel,
    side: str,
    T_world_tcp: Array,
    q_reference: ArrayLike | None = None,
    *,
    seeds: Sequence[ArrayLike] = (),
    rng: np.random.Generator | int = 0,
    max_solutions: int = 8,
) -> list[Array]:
    """Distinct solutions (n,) of a pose, nearest to ``q_reference`` (home when None) first; empty if unreachable.

    Of a seven-joint arm, whose solutions form curves, points of the curves at least 0.3 rad apart, for angles of the
    last joint over its range and about the reference. Without a closed form, damped least squares starts from the
    reference, ``seeds`` and random joints drawn from ``rng``: the same ``rng`` seed gives the same list. Raises
    BimanualError for a pose that is none.
    """
    _require_pose(T_world_tcp)
    reference = np.asarray(model.robot.arm(side).home if q_reference is None else q_reference, dtype=float)
    found, apart = _found(model, side, T_world_tcp, reference, seeds, rng)
    found.sort(key=lambda q: float(np.linalg.norm(q - reference)))
    distinct: list[Array] = []
    for q in found:
        if len(distinct) == max_solutions:
            break
        if all(np.abs(q - other).max() > apart for other in distinct) and _reaches(model, side, q, T_world_tcp):
            distinct.append(q)
    return distinct


def _found(
    model: RobotModel,
    side: str,
    T: Array,
    reference: Array,
    seeds: Sequence[ArrayLike],
    rng: np.random.Generator | int,
) -> tuple[list[Array], float]:
    """Solutions in no order, and how far apart two must be to count as two."""
    branches = ik_batch(model, side, T[None])
    if branches is not None:
        turned = turned_near(model, side, branches[0], reference)
        return [q for q in turned if np.isfinite(q[0])], _DISTINCT
    redundant = _redundant(model, side)
    if redundant is not None:
        return _redundant_solutions(model, side, redundant, T, reference), _DISTINCT_REDUNDANT
    return _multi_start(model, side, T, [reference, *seeds], np.random.default_rng(rng)), _DISTINCT


def _redundant_solutions(
    model: RobotModel, side: str, solver: RedundantWrist, T: Array, reference: Array
) -> list[Array]:
    """Solutions for a grid of the last joint; where none is within limits, those nearest to them, polished."""
    lower, upper = model.limits(side)
    about = np.clip(reference[-1] + np.array(_ABOUT_REFERENCE), lower[-1], upper[-1])
    found = solver.solve(T, np.concatenate([about, np.linspace(lower[-1], upper[-1], _REDUNDANT_STEPS)]))
    excess = solver.excess(found)
    if np.any(excess == 0.0):
        return list(found[excess == 0.0])
    order = np.argsort(excess, kind="stable")[:_POLISHED]
    results = [solve_ik(model, side, T, found[i]) for i in order if excess[i] < _NEARLY]
    return [r.q for r in results if r.success]


def follow(
    model: RobotModel, side: str, T_world_tcp: Array, q_start: ArrayLike, *, max_step: float = 0.2
) -> tuple[Array, int]:
    """Joints (k, n) that follow poses (N, 4, 4) without a jump, starting nearest to ``q_start``, and k.

    k < N where the path ends: no solution there within ``max_step`` [rad] of the previous joints. The first pose
    may be further from ``q_start``; give its exact joints to begin on a chosen branch.
    """
    poses = np.asarray(T_world_tcp, dtype=float)
    branches = ik_batch(model, side, poses)
    turns = _turns(model, side)
    q = np.asarray(q_start, dtype=float)
    path = np.empty((len(poses), len(q)))
    for i, T in enumerate(poses):
        if branches is None:
            following = _tracked(model, side, T, q)
        else:
            following = _nearest(turned_near(model, side, branches[i], q) if turns else branches[i], q)
        if following is None or (i > 0 and np.abs(following - q).max() > max_step):
            # axes 4 and 6 line up: the closed form's wrist angles jump there, tracking passes straight through
            following = _tracked(model, side, T, q)
        if following is None or (i > 0 and np.abs(following - q).max() > max_step):
            return path[:i], i
        path[i] = q = following
    return path, len(poses)


def _damped_step(J: Array, twist: Array, damping: float) -> Array:
    step: Array = J.T @ np.linalg.solve(J @ J.T + damping * np.eye(6), twist)
    return step


def _turns(model: RobotModel, side: str) -> bool:
    """Whether a joint of ``side`` has more than one turn."""
    lower, upper = model.limits(side)
    return bool(np.any(upper - lower > 2 * np.pi))


def _nearest(branches: Array, q: Array) -> Array | None:
    """The one of ``branches`` (k, n), NaN where there is none, whose joints are nearest to ``q`` (n,)."""
    distance = np.abs(branches - q).max(axis=1)
    best = int(distance.argmin())  # the first NaN, if there is one
    if np.isnan(distance[best]):
        distance[np.isnan(distance)] = np.inf
        best = int(distance.argmin())
    return branches[best] if distance[best] < np.inf else None


def _tracked(model: RobotModel, side: str, T: Array, q: Array) -> Array | None:
    result = solve_ik(model, side, T, q)
    return result.q if result.success else None


def _multi_start(
    model: RobotModel, side: str, T: Array, seeds: Sequence[ArrayLike], rng: np.random.Generator
) -> list[Array]:
    lower, upper = model.limits(side)
    starts = [*seeds, *rng.uniform(lower, upper, (_RANDOM_SEEDS, len(lower)))]
    results = [solve_ik(model, side, T, start) for start in starts]
    return [r.q for r in results if r.success]


def _reaches(model: RobotModel, side: str, q: Array, T: Array) -> bool:
    position, angle = pose_error(model.fk(side, q), T)
    return position <= POSITION_TOLERANCE and angle <= ANGLE_TOLERANCE


def _closed_form(model: RobotModel, side: str) -> ClosedForm | None:
    solvers = _closed_forms.setdefault(model, {})
    if side not in solvers:
        chain = model.chain(side)
        solvers[side] = SphericalWrist.of(chain) or ParallelAxes.of(chain)
    return solvers[side]


def _redundant(model: RobotModel, side: str) -> RedundantWrist | None:
    solvers = _redundants.setdefault(model, {})
    if side not in solvers:
        solvers[side] = RedundantWrist.of(model.chain(side))
    return solvers[side]


def _require_pose(T: Array) -> None:
    if not is_transform(T):
        raise BimanualError(f"inverse kinematics: not a finite rigid transform: {np.array2string(np.asarray(T))}")
