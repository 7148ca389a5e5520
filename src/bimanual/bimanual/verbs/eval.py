"""Evaluate a policy on tasks: success rates with confidence intervals, failures by class, seed by seed.

The policy is ``expert``, ``agent`` (a language model, or the oracle ``scripted``: --provider), one that comes with the
project (``dp3``), or the path of a checkpoint. Seeds are
100000 * (1 + seed0) + i, as they come; the only scenes dropped are the sampler's own rejections, which are counted.
With --resume FILE finished episodes are kept in FILE (JSON lines) and not run again; --merge A B puts such files
together and runs nothing. --seed N does one seed only, and --video FILE makes a video of it. --html FILE writes a page.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bimanual.agent_options import add_agent_arguments
from bimanual.evaluating.runners import (
    AGENT,
    ALL,
    EXPERT,
    GRAPH,
    PROCESS,
    WORLDS,
    open_runner,
    performers_in_process,
)
from bimanual.evaluating.told import Progress, summarise, summarise_all
from bimanual.output import note, print_json
from bimanual.randomisation_option import add_randomisation
from bimanual_core.errors import BimanualError
from bimanual_tasks.episode import EpisodeResult
from bimanual_tasks.evaluate import evaluate
from bimanual_tasks.merging import merge_results
from bimanual_tasks.registry import DEFAULT_VARIANT, expert_names, get_expert, get_task, task_names, variants
from bimanual_tasks.results import Evaluation, ResultsFile, overall_report, task_report
from bimanual_tasks.seeds import evaluation_seeds

INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--policy", default=EXPERT, help=f"what acts: {EXPERT}, {AGENT}, dp3 or a checkpoint ({EXPERT})"
    )
    add_agent_arguments(parser, "--provider", f"where the replies of --policy {AGENT} come from (scripted)")
    parser.add_argument("--task", help=f"a task or {ALL}; tasks: {', '.join(task_names())}")
    parser.add_argument(
        "--variant", default="", help=f"published version of the task ({DEFAULT_VARIANT} where it has it)"
    )
    add_randomisation(parser)
    parser.add_argument("--episodes", "--seeds", type=int, default=20, help="episodes, one a seed, per task (20)")
    parser.add_argument("--seed0", type=int, default=0, help="block of evaluation seeds (0)")
    parser.add_argument("--seed", type=int, metavar="N", help="do seed N only, such as one that failed")
    parser.add_argument("--world", choices=WORLDS, default=PROCESS, help="in this process, or over the ROS graph")
    parser.add_argument("--workers", type=int, default=1, help="processes side by side, only with --world process (1)")
    parser.add_argument("--robot", default="cobot_magic", help="robot YAML of bimanual_description (cobot_magic)")
    parser.add_argument("--shuffle-clouds", action="store_true", help="mix the pixels of what the policy sees")
    parser.add_argument("--resume", metavar="FILE", help="JSON-lines file of results to keep and to go on from")
    parser.add_argument("--merge", nargs="+", metavar="FILE", help="report on files of --resume together; run nothing")
    parser.add_argument("--video", metavar="FILE", help="with --task and --seed: the video (mp4) of that seed")
    parser.add_argument("--html", metavar="FILE", help="a page with a table and a picture per task")
    parser.add_argument("--json", action="store_true", help="print one JSON object last on stdout")


def run(args: argparse.Namespace) -> int:
    interrupted = False
    if args.merge:
        reports = _merged(args)
    elif args.video:
        reports = [_filmed(args)]
    else:
        reports, interrupted = _evaluated(args)
    overall = overall_report(reports)
    summarise_all(reports, overall)
    if args.html:
        _write_page(args.html, reports)
    if args.json:
        print_json({**overall, **({"interrupted": True} if interrupted else {})})
    return INTERRUPTED if interrupted else 0


def _evaluated(args: argparse.Namespace) -> tuple[list[dict[str, Any]], bool]:
    """A report per task, and whether somebody pressed Ctrl-C."""
    tasks = _tasks(args)
    seeds = _seeds(args)
    file = ResultsFile(args.resume) if args.resume else None
    reports: list[dict[str, Any]] = []
    interrupted = False
    with open_runner(args) as runner:
        for number, name in enumerate(tasks, start=1):
            evaluation = _evaluation(args, name)
            already = len(file.load(evaluation).keys() & set(seeds)) if file else 0
            progress = Progress(evaluation, len(seeds), (number, len(tasks)), already)
            results: list[EpisodeResult] = []
            try:
                with closing(evaluate(evaluation, seeds, runner, file)) as episodes:
                    for result in episodes:
                        results.append(result)
                        progress.show(result)
            except KeyboardInterrupt:
                interrupted = True
            reports.append(task_report(evaluation, results))
            summarise(reports[-1])
            if interrupted:
                note("interrupted; the episodes above are done" + (f" and kept in {args.resume}" if file else ""))
                break
    return reports, interrupted


def _merged(args: argparse.Namespace) -> list[dict[str, Any]]:
    """A report per task of the files, which --resume FILE, a new one, keeps together."""
    found = merge_results(args.merge)
    if args.task not in (None, ALL):
        found = {evaluation: results for evaluation, results in found.items() if evaluation.task == args.task}
        if not found:
            raise BimanualError(f"there is no result of {args.task} in {', '.join(args.merge)}")
    if args.resume:
        file = ResultsFile(args.resume)
        if file.path.exists():
            raise BimanualError(f"--resume {args.resume} exists; name a new file for what is merged")
        for evaluation, results in found.items():
            for result in results:
                file.append(evaluation, result)
    reports = [task_report(evaluation, results) for evaluation, results in found.items()]
    for report in reports:
        summarise(report)
    return reports


def _filmed(args: argparse.Namespace) -> dict[str, Any]:
    """The report of one seed, of which there is a video then."""
    from bimanual.evaluating.video import film

    if args.seed is None or args.task in (None, ALL) or args.world != PROCESS:
        raise BimanualError("--video needs --task, one of them, --seed, and --world process")
    _tasks(args)
    evaluation = _evaluation(args, args.task)
    performers, seen = performers_in_process(args)
    result = film(evaluation, _seeds(args)[0], performers(args.task), args.video, seen)
    Progress(evaluation, 1, (1, 1)).show(result)
    report = task_report(evaluation, [result])
    report["per_seed"][0]["video"] = str(Path(args.video).absolute())
    note(f"video: {args.video}")
    return report


def _write_page(path: str, reports: Sequence[dict[str, Any]]) -> None:
    from bimanual.evaluating.page import write_page
    from bimanual.evaluating.pictures import first_scenes

    note(f"page: {write_page(path, reports, first_scenes(reports))}")


def _evaluation(args: argparse.Namespace, task: str) -> Evaluation:
    policy = args.policy + ("+shuffled-clouds" if args.shuffle_clouds else "")
    variant = get_task(task, args.variant).variant
    return Evaluation(policy, task, variant, args.world, args.randomisation, args.robot)


def _seeds(args: argparse.Namespace) -> Sequence[int]:
    if args.seed is None:
        return evaluation_seeds(args.seed0, args.episodes)
    if args.seed < 0:
        raise BimanualError(f"--seed {args.seed} is below the limit 0")
    return (args.seed,)


def _tasks(args: argparse.Namespace) -> list[str]:
    """The tasks that are asked for; what cannot run is refused before anything starts."""
    if args.task is None:
        raise BimanualError(f"--task is missing; choices: {ALL}, {', '.join(task_names())}")
    tasks = _all_tasks(args) if args.task == ALL else [args.task]
    for name in tasks:
        get_task(name, args.variant)
        if args.policy == EXPERT or (args.policy == AGENT and args.provider in (None, "scripted")):
            get_expert(name)
    if args.policy in (EXPERT, AGENT) and args.shuffle_clouds:
        raise BimanualError("--shuffle-clouds needs a policy that sees clouds; expert and agent do not")
    if args.provider and args.policy != AGENT:
        raise BimanualError(f"--provider {args.provider} needs --policy {AGENT}")
    if args.workers < 1:
        raise BimanualError(f"--workers {args.workers} is below the limit 1")
    if args.world == GRAPH and args.policy not in (EXPERT, AGENT) and (args.task == ALL or args.shuffle_clouds):
        raise BimanualError("over the graph one policy does one task, and sees what the cameras send")
    if args.world == GRAPH and args.workers != 1:
        raise BimanualError(f"--workers {args.workers} needs --world process; there is one graph")
    return tasks


def _all_tasks(args: argparse.Namespace) -> list[str]:
    """The tasks that have the variant, and where the expert acts, an expert."""
    names = expert_names() if args.policy == EXPERT else task_names()
    return [name for name in names if args.variant in ("", *variants(name))]
