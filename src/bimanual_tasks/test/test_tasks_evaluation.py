"""The evaluation loop on a fake world: outcomes, grace for the hold, contacts, resume, workers, report."""

import dataclasses
import importlib
import json
import sys
from pathlib import Path

import pytest

from bimanual_core.errors import BimanualError, ErrorCode, SilentNodeError
from bimanual_core.skill import SkillReport
from bimanual_tasks.episode import EpisodeResult, run_episode
from bimanual_tasks.evaluate import evaluate, run_in_session
from bimanual_tasks.performer import ExpertPerformer
from bimanual_tasks.registry import get_task
from bimanual_tasks.results import Evaluation, ResultsFile, overall_report, task_report
from bimanual_tasks.wilson import wilson_interval
from bimanual_tasks.workers import run_in_workers

sys.path.insert(0, str(Path(__file__).parent))  # so that spawned workers can import it, too
fake = importlib.import_module("fake_tasks_session")
FakeSession, good_expert = fake.FakeSession, fake.good_expert
TASK = get_task("handover_block")


def failing_expert(skills, world, task):
    world.wait(1.0)
    return SkillReport(5, 2, ErrorCode.PLAN_UNREACHABLE, "no IK at 0.91 m", 2, "left", "plan")


def raising_expert(skills, world, task):
    raise BimanualError("no such actor")


def silent_expert(skills, world, task):
    raise SilentNodeError("planner is silent")


def test_success_completes_its_hold_after_the_expert():
    session = FakeSession()
    result = run_episode(session, TASK, ExpertPerformer(good_expert), 100_000)
    assert result.success
    assert result.reason == ""
    assert 2.4 < result.seconds < 2.7
    assert "block" in result.instruction
    assert session.listener is None


@pytest.mark.parametrize(
    ("expert", "reason"),
    [
        (failing_expert, "stopped after 2 of 5 (plan): no IK at 0.91 m; block is not at pad"),
        (raising_expert, "no such actor"),
    ],
)
def test_failures_carry_their_reason(expert, reason):
    result = run_episode(FakeSession(), TASK, ExpertPerformer(expert), 100_001)
    assert not result.success
    assert reason in result.reason
    assert result.arm_table_contacts == 2


def test_a_silent_node_ends_the_evaluation_and_the_listener():
    session = FakeSession()
    with pytest.raises(SilentNodeError):
        run_episode(session, TASK, ExpertPerformer(silent_expert), 0)
    assert session.listener is None


EVALUATION = Evaluation("expert", "handover_block", "robotwin2", "process")


def result(seed, success=True):
    return EpisodeResult(
        seed, success, "" if success else "x", 1.0, 0.1, 1, 0, 1 if not success else 0, "i", 1, 1, 0, ""
    )


def runner(log):
    def run(task, variant, seeds):
        for seed in seeds:
            log.append(seed)
            yield result(seed, success=seed % 2 == 0)

    return run


def test_resume_runs_only_what_is_missing(tmp_path):
    file = ResultsFile(tmp_path / "out" / "results.jsonl")
    log = []
    running = evaluate(EVALUATION, range(10, 16), runner(log), file)
    for _ in range(3):
        next(running)
    running.close()
    with file.path.open("a") as text:
        text.write('{"seed": 13, "succ')
    again = list(evaluate(EVALUATION, range(10, 16), runner(log), file))
    assert log == [10, 11, 12, 13, 14, 15]
    assert [r.seed for r in again] == [10, 11, 12, 13, 14, 15]
    assert [r.seed for r in evaluate(EVALUATION, range(10, 16), runner(log), file)] == [10, 11, 12, 13, 14, 15]
    assert len(log) == 6


def test_resume_ignores_other_evaluations_and_refuses_damage(tmp_path):
    file = ResultsFile(tmp_path / "results.jsonl")
    file.append(EVALUATION, result(1))
    assert file.load(dataclasses.replace(EVALUATION, variant="robotwin1")) == {}
    file.path.write_text("not json\n" + file.path.read_text())
    with pytest.raises(BimanualError, match="line 1"):
        file.load(EVALUATION)


def test_report_has_the_agreed_keys():
    report = task_report(EVALUATION, [result(2), result(1, success=False), result(4)])
    assert {k: report[k] for k in ("episodes", "succeeded", "rejected", "unintended_contacts", "variant")} == {
        "episodes": 3,
        "succeeded": 2,
        "rejected": 3,
        "unintended_contacts": 1,
        "variant": "robotwin2",
    }
    assert report["success_rate"] == pytest.approx(2 / 3)
    assert [r["seed"] for r in report["per_seed"]] == [1, 2, 4]
    assert {"seed", "success", "reason", "seconds"} <= set(report["per_seed"][0])
    json.dumps(report, allow_nan=False)
    both = overall_report([report, {**report, "task": "other", "success_rate": 1.0}])
    assert set(both["tasks"]) == {"handover_block", "other"}
    assert both["mean_success_rate"] == pytest.approx(5 / 6)


def test_wilson_interval_against_published_values():
    # Newcombe (1998), table I, method 3: 81/263 and 0/20
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson_interval(20, 20)[1] == 1.0
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_workers_give_what_one_process_gives():
    seeds = range(100_000, 100_004)
    alone = {r.seed: r for r in run_in_session(FakeSession(), fake.performer_for)("handover_block", "", seeds)}
    spread = {r.seed: r for r in run_in_workers(FakeSession, 2, fake.performer_for)("handover_block", "", seeds)}

    def outcome(r):
        return dataclasses.replace(r, wall_seconds=0.0)

    assert all(r.success for r in alone.values())
    assert {s: outcome(r) for s, r in alone.items()} == {s: outcome(r) for s, r in spread.items()}


def test_a_worker_that_cannot_start_says_why():
    with pytest.raises(BimanualError, match="no Vulkan device"):
        list(run_in_workers(fake.broken_session, 2, fake.performer_for)("handover_block", "", range(4)))
