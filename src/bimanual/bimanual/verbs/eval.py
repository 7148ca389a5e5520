"""Evaluate a policy on tasks: success rates with confidence intervals, seed by seed.

The policy is ``expert``, ``agent`` (a language model, or the oracle ``scripted``: --provider), one that comes with the
project (``dp3``), or the path of a checkpoint. Seeds are
100000 * (1 + seed0) + i, as they come; the only scenes dropped are the sampler's own rejections, which are counted.
With --resume FILE finished episodes are kept in FILE (JSON lines) and not run again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from bimanual.agent_options import add_agent_arguments, agent_settings
from bimanual.output import note, print_json
from bimanual.randomisation_option import add_randomisation
from bimanual_core.errors import BimanualError
from bimanual_tasks.episode import EpisodeResult
from bimanual_tasks.evaluate import EpisodeRunner, SessionFactory, evaluate, run_in_session
from bimanual_tasks.performer import PerformerLookup, expert_performer
from bimanual_tasks.registry import DEFAULT_VARIANT, expert_names, get_expert, get_task, task_names, variants
from bimanual_tasks.results import Evaluation, ResultsFile, overall_report, task_report
from bimanual_tasks.seeds import evaluation_seeds
from bimanual_tasks.workers import run_in_workers

EXPERT, AGENT = "expert", "agent"
WORLDS = ("process", "graph")
ALL = "all"
INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--policy", default=EXPERT, help=f"what acts: {EXPERT}, {AGENT}, dp3 or a checkpoint ({EXPERT})"
    )
    add_agent_arguments(parser, "--provider", f"where the replies of --policy {AGENT} come from (scripted)")
    parser.add_argument("--task", required=True, help=f"a task or {ALL}; tasks: {', '.join(task_names())}")
    parser.add_argument(
        "--variant", default="", help=f"published version of the task ({DEFAULT_VARIANT} where it has it)"
    )
    add_randomisation(parser)
    parser.add_argument("--episodes", "--seeds", type=int, default=20, help="episodes, one a seed, per task (20)")
    parser.add_argument("--seed0", type=int, default=0, help="block of evaluation seeds (0)")
    parser.add_argument("--world", choices=WORLDS, default="process", help="in this process, or over the ROS graph")
    parser.add_argument("--workers", type=int, default=1, help="processes side by side, only with --world process (1)")
    parser.add_argument("--robot", default="cobot_magic", help="robot YAML of bimanual_description (cobot_magic)")
    parser.add_argument("--shuffle-clouds", action="store_true", help="mix the pixels of what the policy sees")
    parser.add_argument("--resume", metavar="FILE", help="JSON-lines file of results to keep and to go on from")
    parser.add_argument("--json", action="store_true", help="print one JSON object last on stdout")


def run(args: argparse.Namespace) -> int:
    tasks = _all_tasks(args) if args.task == ALL else [args.task]
    seeds = evaluation_seeds(args.seed0, args.episodes)
    _check(args, tasks)
    file = ResultsFile(args.resume) if args.resume else None
    reports: list[dict[str, Any]] = []
    interrupted = False
    policy = args.policy + ("+shuffled-clouds" if args.shuffle_clouds else "")
    with _runner(args) as runner:
        for name in tasks:
            variant = get_task(name, args.variant).variant
            evaluation = Evaluation(policy, name, variant, args.world, args.randomisation)
            results: list[EpisodeResult] = []
            try:
                with closing(evaluate(evaluation, seeds, runner, file)) as episodes:
                    for result in episodes:
                        results.append(result)
                        _tell(evaluation, result, results, len(seeds))
            except KeyboardInterrupt:
                interrupted = True
            reports.append(task_report(evaluation, results))
            _summarise(reports[-1])
            if interrupted:
                note("interrupted; the episodes above are done" + (f" and kept in {args.resume}" if file else ""))
                break
    if args.json:
        print_json({**overall_report(reports), **({"interrupted": True} if interrupted else {})})
    return INTERRUPTED if interrupted else 0


def _all_tasks(args: argparse.Namespace) -> list[str]:
    """The tasks that have the variant, and where the expert acts, an expert."""
    names = expert_names() if args.policy == EXPERT else task_names()
    return [name for name in names if args.variant in ("", *variants(name))]


def _check(args: argparse.Namespace, tasks: list[str]) -> None:
    """Refuse what cannot run before anything starts."""
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
    if args.world == "graph" and args.policy not in (EXPERT, AGENT) and (args.task == ALL or args.shuffle_clouds):
        raise BimanualError("over the graph one policy does one task, and sees what the cameras send")
    if args.world == "graph" and args.workers != 1:
        raise BimanualError(f"--workers {args.workers} needs --world process; there is one graph")


@contextmanager
def _runner(args: argparse.Namespace) -> Iterator[EpisodeRunner]:
    factory, performers = {EXPERT: _expert, AGENT: _agent}.get(args.policy, _policy)(args)
    if args.workers > 1:
        yield run_in_workers(factory, args.workers, performers, args.randomisation)
        return
    session = factory()
    try:
        yield run_in_session(session, performers, randomisation=args.randomisation)
    finally:
        session.close()


def _expert(args: argparse.Namespace) -> tuple[SessionFactory, PerformerLookup]:
    """What opens a session of that world, and who acts in it."""
    return _sessions(args, ()), expert_performer


def _agent(args: argparse.Namespace) -> tuple[SessionFactory, PerformerLookup]:
    """The same for an agent, which is shown the cameras that its model can use."""
    from bimanual.agent_session import AgentPerformers

    performers = AgentPerformers(agent_settings(args, args.provider or "scripted"))
    note(f"the agent's logs: {performers.folder}")
    return _sessions(args, performers.cameras), performers


def _sessions(args: argparse.Namespace, cameras: tuple[str, ...]) -> SessionFactory:
    """Only the world that is asked for is imported."""
    if args.world == "graph":
        from bimanual.graph.session import graph_session

        return partial(graph_session, args.robot, {"cameras": ",".join(cameras) or "none"})
    from bimanual.process_session import ProcessSession

    return partial(ProcessSession, args.robot, cameras)


def _policy(args: argparse.Namespace) -> tuple[SessionFactory, PerformerLookup]:
    """The same for a policy: each process loads it, and sees what its checkpoint asks for."""
    from bimanual.policy_session import PolicyPerformers, PolicySessionFactory

    tasks = tuple(task_names()) if args.task == ALL else (args.task,)
    threads = 1 if args.workers > 1 else 0
    performers = PolicyPerformers(args.policy, tasks, args.shuffle_clouds, threads)
    cameras = performers.cameras(args.robot)
    if args.world == "graph":
        from bimanual.graph.policy import GraphPolicyPerformer, PolicyGraph

        return PolicyGraph(args.robot, performers.checkpoint(args.task), cameras), GraphPolicyPerformer().for_task
    return PolicySessionFactory(performers, args.robot), performers


def _tell(evaluation: Evaluation, result: EpisodeResult, results: list[EpisodeResult], wanted: int) -> None:
    succeeded = sum(r.success for r in results)
    outcome = "success" if result.success else f"FAILED: {result.reason}"
    outcome += f" (but {result.disagreement})" if result.disagreement else ""
    times = f"{result.seconds:5.1f} s simulated, {result.wall_seconds:5.1f} s wall"
    note(
        f"[{len(results)}/{wanted}] {evaluation.task} ({evaluation.variant}) seed {result.seed}: {outcome}  "
        f"{times}  {succeeded}/{len(results)} so far"
    )


def _summarise(report: dict[str, Any]) -> None:
    low, high = report["ci95"]
    note(
        f"{report['task']} ({report['variant']}, {report['randomisation']}, {report['policy']}, {report['world']}): "
        f"{report['succeeded']} of {report['episodes']} succeeded, 95% interval {low:.2f}-{high:.2f}, mean stage score "
        f"{report['mean_stage_score']:.2f}; {report['unintended_contacts']} unintended contacts; "
        f"{report['disagreements']} disagree with their instruction; {report['resampled']} scenes drawn again "
        f"({100 * report['reject_rate']:.1f}% of the seeds), {report['rejected']} draws rejected by the task's rules"
    )
