"""The figures of the planner: tallies, and random plans in batches that any worker may take."""

import pytest

from bimanual.bench.plan_tally import Tally
from bimanual.bench.random_plans import open_planning, plan_randomly, scene_jobs
from bimanual_core.errors import BimanualError


def test_plans_are_cut_into_scenes() -> None:
    jobs = scene_jobs(23, 5)
    assert [(job.index, job.count) for job in jobs] == [(0, 10), (1, 10), (2, 3)]
    assert {job.seed for job in jobs} == {5}
    assert scene_jobs(0, 5) == []


def test_a_worker_plans_and_checks_a_scene() -> None:
    with open_planning("cobot_magic") as plan:
        tally = plan(scene_jobs(2, 0)[0])
    figures = tally.figures("plans")
    assert figures["plans_asked"] == 2
    assert figures["plans_success_percent"] == 100.0
    assert (figures["plans_collisions"], figures["plans_limit_violations"]) == (0, 0)
    assert figures["plans_position_error_max_mm"] < 0.1


def test_tallies_add_up_and_nothing_asked_gives_no_figures() -> None:
    a = Tally(asked=2, milliseconds=[1.0, 3.0], longest_ms=3.0, collisions=["a overlaps b"])
    b = Tally(asked=2, milliseconds=[2.0], longest_ms=9.0, failures=["no way"], position_mm=[0.01])
    a.add(b)
    figures = a.figures("x")
    assert figures["x_asked"] == 4
    assert figures["x_success_percent"] == 75.0
    assert (figures["x_ms_p50"], figures["x_ms_max"], figures["x_position_error_max_mm"]) == (2.0, 9.0, 0.01)
    assert figures["x_collisions"] == 1
    assert figures["x_first_violations"] == ["a overlaps b"]
    assert Tally().figures("x") == {}


def test_fewer_than_no_plans_are_refused() -> None:
    with pytest.raises(BimanualError, match="-1 is below 0"):
        plan_randomly("cobot_magic", -1, 0, 1)
