"""How much longer motions within jerk limits take than toppra's optimum without, over paths as planned."""

import numpy as np
import pytest
import toppra
from planner_rig import MODEL, ROBOT

from bimanual_core.errors import BimanualError
from bimanual_planner.config import PlannerConfig
from bimanual_planner.lines import screw_step
from bimanual_planner.timed_paths import Paths, time_paths

ARM = ROBOT.arm("left")
CONFIG = PlannerConfig()
SPEED, ACCELERATION = CONFIG.speeds(ARM.velocity), CONFIG.accelerations(ARM.acceleration)


def screws(count):
    """Screws of the left tcp from joints near home, of about 0.2 m."""
    rng = np.random.default_rng(0)
    found = []
    while len(found) < count:
        q = np.clip(ARM.home + 0.3 * rng.normal(size=6), np.add(ARM.lower, 0.05), np.subtract(ARM.upper, 0.05))
        T_world_goal = MODEL.fk("left", q).copy()
        T_world_goal[:3, 3] += 0.12 * rng.normal(size=3)
        try:
            step = screw_step(MODEL, "left", q, T_world_goal, CONFIG)
        except BimanualError:
            continue  # not every screw has joints
        found.append(Paths({"left": step.path}, {"left": step.lengths}))
    return found


def lines(count):
    """Joint lines from anywhere, of about half a radian a joint."""
    rng = np.random.default_rng(1)
    starts = rng.uniform(ARM.lower, ARM.upper, (count, 6))
    goals = np.clip(starts + 0.5 * rng.normal(size=(count, 6)), ARM.lower, ARM.upper)
    return [Paths({"left": np.array(ends)}) for ends in zip(starts, goals, strict=True)]


def optimum(paths):
    """Duration [s] of toppra's own time-optimal solution, from its public interface."""
    path, columns = paths.arms["left"], [paths.arms["left"]]
    speed, acceleration = SPEED, ACCELERATION
    if paths.lengths:
        columns.append(paths.lengths["left"][:, None])
        speed, acceleration = np.append(speed, CONFIG.tcp_speed), np.append(acceleration, 1e3)
    s = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    spline = toppra.SplineInterpolator(s, np.hstack(columns), bc_type="natural")
    limits = [
        toppra.constraint.JointVelocityConstraint(np.column_stack([-speed, speed])),
        toppra.constraint.JointAccelerationConstraint(np.column_stack([-acceleration, acceleration])),
    ]
    grid = np.linspace(0.0, s[-1], 201)
    solver = toppra.algorithm.TOPPRA(limits, spline, gridpoints=grid, solver_wrapper="seidel")
    _, speeds, _ = solver.compute_parameterization(0.0, 0.0)
    return float(np.sum(2.0 * np.diff(grid) / (speeds[1:] + speeds[:-1])))


@pytest.mark.parametrize(("kind", "make"), [("screws", screws), ("lines", lines)])
def test_jerk_limits_cost_little_time(kind, make):
    ratios = []
    for paths in make(50):
        best = optimum(paths)
        limited = time_paths(ROBOT, paths, "proportional", CONFIG)["left"].duration
        fastest = time_paths(ROBOT, paths, "proportional", PlannerConfig(profile="time_optimal"))["left"].duration
        # A grid of 200 intervals is a little off the optimum itself.
        assert 0.995 * best <= fastest <= limited * (1.0 + 1e-9)
        ratios.append(limited / best)
    print(f"{kind}: jerk-limited / toppra: median {np.median(ratios):.3f}, 90% {np.quantile(ratios, 0.9):.3f}")
    assert np.median(ratios) < 1.15
