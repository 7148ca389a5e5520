"""RRT-Connect and shortcuts: free paths, the same each time, and an honest end of the budget."""

import time

import numpy as np
import pytest

from bimanual_planner.sampling import rrt_connect
from bimanual_planner.shortcuts import line_is_free, shortcut
from bimanual_planner.steps import travel

START, GOAL = np.full(4, -0.8), np.full(4, 0.8)
BOUNDS = np.full(4, -2.0), np.full(4, 2.0)


def outside_ball(q):
    return bool(np.linalg.norm(q) > 1.2)


@pytest.mark.parametrize("seed", range(4))
def test_goes_around_and_shortens(seed):
    path = rrt_connect(START, GOAL, BOUNDS, outside_ball, seed=seed)
    assert np.array_equal(path[0], START)
    assert np.array_equal(path[-1], GOAL)
    assert line_is_free(path, outside_ball, 0.05)
    short = shortcut(path, outside_ball, spacing=0.02, rng=seed)
    assert np.array_equal(short[[0, -1]], np.array([START, GOAL]))
    assert line_is_free(short, outside_ball, 0.03)
    assert travel(short) <= travel(path) + 1e-9


def test_the_same_request_gives_the_same_path():
    paths = [rrt_connect(START, GOAL, BOUNDS, outside_ball, seed=3) for _ in range(2)]
    assert np.array_equal(*paths)
    shorts = [shortcut(paths[0], outside_ball, rng=1) for _ in range(2)]
    assert np.array_equal(*shorts)


def test_gives_up_when_the_budget_is_spent():
    asked = []

    def walled(q):
        asked.append(q)
        return abs(q[0]) > 0.3

    assert rrt_connect(START, GOAL, BOUNDS, walled, max_checks=500) is None
    assert len(asked) < 600


def test_ends_a_hair_beyond_the_bounds_are_accepted():
    start = START.copy()
    start[0] = BOUNDS[0][0] - 1e-6
    path = rrt_connect(start, GOAL, BOUNDS, lambda q: True)
    assert np.allclose(path[0], start)


def test_every_point_of_a_line_is_looked_at_once():
    asked = []
    corners = np.array([[0.0, 0.0], [1.0, 0.0]])
    assert line_is_free(corners, lambda q: asked.append(float(q[0])) is None, 0.05)
    assert sorted(asked) == pytest.approx(np.linspace(0.0, 1.0, 21))
    assert asked[0] == pytest.approx(0.5)


def test_a_deadline_ends_the_search():
    def walled(q):
        time.sleep(0.001)
        return abs(q[0]) > 0.3

    begin = time.monotonic()
    assert rrt_connect(START, GOAL, BOUNDS, walled, deadline_s=begin + 0.2) is None
    assert time.monotonic() < begin + 2.0
