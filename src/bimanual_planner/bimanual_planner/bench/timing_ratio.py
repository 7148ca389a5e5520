"""How much longer motions within jerk limits take than toppra's optimum without, over paths as planned."""

from __future__ import annotations

import numpy as np
import toppra

from bimanual_core.errors import BimanualError
from bimanual_core.robot import RobotSpec
from bimanual_kinematics.model import RobotModel
from bimanual_planner.config import PlannerConfig
from bimanual_planner.lines import screw_step
from bimanual_planner.timed_paths import Paths, time_paths

SIDE = "left"
#: Intervals of toppra's grid: enough for a thousandth of the time.
_GRID = 200


def screws(model: RobotModel, count: int, seed: int, config: PlannerConfig) -> list[Paths]:
    """Screws of the left tcp from joints near home, of about 0.2 m."""
    arm, rng = model.robot.arm(SIDE), np.random.default_rng(seed)
    found: list[Paths] = []
    while len(found) < count:
        spread = 0.3 * rng.normal(size=arm.dof)
        q = np.clip(arm.home + spread, np.add(arm.lower, 0.05), np.subtract(arm.upper, 0.05))
        T_world_goal = model.fk(SIDE, q).copy()
        T_world_goal[:3, 3] += 0.12 * rng.normal(size=3)
        try:
            step = screw_step(model, SIDE, q, T_world_goal, config)
        except BimanualError:
            continue  # not every screw has joints
        if step.path is not None and step.lengths is not None:
            found.append(Paths({SIDE: step.path}, {SIDE: step.lengths}))
    return found


def lines(model: RobotModel, count: int, seed: int) -> list[Paths]:
    """Joint lines from anywhere, of about half a radian a joint."""
    arm, rng = model.robot.arm(SIDE), np.random.default_rng(seed)
    starts = rng.uniform(arm.lower, arm.upper, (count, arm.dof))
    goals = np.clip(starts + 0.5 * rng.normal(size=(count, arm.dof)), arm.lower, arm.upper)
    return [Paths({SIDE: np.array(ends)}) for ends in zip(starts, goals, strict=True)]


def optimum(robot: RobotSpec, paths: Paths, config: PlannerConfig) -> float:
    """Duration [s] of toppra's own time-optimal solution, from its public interface."""
    arm = robot.arm(SIDE)
    path, columns = paths.arms[SIDE], [paths.arms[SIDE]]
    speed, acceleration = config.speeds(arm.velocity), config.accelerations(arm.acceleration)
    if paths.lengths:
        columns.append(paths.lengths[SIDE][:, None])
        speed, acceleration = np.append(speed, config.tcp_speed), np.append(acceleration, 1e3)
    s = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    spline = toppra.SplineInterpolator(s, np.hstack(columns), bc_type="natural")
    limits = [
        toppra.constraint.JointVelocityConstraint(np.column_stack([-speed, speed])),
        toppra.constraint.JointAccelerationConstraint(np.column_stack([-acceleration, acceleration])),
    ]
    grid = np.linspace(0.0, s[-1], _GRID + 1)
    solver = toppra.algorithm.TOPPRA(limits, spline, gridpoints=grid, solver_wrapper="seidel")
    _, speeds, _ = solver.compute_parameterization(0.0, 0.0)
    return float(np.sum(2.0 * np.diff(grid) / (speeds[1:] + speeds[:-1])))


def jerk_limited_over_optimum(model: RobotModel, paths: list[Paths], config: PlannerConfig) -> list[float]:
    """Ratios of the durations, one a path."""
    found = []
    for path in paths:
        limited = time_paths(model.robot, path, "proportional", config)[SIDE].duration
        found.append(limited / optimum(model.robot, path, config))
    return found
