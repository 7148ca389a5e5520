"""The planner: how often, how fast and how exactly motions are planned, and whether they hold what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

import bimanual_description
from bimanual.bench.peers.mplib_peer import FINE_STEP, plan_with_mplib
from bimanual.bench.plan_tally import Tally
from bimanual.bench.random_plans import plan_randomly
from bimanual_core.errors import BimanualError
from bimanual_kinematics.model import RobotModel
from bimanual_planner.bench.problems import MANY_CHECKS, Problem, blocked_problems, screw_problems
from bimanual_planner.bench.timing_ratio import jerk_limited_over_optimum, lines, screws
from bimanual_planner.config import PlannerConfig
from bimanual_planner.planner import MotionPlanner

ROBOT = "cobot_magic"
BOTH = ("left", "right")
#: Plans problems of one arm: how it does, and the versions that were run.
PeerRun = Callable[[Sequence[Problem]], tuple[Tally, dict[str, str]]]
#: What does the problems of one arm beside this planner, by the peer's name: one run for each name of figures.
PEERS: dict[str, dict[str, PeerRun]] = {
    "mplib": {"mplib": plan_with_mplib, "mplib_fine": partial(plan_with_mplib, screw_step=FINE_STEP)}
}
#: What a search has for a problem of the benchmark, and what shows that the problem can be solved [s].
BUDGET_S, LONG_RUN_S = 0.5, 10.0


def bench_planner(
    targets: int = 1000, blocked: int = 200, plans: int = 0, workers: int = 2, seed: int = 0, peer: str = ""
) -> dict[str, Any]:
    """The figures of ``bench planner``, drawn from ``seed``; of what is asked for 0 times there are none.

    ``targets`` poses for one arm, left and right in turn, and as many pairs of poses for both, synchronised; each
    reached by straight screws as the dense reference has it; collision checks and timing included. ``blocked`` pairs of
    joint goals for both arms to which the straight line is blocked and a search of LONG_RUN_S finds a way, within
    BUDGET_S. ``plans`` random pairs of poses for both arms, by ``workers`` processes; not their times but what the
    checker says of them is what they are for. A tenth as many screws and lines as targets are timed with limits of jerk
    and by toppra without. Every plan is held by the independent checker. ``peer`` (mplib) plans for
    the same poses of one arm. Raises BimanualError for an unknown peer, or one that does not run.
    """
    if peer and (peer not in PEERS or targets < len(BOTH)):
        raise BimanualError(
            f"--peer {peer} with {targets} targets; choices: {', '.join(PEERS)}, and at least 2 targets"
        )
    model = RobotModel.of(bimanual_description.load(ROBOT))
    halves = [screw_problems(model, (side,), targets // 2, seed + i) for i, side in enumerate(BOTH)]
    ones = [problem for problems in halves for problem in problems]
    single, double, around = Tally(), Tally(), Tally()
    _solve(ones, single)
    _solve(screw_problems(model, BOTH, targets, seed + len(BOTH)), double)
    for problem in blocked_problems(model, blocked, seed, LONG_RUN_S):
        planner = MotionPlanner(problem.scene, budget_s=BUDGET_S, max_checks=MANY_CHECKS)
        around.take(problem, lambda p=planner, q=problem: p.plan_joints(q.state, q.goals))  # type: ignore[misc]
    figures = {**single.figures("single"), **double.figures("both"), **around.figures("blocked")}
    figures |= _jerk_limits_cost(model, targets // 10, seed)
    figures |= plan_randomly(ROBOT, plans, seed, workers).figures("plans")
    for name, run in PEERS.get(peer, {}).items():
        figures |= _peer_figures(name, run(ones), single)
    return figures


def _jerk_limits_cost(model: RobotModel, count: int, seed: int) -> dict[str, Any]:
    """How many times as long motions within limits of jerk take as toppra's optimum without, at the median."""
    if not count:
        return {}
    config = PlannerConfig()
    made = {"screws": screws(model, count, seed, config), "lines": lines(model, count, seed)}
    ratios = {kind: jerk_limited_over_optimum(model, paths, config) for kind, paths in made.items()}
    return {f"jerk_limited_over_toppra_{kind}_p50": round(float(np.median(r)), 3) for kind, r in ratios.items()}


def _peer_figures(name: str, found: tuple[Tally, dict[str, str]], ours: Tally) -> dict[str, Any]:
    """Of a peer on the same problems, and how many times as long it takes, at the median and at p99. Its limits are
    not judged: a peer may know none of jerk."""
    theirs, versions = found
    ratios = {}
    if theirs.milliseconds and ours.milliseconds:
        for rank in (50, 99):
            ratio = np.percentile(theirs.milliseconds, rank) / np.percentile(ours.milliseconds, rank)
            ratios[f"speedup_vs_{name}_p{rank}"] = round(float(ratio), 3)
    theirs.limits.clear()
    figures = theirs.figures(f"{name}_single")
    figures.pop(f"{name}_single_limit_violations", None)
    return {f"{name}_versions": versions, **figures, **ratios}


def _solve(problems: Iterable[Problem], tally: Tally) -> None:
    for problem in problems:
        planner = MotionPlanner(problem.scene)
        tally.take(problem, lambda p=planner, q=problem: p.plan_poses(q.state, q.targets))  # type: ignore[misc]
