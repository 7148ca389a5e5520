"""Bring a graph up and keep it running until Ctrl-C: the launch file's nodes and arguments, without ros2 launch.

Arguments are written as for ros2 launch, for example ``bimanual up sim time_mode:=lockstep cameras:=head``.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Mapping

from bimanual.graph.description import GRAPHS, NodeSpec, Value, arguments_of, as_text, graph_nodes, resolve, selected
from bimanual.graph.environment import graph_environment
from bimanual.graph.supervisor import Supervisor
from bimanual.output import note
from bimanual.runs import new_run_folder
from bimanual_core.errors import BimanualError
from bimanual_description import load
from bimanual_tasks.registry import get_task

LOOK_SECONDS = 0.2


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
    log_dir = new_run_folder("up") / "log"
    with Supervisor(nodes, arguments, environment, log_dir) as supervisor:
        for node in supervisor.processes:
            note(f"{node.spec.name:<22} pid {node.process.pid}  {node.log_file}")
        note("the graph is up; Ctrl-C ends it")
        # An event nobody sets: wakes at intervals to look after the nodes, and at once for a Ctrl-C.
        never = threading.Event()
        while not never.wait(LOOK_SECONDS):
            supervisor.check()
    return 0
