"""Bring a graph up and keep it running until Ctrl-C: the launch file's nodes and arguments, without ros2 launch.

Arguments are written as for ros2 launch, for example ``bimanual up sim time_mode:=lockstep cameras:=head``. A node that
dies is named with its last words and ends the graph, or with ``respawn:=true`` is started again. Nodes that fall
silent, report an error or are there twice are named.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Mapping

from bimanual.graph.description import GRAPHS, NodeSpec, Value, arguments_of, as_text, graph_nodes, resolve, selected
from bimanual.graph.environment import graph_environment
from bimanual.graph.respawn import Respawner
from bimanual.graph.supervisor import Supervisor
from bimanual.output import note
from bimanual.runs import new_run_folder
from bimanual_core.errors import BimanualError
from bimanual_description import load
from bimanual_ros.graph_health import HealthMonitor
from bimanual_tasks.registry import get_task

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


def _nodes(graph: str, arguments: Mapping[str, Value]) -> tuple[NodeSpec, ...]:
    """The graph's nodes; refuses what they would refuse, before any starts. Raises UnknownNameError."""
    robot = load(str(arguments["robot"]))
    selected(str(arguments["cameras"]), [camera.name for camera in robot.cameras])
    if arguments["task"]:
        get_task(str(arguments["task"]))
    return graph_nodes(graph, arguments, robot)


def run(args: argparse.Namespace) -> int:
    if args.show_args:
        show_arguments(args.graph)
        return 0
    arguments = resolve(given_arguments(args.arguments), args.graph)
    nodes = _nodes(args.graph, arguments)
    environment = graph_environment(bool(arguments["network"]), private_domain=False)
    os.environ.update(environment)  # this process listens too
    monitor = HealthMonitor(WATCHER, [node.name for node in nodes], str(arguments["namespace"]))
    try:
        _refuse_strangers(monitor)
        log_dir = new_run_folder("up") / "log"
        with Supervisor(nodes, arguments, environment, log_dir) as supervisor:
            for node in supervisor.processes:
                note(f"{node.spec.name:<22} pid {node.process.pid}  {node.log_file}")
            note("the graph is up; Ctrl-C ends it")
            _look_after(supervisor, monitor, bool(arguments["respawn"]))
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
