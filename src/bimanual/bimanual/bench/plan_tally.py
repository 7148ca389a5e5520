"""How plans turn out: counted, timed, and each held by the independent checker."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bimanual_core.errors import BimanualError
from bimanual_core.motion import JointTrajectory
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import pose_error
from bimanual_kinematics.collision import CollisionScene
from bimanual_planner.bench.checker import Checker
from bimanual_planner.bench.problems import BlockedProblem, Problem
from bimanual_planner.planner import PlannedMotion
from bimanual_tasks.wilson import wilson_interval


@dataclass
class Tally:
    """Figures of plans as they are made. Times are [ms], of plans that were found but for ``longest_ms``."""

    asked: int = 0
    milliseconds: list[float] = field(default_factory=list)
    longest_ms: float = 0.0
    position_mm: list[float] = field(default_factory=list)
    angle_deg: list[float] = field(default_factory=list)
    methods: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    collisions: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)

    def take(self, problem: Problem | BlockedProblem, ask: Callable[[], PlannedMotion]) -> None:
        """Time the plan that ``ask()`` makes and have it checked."""
        begin = time.perf_counter()
        try:
            plan = ask()
        except BimanualError as error:
            self.count_failure(1e3 * (time.perf_counter() - begin), str(error))
            return
        self.count(problem, 1e3 * (time.perf_counter() - begin), plan.method, plan.trajectories)

    def count_failure(self, milliseconds: float, why: str) -> None:
        """A problem was not solved."""
        self.asked += 1
        self.longest_ms = max(self.longest_ms, milliseconds)
        self.failures.append(why)

    def count(
        self,
        problem: Problem | BlockedProblem,
        milliseconds: float,
        method: str,
        trajectories: Mapping[str, JointTrajectory],
    ) -> None:
        """A problem was solved by trajectories by side: have them checked."""
        self.asked += 1
        self.longest_ms = max(self.longest_ms, milliseconds)
        self.milliseconds.append(milliseconds)
        self.methods[method] += 1
        verdict = checker_of(problem).check(problem.state, trajectories)
        self.collisions += [verdict.collision] if verdict.collision else []
        self.limits += [verdict.limit] if verdict.limit else []
        if isinstance(problem, Problem):
            self._measure_arrival(problem, trajectories)

    def add(self, other: Tally) -> None:
        """Count what another tally has counted."""
        self.asked += other.asked
        self.milliseconds += other.milliseconds
        self.longest_ms = max(self.longest_ms, other.longest_ms)
        self.position_mm += other.position_mm
        self.angle_deg += other.angle_deg
        self.methods.update(other.methods)
        self.failures += other.failures
        self.collisions += other.collisions
        self.limits += other.limits

    def figures(self, name: str) -> dict[str, Any]:
        """By name, each beginning with ``name``; none where nothing was asked."""
        if not self.asked:
            return {}
        solved = self.asked - len(self.failures)
        low, high = wilson_interval(solved, self.asked)
        found: dict[str, Any] = {
            "asked": self.asked,
            "success_percent": round(100.0 * solved / self.asked, 2),
            "success_interval": [round(100.0 * low, 2), round(100.0 * high, 2)],
            "ms_max": round(self.longest_ms, 2),
            "methods": dict(sorted(self.methods.items())),
            "collisions": len(self.collisions),
            "limit_violations": len(self.limits),
            "first_failures": self.failures[:3],
            "first_violations": (self.collisions + self.limits)[:3],
        }
        if self.milliseconds:
            p50, p99 = np.percentile(self.milliseconds, [50, 99])
            found |= {"ms_p50": round(float(p50), 2), "ms_p99": round(float(p99), 2)}
        for key, errors in (("position_error_{}_mm", self.position_mm), ("angle_error_{}_deg", self.angle_deg)):
            if errors:
                found[key.format("p50")] = round(float(np.median(errors)), 5)
                found[key.format("max")] = round(max(errors), 5)
        return {f"{name}_{key}": value for key, value in found.items()}

    def _measure_arrival(self, problem: Problem, trajectories: Mapping[str, JointTrajectory]) -> None:
        for side, target in problem.targets.items():
            reached = problem.scene.model.fk(side, trajectories[side].positions[-1])
            position, angle = pose_error(reached, target)
            self.position_mm.append(1e3 * position)
            self.angle_deg.append(float(np.degrees(angle)))


def checker_of(problem: Problem | BlockedProblem) -> Checker:
    """With a scene of its own, of the same table and boxes."""
    scene = CollisionScene(problem.scene.model, TableSpec())
    for name, T in problem.state.objects.items():
        scene.set_object(name, problem.scene.asset(name), T)
    return Checker(scene)
