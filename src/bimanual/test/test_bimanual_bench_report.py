"""Figures against targets."""

from bimanual.bench.report import BENCHES, Bench, Target, as_json, as_text


def test_a_figure_that_fails_its_target_or_is_absent_is_missed() -> None:
    bench = Bench("m:f", {"rtf": Target(">=", 1.0), "lost": Target("==", 0), "load_s": Target("<", 2.0)})
    result = as_json("graph", bench, {"rtf": 0.97, "lost": 0, "rss": 3.5})
    assert result["missed"] == ["rtf", "load_s"]
    assert result["targets"]["rtf"] == ">= 1"
    assert "MISSED >= 1" in as_text(result)
    assert "ok == 0" in as_text(result)


def test_every_relation_is_known() -> None:
    for bench in BENCHES.values():
        for target in bench.targets.values():
            assert isinstance(target.met(1.0), bool)


def test_what_is_measured_on_request_is_missed_only_when_measured() -> None:
    bench = Bench("m:f", {"collisions": Target("==", 0, optional=True)})
    assert as_json("planner", bench, {})["missed"] == []
    assert as_json("planner", bench, {})["targets"] == {}
    assert as_json("planner", bench, {"collisions": 1})["missed"] == ["collisions"]
