"""``eval``: its report and page, its refusals, Ctrl-C, resume and merge; that the number of workers changes nothing."""

import contextlib
import dataclasses
import json
from functools import partial

import pytest

from bimanual import cli
from bimanual.evaluating import pictures
from bimanual.evaluating.page import page
from bimanual.process_session import ProcessSession
from bimanual.verbs import eval as verb
from bimanual_tasks.episode import EpisodeResult
from bimanual_tasks.evaluate import run_in_session
from bimanual_tasks.randomise import RANDOMISATIONS
from bimanual_tasks.registry import expert_names
from bimanual_tasks.results import Evaluation, task_report
from bimanual_tasks.workers import run_in_workers


def result(seed, success=True):
    return EpisodeResult(seed, success, "" if success else "x", 1.0, 0.1, 1, 0, 0, "i", 1, 1, 0, "")


@pytest.fixture
def runner(monkeypatch):
    """A world in which odd seeds fail; ``stop_after`` episodes somebody presses Ctrl-C."""
    state = {"done": [], "stop_after": None}

    def run(task, variant, seeds):
        for seed in seeds:
            if len(state["done"]) == state["stop_after"]:
                raise KeyboardInterrupt
            state["done"].append(seed)
            yield result(seed, seed % 2 == 0)

    @contextlib.contextmanager
    def open_runner(args):
        yield run

    monkeypatch.setattr(verb, "open_runner", open_runner)
    return state


def last_object(capsys):
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_report_of_one_task(runner, capsys):
    assert cli.main(["eval", "--task", "handover_block", "--episodes", "4", "--seed0", "1", "--json"]) == 0
    report = last_object(capsys)
    assert runner["done"] == [200_000, 200_001, 200_002, 200_003]
    assert (report["policy"], report["task"], report["variant"]) == ("expert", "handover_block", "robotwin2")
    assert (report["episodes"], report["succeeded"], report["success_rate"]) == (4, 2, 0.5)
    assert [entry["success"] for entry in report["per_seed"]] == [True, False, True, False]


def test_report_of_all_tasks(runner, capsys):
    assert cli.main(["eval", "--task", "all", "--episodes", "2", "--json"]) == 0
    report = last_object(capsys)
    assert {"handover_block", "stack_blocks_two"} <= set(report["tasks"]) == set(expert_names())
    assert report["mean_success_rate"] == 0.5
    assert report["failures"] == {"other": len(expert_names())}


def test_ctrl_c_keeps_what_is_done_and_resume_goes_on(runner, capsys, tmp_path):
    words = ["eval", "--task", "handover_block", "--episodes", "5", "--resume", str(tmp_path / "r.jsonl"), "--json"]
    runner["stop_after"] = 2
    assert cli.main(words) == 130
    report = last_object(capsys)
    assert (report["episodes"], report["interrupted"]) == (2, True)
    runner["stop_after"] = None
    assert cli.main(words) == 0
    assert last_object(capsys)["episodes"] == 5
    assert runner["done"] == list(range(100_000, 100_005))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--task", "juggle"], "unknown task 'juggle'; choices: "),
        ([], "--task is missing; choices: all, "),
        (["--task", "handover_block", "--seed", "-1"], "below the limit 0"),
        (["--task", "handover_block", "--video", "v.mp4"], "needs --task, one of them, --seed"),
        (["--task", "all", "--seed", "3", "--video", "v.mp4"], "needs --task, one of them, --seed"),
        (["--merge", "nowhere.jsonl"], "cannot read nowhere.jsonl"),
        (["--task", "handover_block", "--variant", "own"], "choices: robotwin1, robotwin2"),
        (["--task", "handover_block", "--episodes", "0"], "outside 1..100000"),
        (["--task", "handover_block", "--seed0", "-1"], "overlap with collection"),
        (["--task", "handover_block", "--workers", "0"], "below the limit 1"),
        (["--task", "handover_block", "--world", "graph", "--workers", "2"], "needs --world process"),
    ],
)
def test_wrong_requests_are_refused_before_anything_starts(runner, capsys, words, message):
    assert cli.main(["eval", *words, "--json"]) == 1
    assert message in last_object(capsys)["error"]
    assert runner["done"] == []


