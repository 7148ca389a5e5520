"""The fault run: each quick kind once on a warm graph; with --all, two hundred random ones on both graphs."""

import random
from collections.abc import Iterator

import pytest

from bimanual.faults.outcome import REST_LIMIT_MS, Outcome, Rest
from bimanual.faults.registry import KINDS, draw, get_kind
from bimanual.faults.rig import Rig
from bimanual.faults.run import bench_faults, figures, line, one, table
from bimanual_core.errors import UnknownNameError

#: Kinds that take a second or two on a warm graph.
QUICK = (
    "garbage_goal",
    "goal_without_lease",
    "second_owner",
    "service_flood",
    "planner_paused",
    "second_driver",
    "joint_fault",
    "feedback_fault",
)
FAULTS = 200


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with Rig("real") as running:
        yield running


@pytest.mark.graph
@pytest.mark.parametrize("name", QUICK)
def test_a_fault_is_named_the_arms_rest_and_a_good_motion_works_again(rig: Rig, name: str) -> None:
    outcome = one(rig, name, seed=1)
    assert outcome.good, line(outcome)


@pytest.mark.slow
@pytest.mark.graph
@pytest.mark.sim
def test_two_hundred_random_faults() -> None:
    found = bench_faults(FAULTS, seed=0)
    assert found["faults"] + len(found["not_run"]) >= FAULTS
    assert found["failures"] == []
    assert (found["orphans"], found["files_left"]) == (0, 0)
    assert found["worst_rest_ms"] <= REST_LIMIT_MS


def test_every_kind_comes_up_and_the_draw_is_that_of_its_seed() -> None:
    for graph in ("sim", "real"):
        possible = {k.name for k in KINDS.values() if graph in k.graphs}
        names = draw(random.Random(3), graph, 60, ())
        assert len(names) == 60
        assert set(names) == possible
        assert names == draw(random.Random(3), graph, 60, ())
        assert names != draw(random.Random(4), graph, 60, ())
    assert draw(random.Random(0), "sim", 5, ["joint_fault"]) == []
    with pytest.raises(UnknownNameError, match="unknown fault 'earthquake'; choices: disk_full"):
        get_kind("earthquake")


def test_only_a_fault_whose_promises_are_all_kept_is_good() -> None:
    kept = {"detected_by": "driver", "words": "left_joint1: ...", "rested": True, "rest_ms": 70.0, "recovered": True}
    good = Outcome("joint_fault", "real", 1, rest=Rest.STOPPED, **kept)
    spoilt = {"detected_by": "", "words": "", "rested": False, "rest_ms": 130.0, "recovered": False, "failure": "x"}
    outcomes = [good, *(Outcome("joint_fault", "real", 1, **{**kept, name: v}) for name, v in spoilt.items())]
    assert [o.good for o in outcomes] == [True] + [False] * len(spoilt)
    found = figures([*outcomes, Outcome("small_shared_memory", "sim", 1, not_run="no mount namespace")])
    assert found["faults"] == len(outcomes)
    assert (found["undetected"], found["unnamed"], found["not_at_rest_in_time"], found["not_recovered"]) == (1, 1, 2, 1)
    assert found["failed"] == len(spoilt)
    assert found["worst_rest_ms"] == 130.0
    assert "real joint_fault" in table(outcomes)
