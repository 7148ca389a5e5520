"""How much longer motions within jerk limits take than toppra's optimum without, over paths as planned."""

import numpy as np
import pytest
from planner_rig import MODEL, ROBOT

from bimanual_planner.bench.timing_ratio import jerk_limited_over_optimum, lines, optimum, screws
from bimanual_planner.config import PlannerConfig
from bimanual_planner.timed_paths import time_paths

CONFIG = PlannerConfig()


@pytest.mark.parametrize("kind", ["screws", "lines"])
def test_jerk_limits_cost_little_time(kind):
    made = screws(MODEL, 50, 0, CONFIG) if kind == "screws" else lines(MODEL, 50, 1)
    ratios = jerk_limited_over_optimum(MODEL, made, CONFIG)
    for paths, ratio in zip(made, ratios, strict=True):
        best = optimum(ROBOT, paths, CONFIG)
        fastest = time_paths(ROBOT, paths, "proportional", PlannerConfig(profile="time_optimal"))["left"].duration
        # A grid of 200 intervals is a little off the optimum itself.
        assert 0.995 * best <= fastest <= ratio * best * (1.0 + 1e-9)
    assert np.median(ratios) < 1.15
