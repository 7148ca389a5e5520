"""``bench collect``: rates, a peer's beside them, and what counts as growing memory."""

import pytest

from bimanual.bench import collect
from bimanual.bench.collect import Rate, bench_collect
from bimanual.bench.memory import growth_per_100
from bimanual_core.errors import BimanualError


@pytest.fixture
def measured(monkeypatch):
    """Ours does 30 a minute with cameras and 60 without, the peer 10 in either way; ``asked`` is what ran."""
    asked = []

    def ours(cameras, seconds, workers):
        asked.append(("ours", bool(cameras), workers))
        return Rate(60.0, 60, [9.0] * (30 if cameras else 60))

    def theirs(seconds, workers, cameras):
        asked.append(("theirs", cameras, workers))
        limits = {"joint_speed": 0.9, "joint_acceleration": 0.8, "versions": {"mplib": "0.1.1"}}
        return {"seconds": 30.0, "attempts": 10, "simulated_seconds": [5.0] * 5, **limits}

    monkeypatch.setattr(collect, "_rate", ours)
    monkeypatch.setitem(collect.PEERS, "maniskill", theirs)
    return asked


def test_a_peer_is_measured_right_after_us_and_by_as_many_workers(measured):
    figures = bench_collect(5.0, 3, peer="maniskill")
    assert measured == [("ours", False, 3), ("theirs", False, 3), ("ours", True, 3), ("theirs", True, 3)]
    assert (figures["demos_per_minute_state"], figures["demos_per_minute_rgbd"]) == (60.0, 30.0)
    assert (figures["success_percent_rgbd"], figures["simulated_seconds_per_demo_rgbd"]) == (50.0, 9.0)
    assert (figures["maniskill_demos_per_minute_rgbd"], figures["ratio_rgbd"]) == (10.0, 3.0)
    assert figures["maniskill_simulated_seconds_per_demo_state"] == 5.0
    for limit in ("joint_speed", "joint_acceleration"):
        assert figures[limit] == figures[f"{limit}_yaml"]


def test_without_a_peer_there_is_no_ratio(measured):
    assert not [name for name in bench_collect(5.0, 2) if name.startswith(("maniskill", "ratio", "rss"))]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"peer": "mplib"}, "--peer mplib; choices: maniskill"),
        ({"episodes": 3}, "below the limit 10"),
        ({"seconds": 0.0}, "above 0"),
    ],
)
def test_wrong_options_are_refused_before_anything_runs(measured, options, message):
    with pytest.raises(BimanualError, match=message):
        bench_collect(**options)
    assert measured == []


def test_memory_grows_by_what_is_kept_and_not_by_warm_up_or_one_large_moment():
    flat = [100.0 + 5 * min(i, 40) for i in range(200)]
    assert growth_per_100(flat) == 0.0
    assert growth_per_100([*flat[:-1], 900.0]) == 0.0
    assert growth_per_100([100.0 + 0.5 * i for i in range(200)]) == pytest.approx(50.0)
