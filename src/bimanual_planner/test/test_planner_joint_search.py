"""Ways of several arms: one after the other where that does, all at once where it does not, within one budget."""

import numpy as np
import pytest

from bimanual_planner.joint_search import JointSearch
from bimanual_planner.shortcuts import line_is_free, shortcut

BOUNDS = np.full(4, -2.0), np.full(4, 2.0)
ARMS = [slice(0, 2), slice(2, 4)]
START, GOAL = np.full(4, -0.8), np.full(4, 0.8)
SPACING = 0.05


def each_around_a_disc(q):
    return bool(np.linalg.norm(q[:2]) > 0.9 and np.linalg.norm(q[2:]) > 0.9)


def side_by_side(q):
    """The second arm has to stay near the first."""
    return bool(np.abs(q[:2] - q[2:]).max() < 0.5 and np.linalg.norm(q[:2]) > 0.9)


def way(valid, max_checks=40_000, seed=0, arms=ARMS):
    asked = []
    search = JointSearch(
        BOUNDS, lambda q: asked.append(0) is None and valid(q), spacing=SPACING, max_checks=max_checks, seed=seed
    )
    return search.way(START, GOAL, arms), len(asked)


@pytest.mark.parametrize("valid", [each_around_a_disc, side_by_side])
def test_a_way_is_free_from_end_to_end(valid):
    found, _ = way(valid)
    assert np.array_equal(found[[0, -1]], [START, GOAL])
    assert line_is_free(found, valid, SPACING)


def test_one_arm_moves_at_a_time_where_that_does():
    found, _ = way(each_around_a_disc)
    moves = np.abs(np.diff(found, axis=0)) > 0.0
    assert not np.any(moves[:, :2].any(axis=1) & moves[:, 2:].any(axis=1))
    together, _ = way(side_by_side)
    moves = np.abs(np.diff(together, axis=0)) > 0.0
    assert np.any(moves[:, :2].any(axis=1) & moves[:, 2:].any(axis=1))


def test_an_arm_whose_line_is_free_takes_it():
    found, _ = way(lambda q: np.linalg.norm(q[:2]) > 0.9)
    rows = found[np.abs(found[:, :2] - GOAL[:2]).max(axis=1) == 0.0]
    assert len(rows) == 2


def test_the_same_request_gives_the_same_way():
    assert np.array_equal(way(side_by_side)[0], way(side_by_side)[0])


@pytest.mark.parametrize("budget", [1, 300, 2000])
def test_nothing_is_found_behind_a_wall_and_the_budget_is_kept(budget):
    found, asked = way(lambda q: abs(q[0]) > 0.3, max_checks=budget)
    assert found is None
    assert asked < budget + 300


def test_corners_that_are_not_needed_are_left_out_and_small_gains_are_not_asked_for():
    zigzag = np.array([[0.0, 0.0], [0.5, 0.4], [1.0, -0.4], [1.5, 0.4], [2.0, 0.0]])
    asked = []
    short = shortcut(zigzag, lambda q: asked.append(0) is None, spacing=SPACING)
    assert np.array_equal(short, zigzag[[0, -1]])
    asked.clear()
    flat = np.array([[0.0, 0.0], [1.0, 0.05], [2.0, 0.0]])
    kept = shortcut(flat, lambda q: asked.append(0) is None and q[1] >= 0.02 * min(q[0], 2 - q[0]), spacing=SPACING)
    assert len(kept) == 3
    assert len(asked) < 60
