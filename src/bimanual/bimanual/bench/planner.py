"""The planner: how often, how fast and how exactly motions are planned, and whether they hold what they say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import bimanual_description
from bimanual_core.errors import BimanualError
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import pose_error
from bimanual_kinematics.collision import CollisionScene
from bimanual_kinematics.model import RobotModel
from bimanual_planner.bench.checker import Checker
from bimanual_planner.bench.problems import MANY_CHECKS, BlockedProblem, Problem, blocked_problems, screw_problems
from bimanual_planner.planner import MotionPlanner, PlannedMotion
from bimanual_tasks.wilson import wilson_interval

ROBOT = "cobot_magic"
BOTH = ("left", "right")
#: What a search has for a problem of the benchmark, and what shows that the problem can be solved [s].
BUDGET_S, LONG_RUN_S = 0.5, 10.0


class Tally:
    """Figures of plans as they are made."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []
        self.longest_ms = 0.0
        self.position_mm = 0.0
        self.angle_deg = 0.0
        self.asked = 0
        self.methods: dict[str, int] = {}
        self.failures: list[str] = []
        self.collisions: list[str] = []
        self.limits: list[str] = []

    def figures(self, name: str) -> dict[str, Any]:
        """By name, each beginning with ``name``."""
        solved = self.asked - len(self.failures)
        low, high = wilson_interval(solved, self.asked)
        p50, p99 = np.percentile(self.milliseconds, [50, 99]) if self.milliseconds else (np.inf, np.inf)
        found = {
            "success_percent": round(100.0 * solved / self.asked, 2),
            "success_interval": [round(100.0 * low, 2), round(100.0 * high, 2)],
            "ms_p50": round(float(p50), 2),
            "ms_p99": round(float(p99), 2),
            "ms_max": round(self.longest_ms, 2),
            "position_error_max_mm": round(self.position_mm, 5),
            "angle_error_max_deg": round(self.angle_deg, 5),
            "methods": dict(sorted(self.methods.items())),
            "collisions": len(self.collisions),
            "limit_violations": len(self.limits),
            "first_failures": self.failures[:3],
            "first_violations": (self.collisions + self.limits)[:3],
        }
        return {f"{name}_{key}": value for key, value in found.items()}


def bench_planner(targets: int = 1000, blocked: int = 200, seed: int = 0) -> dict[str, Any]:
    """The figures of ``bench planner``: ``targets`` poses for one arm, left and right in turn, and as many pairs of
    poses for both, synchronised; each reached by straight screws as the dense reference has it; collision checks and
    timing included; then ``blocked`` pairs of joint goals for both arms to which the straight line is blocked and a
    search of LONG_RUN_S finds a way, within BUDGET_S. Every plan is held by the independent checker."""
    model = RobotModel.of(bimanual_description.load(ROBOT))
    halves = [screw_problems(model, (side,), targets // 2, seed + i) for i, side in enumerate(BOTH)]
    single, double, around = Tally(), Tally(), Tally()
    for problems in halves:
        _solve(problems, single)
    _solve(screw_problems(model, BOTH, targets, seed + len(BOTH)), double)
    for problem in blocked_problems(model, blocked, seed, LONG_RUN_S):
        planner = MotionPlanner(problem.scene, budget_s=BUDGET_S, max_checks=MANY_CHECKS)
        _take(problem, lambda p=planner, q=problem: p.plan_joints(q.state, q.goals), around)  # type: ignore[misc]
    return {**single.figures("single"), **double.figures("both"), **around.figures("blocked")}


def _solve(problems: Iterable[Problem], tally: Tally) -> None:
    for problem in problems:
        planner = MotionPlanner(problem.scene)
        plan = _take(problem, lambda p=planner, q=problem: p.plan_poses(q.state, q.targets), tally)  # type: ignore[misc]
        if plan is None:
            continue
        for side, target in problem.targets.items():
            reached = problem.scene.model.fk(side, plan.trajectories[side].positions[-1])
            position, angle = pose_error(reached, target)
            tally.position_mm = max(tally.position_mm, 1e3 * position)
            tally.angle_deg = max(tally.angle_deg, float(np.degrees(angle)))


def _take(problem: Problem | BlockedProblem, ask: Callable[[], PlannedMotion], tally: Tally) -> PlannedMotion | None:
    """Time the plan that ``ask()`` makes and have it checked; None if there is none."""
    tally.asked += 1
    begin = time.perf_counter()
    try:
        plan = ask()
    except BimanualError as error:
        tally.longest_ms = max(tally.longest_ms, 1e3 * (time.perf_counter() - begin))
        tally.failures.append(str(error))
        return None
    tally.milliseconds.append(1e3 * (time.perf_counter() - begin))
    tally.longest_ms = max(tally.longest_ms, tally.milliseconds[-1])
    tally.methods[plan.method] = tally.methods.get(plan.method, 0) + 1
    verdict = _checker(problem).check(problem.state, plan.trajectories)
    tally.collisions += [verdict.collision] if verdict.collision else []
    tally.limits += [verdict.limit] if verdict.limit else []
    return plan


def _checker(problem: Problem | BlockedProblem) -> Checker:
    """With a scene of its own, of the same table and boxes."""
    scene = CollisionScene(problem.scene.model, TableSpec())
    for name, T in problem.state.objects.items():
        scene.set_object(name, problem.scene.asset(name), T)
    return Checker(scene)
