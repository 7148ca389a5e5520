"""Bring a graph up and keep it running until Ctrl-C: the launch file's nodes and arguments, without ros2 launch.

Arguments are written as for ros2 launch, for example ``bimanual up sim time_mode:=lockstep cameras:=head``. A node that
dies is named with its last words and ends the graph, or with ``respawn:=true`` is started again. Nodes that fall
silent, report an error or are there twice are named.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bimanual.extras import require
from bimanual.graph.description import GRAPHS, arguments_of, as_text
from bimanual.graph.plan import NO_RVIZ, GraphPlan, plan_graph
from bimanual.graph.respawn import Respawner
from bimanual.graph.shared_memory import lacks_room
from bimanual.graph.supervisor import Supervisor
from bimanual.output import note
from bimanual.runs import new_run_folder
from bimanual_core.errors import BimanualError
from bimanual_ros.graph_health import HealthMonitor
from policy_node.serving.load import needs_learning

LOOK_SECONDS = 0.2
HEALTH_SECONDS = 1.0
WATCHER = "graph_watch"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("graph", choices=GRAPHS, help="which graph")
    parser.add_argument("arguments", nargs="*", metavar="name:=value", help="launch arguments, see --show-args")
    parser.add_argument("--show-args", action="store_true", help="list the launch arguments and end")


def given_arguments(words: list[str]) -> dict[str, str]:
    """``name:=value`` words as a mapping. Raises BimanualError for a word of another form."""
    given = {}
    for word in words:
        name, separator, value = word.partition(":=")
        if not separator or not name:
            raise BimanualError(f"{word!r} is not of the form name:=value")
        given[name] = value
    return given


def show_arguments(graph: str) -> None:
    """Print each argument of ``graph`` with its choices and default."""
    for a in arguments_of(graph).values():
        choices = f" ({'|'.join(a.choices)})" if a.choices else ""
        print(f"{a.name}:={as_text(a.default)!s:<12} {a.description}{choices}")


@contextmanager
def rviz(plan: GraphPlan, environ: Mapping[str, str]) -> Iterator[None]:
    """RViz beside the graph where it is asked for and installed; closing its window leaves the graph alone."""
    program = shutil.which("rviz2")
    if not plan.arguments["rviz"] or program is None:
        if plan.arguments["rviz"]:
            note(NO_RVIZ)
        yield
        return
    with subprocess.Popen([program, *plan.rviz_arguments], env=dict(environ), start_new_session=True) as process:
        try:
            yield
        finally:
            process.terminate()


def extras_of(plan: GraphPlan) -> list[str]:
    """What has to be installed for the nodes of ``plan``, beyond what all graphs need."""
    policy = str(plan.arguments["policy"])
    extras = ["learning"] if policy and needs_learning(Path(policy)) else []
    if plan.arguments["agent"] and plan.arguments["provider"] == "openai":
        extras.append("llm")
    return extras


def run(args: argparse.Namespace) -> int:
    if args.show_args:
        show_arguments(args.graph)
        return 0
    plan = plan_graph(args.graph, given_arguments(args.arguments))
    for extra in extras_of(plan):
        require(extra)
    os.environ.update(plan.variables)  # this process listens too
    if lacks_room():
        note(f"warning: {lacks_room()}")
    monitor = HealthMonitor(WATCHER, [node.name for node in plan.nodes], str(plan.arguments["namespace"]))
    try:
        _refuse_strangers(monitor)
        log_dir = new_run_folder("up") / "log"
        with Supervisor(plan.nodes, plan.arguments, os.environ, log_dir) as supervisor, rviz(plan, os.environ):
            for node in supervisor.processes:
                note(f"{node.spec.name:<22} pid {node.process.pid}  {node.log_file}")
            note("the graph is up; Ctrl-C ends it")
            _look_after(supervisor, monitor, bool(plan.arguments["respawn"]))
    finally:
        monitor.close()
    return 0


def _refuse_strangers(monitor: HealthMonitor) -> None:
    """Raises BimanualError if a graph with these names runs already; its nodes are found within a second."""
    end, never = time.monotonic() + HEALTH_SECONDS, threading.Event()
    while time.monotonic() < end:
        found = monitor.health.strangers()
        if found:
            raise BimanualError(
                f"a graph with {', '.join(found)} runs already in domain {monitor.domain}; end it, "
                "or give this one a ROS_DOMAIN_ID or a namespace:= of its own"
            )
        never.wait(LOOK_SECONDS)


def _look_after(supervisor: Supervisor, monitor: HealthMonitor, respawn: bool) -> None:
    """Name what goes wrong, and start dead nodes again if ``respawn``. Raises SilentNodeError for a death otherwise."""
    respawner = Respawner(supervisor, note)
    known: dict[str, str] = {}
    looked = 0.0
    # An event nobody sets: wakes at intervals to look after the nodes, and at once for a Ctrl-C.
    never = threading.Event()
    while not never.wait(LOOK_SECONDS):
        now = time.monotonic()
        if respawn:
            for name in respawner.look(now):
                monitor.health.restarted(name)
        else:
            supervisor.check()
        if now - looked >= HEALTH_SECONDS:
            looked = now
            known = _tell(known, monitor.health.problems())


def _tell(known: Mapping[str, str], problems: dict[str, str]) -> dict[str, str]:
    """Say what is newly wrong and what is well again; returns what is wrong."""
    for about in problems.keys() - known.keys():
        note(f"warning: {problems[about]}")
    for about in known.keys() - problems.keys():
        note(f"over: {known[about]}")
    return problems
