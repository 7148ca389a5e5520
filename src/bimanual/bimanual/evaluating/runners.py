"""Who acts in an evaluation, and in which world: sessions and performers of the options of ``eval``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from bimanual.agent_options import agent_settings
from bimanual.output import note
from bimanual_tasks.evaluate import EpisodeRunner, SessionFactory, run_in_session
from bimanual_tasks.performer import PerformerLookup, expert_performer
from bimanual_tasks.registry import task_names
from bimanual_tasks.workers import run_in_workers

if TYPE_CHECKING:
    from bimanual.policy_session import PolicyPerformers

EXPERT, AGENT = "expert", "agent"
WORLDS = PROCESS, GRAPH = ("process", "graph")
ALL = "all"


@contextmanager
def open_runner(args: argparse.Namespace) -> Iterator[EpisodeRunner]:
    """What runs the seeds of a task as the options of ``eval`` say. Raises BimanualError for what cannot act."""
    factory, performers = _opened(args)
    if args.workers > 1:
        yield run_in_workers(factory, args.workers, performers, args.randomisation)
        return
    session = factory()
    try:
        yield run_in_session(session, performers, randomisation=args.randomisation)
    finally:
        session.close()


def performers_in_process(args: argparse.Namespace) -> tuple[PerformerLookup, tuple[str, ...]]:
    """Who acts in a world of this process, and the cameras it is shown. Raises BimanualError as
    :func:`open_runner`."""
    if args.policy == EXPERT:
        return expert_performer, ()
    if args.policy == AGENT:
        from bimanual.agent_session import AgentPerformers

        agents = AgentPerformers(agent_settings(args, args.provider or "scripted"))
        note(f"the agent's logs: {agents.folder}")
        return agents, agents.cameras
    policies = _policies(args)
    return policies, policies.cameras(args.robot)


def _opened(args: argparse.Namespace) -> tuple[SessionFactory, PerformerLookup]:
    """What opens a session of the world that is asked for, and who acts in it."""
    if args.policy not in (EXPERT, AGENT):
        return _policy(args)
    performers, cameras = performers_in_process(args)
    if args.world == GRAPH:  # only the world that is asked for is imported
        from bimanual.graph.session import graph_session

        return partial(graph_session, args.robot, {"cameras": ",".join(cameras) or "none"}), performers
    from bimanual.process_session import ProcessSession

    return partial(ProcessSession, args.robot, cameras), performers


def _policy(args: argparse.Namespace) -> tuple[SessionFactory, PerformerLookup]:
    """The same for a policy: each process loads it, and sees what its checkpoint asks for."""
    from bimanual.policy_session import PolicySessionFactory

    policies = _policies(args)
    cameras = policies.cameras(args.robot)
    if args.world == GRAPH:
        from bimanual.graph.policy import GraphPolicyPerformer, PolicyGraph

        return PolicyGraph(args.robot, policies.checkpoint(args.task), cameras), GraphPolicyPerformer().for_task
    return PolicySessionFactory(policies, args.robot), policies


def _policies(args: argparse.Namespace) -> PolicyPerformers:
    from bimanual.policy_session import PolicyPerformers

    tasks = tuple(task_names()) if args.task == ALL else (args.task,)
    return PolicyPerformers(args.policy, tasks, args.shuffle_clouds, threads=1 if args.workers > 1 else 0)
