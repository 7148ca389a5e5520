"""What a launch starts, decided before anything does: the arguments as given, checked, and what follows from them.

``launch/*.launch.py`` and ``bimanual up`` both carry out such a plan, so they refuse the same input in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bimanual.graph.description import NodeSpec, Value, graph_nodes, resolve, selected
from bimanual.graph.environment import GRAPH_VARIABLES, graph_environment
from bimanual_core.errors import BimanualError
from bimanual_description import load
from bimanual_description.files import share_dir
from bimanual_tasks.registry import get_task

NO_RVIZ = "rviz:=true, but rviz2 is not installed here: the graph runs without it (apt install ros-$ROS_DISTRO-rviz2)"

_NAMESPACE = re.compile(r"(/?[A-Za-z_]\w*(/[A-Za-z_]\w*)*/?)?")


@dataclass(frozen=True)
class GraphPlan:
    """One launch: its resolved arguments, its nodes in start order, and the variables of their environment."""

    graph: str
    arguments: Mapping[str, Value]
    nodes: tuple[NodeSpec, ...]
    variables: Mapping[str, str]

    @property
    def rviz_arguments(self) -> list[str]:
        """What RViz is started with, for this graph's clock and namespace."""
        words = [
            "-d",
            str(share_dir() / "rviz" / "bimanual.rviz"),
            "--ros-args",
            "-p",
            f"use_sim_time:={str(self.graph == 'sim').lower()}",
        ]
        namespace = str(self.arguments["namespace"]).strip("/")
        return [*words, "-r", f"__ns:=/{namespace}"] if namespace else words


def plan_graph(graph: str, given: Mapping[str, str], environ: Mapping[str, str] | None = None) -> GraphPlan:
    """The plan of ``graph`` for launch arguments as text; ``environ`` is that of the caller (default: this process's).

    Raises BimanualError for whatever a node would refuse: unknown arguments, robots, cameras, tasks, values outside
    their choices, files that are not there.
    """
    arguments = resolve(given, graph)
    robot = load(str(arguments["robot"]))
    selected(str(arguments["cameras"]), [camera.name for camera in robot.cameras])
    if arguments["task"]:
        get_task(str(arguments["task"]))
    if not _NAMESPACE.fullmatch(str(arguments["namespace"])):
        raise BimanualError(
            f"namespace:={arguments['namespace']!r} is no ROS namespace: words of letters, digits and _, joined by /"
        )
    if arguments["params_file"] and not Path(str(arguments["params_file"])).is_file():
        raise BimanualError(f"params_file:={arguments['params_file']} is not a file")
    environment = graph_environment(bool(arguments["network"]), environ, private_domain=False)
    variables = {name: environment[name] for name in GRAPH_VARIABLES}
    return GraphPlan(graph, arguments, graph_nodes(graph, arguments, robot), variables)