def test_one_seed_can_be_done_alone(runner, capsys):
    assert cli.main(["eval", "--task", "handover_block", "--seed", "100003", "--json"]) == 0
    assert runner["done"] == [100_003]
    assert [(r["seed"], r["failure"]) for r in last_object(capsys)["per_seed"]] == [(100_003, "other")]


def test_files_are_merged_into_a_new_one_and_a_page_without_running_anything(runner, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "first_scenes", lambda reports: {"handover_block": b"jpeg"})
    files = [str(tmp_path / name) for name in ("a.jsonl", "b.jsonl")]
    for block, file in enumerate(files):
        words = ["--task", "handover_block", "--episodes", "3", "--seed0", str(block), "--resume", file]
        assert cli.main(["eval", *words]) == 0
    runner["done"].clear()
    into, html = str(tmp_path / "all.jsonl"), tmp_path / "page.html"
    assert cli.main(["eval", "--merge", *files, "--resume", into, "--html", str(html), "--json"]) == 0
    report = last_object(capsys)
    assert runner["done"] == []
    assert [r["seed"] for r in report["per_seed"]] == [*range(100_000, 100_003), *range(200_000, 200_003)]
    assert cli.main(["eval", "--merge", into, "--json"]) == 0
    assert last_object(capsys) == report
    assert "data:image/jpeg;base64,anBlZw==" in html.read_text()
    assert cli.main(["eval", "--merge", *files, "--resume", into]) == 1
    assert "exists; name a new file" in capsys.readouterr().err


def test_the_page_stands_alone_and_shows_what_the_report_says():
    evaluation = Evaluation("expert", "handover_block", "robotwin2", "process")
    bad = dataclasses.replace(result(7, False), reason="block <script> is away", error_code=111, layer="grasp")
    text = page([task_report(evaluation, [result(1), bad])], {"handover_block": b"jpeg"})
    for wanted in ("50.0% success", "1 of 2", "grasp slip", "block &lt;script&gt; is away", "base64,anBlZw=="):
        assert wanted in text
    for unwanted in ("<script", "http:", "https:", "src='/"):
        assert unwanted not in text


@pytest.mark.sim
def test_the_number_of_workers_changes_neither_scenes_nor_words_nor_motions():
    seeds = range(100_000, 100_002)
    session = ProcessSession()
    alone = {r.seed: r for r in run_in_session(session)("stack_blocks_two", "", reversed(seeds))}
    session.close()
    spread = {r.seed: r for r in run_in_workers(partial(ProcessSession), 2)("stack_blocks_two", "", seeds)}
    without_wall = [{s: dataclasses.replace(r, wall_seconds=0.0) for s, r in d.items()} for d in (alone, spread)]
    assert without_wall[0] == without_wall[1]
    assert all(r.success and r.scene and r.trajectory for r in alone.values())
    assert len({r.trajectory for r in alone.values()}) == len(seeds)


@pytest.mark.sim
@pytest.mark.slow
@pytest.mark.parametrize("randomisation", RANDOMISATIONS)
def test_a_seed_is_the_same_in_a_fresh_process_and_after_other_tasks(randomisation):
    tasks, seed = ("put_apple_cabinet", "handover_block", "pick_apple_messy"), 100_004
    with contextlib.closing(ProcessSession()) as session:
        run = run_in_session(session, randomisation=randomisation)
        worn = {task: next(iter(run(task, "", [seed]))) for task in tasks}
    for task, before in worn.items():
        run = run_in_workers(partial(ProcessSession), 1, randomisation=randomisation)
        (fresh,) = run(task, "", [seed])
        assert dataclasses.replace(fresh, wall_seconds=0.0) == dataclasses.replace(before, wall_seconds=0.0)
        assert fresh.trajectory
