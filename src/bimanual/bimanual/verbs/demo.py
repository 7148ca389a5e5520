"""Bring the whole graph up, do a task over it, and leave the recorded bag, a video and a picture.

The task's expert does it; with --policy a learned policy, through the node ``policy_node``; with --agent a language
model (or the oracle ``scripted``), through the node ``agent``.

The graph runs in lockstep: simulated time stands still while the planner thinks, and the same seed gives the same run.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bimanual.agent_options import add_agent_arguments, agent_settings
from bimanual.demo import Demo, DemoResult
from bimanual.output import note, print_json
from bimanual.randomisation_option import add_randomisation
from bimanual.runs import new_run_folder
from bimanual_core.errors import BimanualError
from bimanual_tasks.performer import Performer, expert_performer
from bimanual_tasks.registry import DEFAULT_VARIANT, get_expert, get_task, task_names

EXPERT = "expert"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", default="handover_block", help=f"what to do; tasks: {', '.join(task_names())}")
    parser.add_argument(
        "--variant", default="", help=f"published version of the task ({DEFAULT_VARIANT} where it has it)"
    )
    parser.add_argument("--robot", default="cobot_magic", help="robot YAML of bimanual_description (cobot_magic)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the scene (0)")
    add_randomisation(parser)
    parser.add_argument("--policy", default=EXPERT, help=f"what acts: {EXPERT}, dp3 or a checkpoint ({EXPERT})")
    add_agent_arguments(parser, "--agent", "let an agent do it, whose replies come from here instead of an expert")
    parser.add_argument("--out", metavar="DIR", help="folder for episode, video and picture (runs/demo/<time>)")
    parser.add_argument("--headless", action="store_true", help="no window; there is none on a machine without display")
    parser.add_argument("--json", action="store_true", help="print one JSON object last on stdout")


def run(args: argparse.Namespace) -> int:
    task = get_task(args.task, args.variant)
    folder = Path(args.out).resolve() if args.out else new_run_folder("demo")
    perform, given = _performer(args)
    name = "agent" if args.agent else args.policy
    result = Demo(task, perform, args.robot, args.seed, folder, given, name, args.randomisation).run()
    _tell(result)
    if args.json:
        print_json(result.as_dict())
    return 0 if result.success else 1


def _performer(args: argparse.Namespace) -> tuple[Performer, dict[str, str]]:
    """Who acts, and the launch arguments that bring it up. Raises BimanualError."""
    if args.agent and args.policy != EXPERT:
        raise BimanualError(f"either --agent {args.agent} or --policy {args.policy}; one of them acts")
    if args.agent:
        return _agent(args)
    if args.policy == EXPERT:
        return expert_performer(args.task), {}
    from bimanual.graph.policy import GraphPolicyPerformer
    from bimanual.policy_session import PolicyPerformers

    performers = PolicyPerformers(args.policy, (args.task,))
    performers.cameras(args.robot)
    return GraphPolicyPerformer(), {"policy": str(performers.checkpoint(args.task))}


def _agent(args: argparse.Namespace) -> tuple[Performer, dict[str, str]]:
    """The graph's agent as who acts, and the launch arguments that bring it up. Raises BimanualError."""
    from bimanual.graph.agent import GraphAgentPerformer

    settings = agent_settings(args, args.agent)
    if settings.name == "scripted":
        get_expert(args.task)
    names = {"provider": settings.name, "model": settings.model, "base_url": settings.base_url}
    replay = {"replay": str(Path(settings.replay).resolve())} if settings.replay else {}
    return GraphAgentPerformer(note, _tell_step), {"agent": "true", **names, **replay}


def _tell_step(call: int, action: str, text: str) -> None:
    note(f"  call {call}: {text or action or 'asking'}")


def _tell(result: DemoResult) -> None:
    outcome = "success" if result.success else f"FAILED: {result.reason}"
    note(f"\n{result.task} ({result.variant}, {result.randomisation}, {result.policy}) seed {result.seed}: {outcome}")
    note(
        f"  {result.simulated_seconds:.1f} s simulated in {result.task_wall_seconds:.1f} s (rtf {result.rtf:.2f}), "
        f"{result.wall_seconds:.1f} s in all"
    )
    note(f"  episode  {result.episode_dir}")
    note(f"  video    {result.video}")
    note(f"  picture  {result.picture}")
