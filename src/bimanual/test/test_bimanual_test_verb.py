"""The verb that runs the tests: which run side by side, and when nothing was found."""

import argparse

import pytest

from bimanual.verbs.test import _agree_on_none, add_arguments, commands


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def test_what_starts_nodes_or_watches_the_clock_runs_alone(tmp_path) -> None:
    checks = commands(parsed("--no-lint"), tmp_path)
    beside, alone = checks["pytest"], checks["alone"]
    assert beside[beside.index("pytest") + 1 :][:2] == ["-m", "not (graph or timed) and not slow"]
    assert alone[alone.index("pytest") + 1 :] == ["-m", "(graph or timed) and not slow"]
    assert "-n" in beside


def test_all_also_runs_the_slow_ones_and_words_go_to_both(tmp_path) -> None:
    checks = commands(parsed("--all", "--", "-k", "se3"), tmp_path)
    for name in ("pytest", "alone"):
        assert "slow" not in " ".join(checks[name])
        assert checks[name][-2:] == ["-k", "se3"]


@pytest.mark.parametrize(
    ("beside", "alone", "passed"),
    [(0, 5, [True, True]), (5, 0, [True, True]), (5, 5, [False, False]), (1, 5, [False, True]), (0, 2, [True, False])],
)
def test_tests_in_one_half_only_are_enough(beside: int, alone: int, passed: list[bool]) -> None:
    results: dict[str, dict[str, object]] = {
        name: {"passed": code == 0, "exit_code": code} for name, code in (("pytest", beside), ("alone", alone))
    }
    _agree_on_none(results)
    assert [results[name]["passed"] for name in ("pytest", "alone")] == passed
