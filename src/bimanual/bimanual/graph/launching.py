"""The graph as a launch description: what both files in ``launch/`` return.

Only a machine with ROS 2 has ``launch``; everything that can be decided without it is in ``bimanual.graph.plan``.
"""

from __future__ import annotations

import atexit
import shutil
from functools import partial

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import Action, LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable, Shutdown
from launch.events.process import ProcessExited
from launch.logging import get_logger
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from bimanual.graph.description import NodeSpec, arguments_of, as_text
from bimanual.graph.plan import NO_RVIZ, GraphPlan, plan_graph
from bimanual.graph.respawn import RestartPolicy
from bimanual.graph.shared_memory import dds_files, remove_unused

#: The pause before a dead node starts again [s].
RESPAWN_DELAY_S = 1.0


def launch_description(graph: str) -> LaunchDescription:
    """Declare the arguments of ``graph``, then start what they ask for."""
    declared = [
        DeclareLaunchArgument(
            a.name, default_value=as_text(a.default), description=a.description, choices=list(a.choices) or None
        )
        for a in arguments_of(graph).values()
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=partial(_start, graph))])


def _start(graph: str, context: LaunchContext) -> list[Action]:
    """Environment and processes for the launch arguments as given; bad ones end the launch before a node starts."""
    given = {name: LaunchConfiguration(name).perform(context) for name in arguments_of(graph)}
    plan = plan_graph(graph, given, context.environment)
    strangers = sorted(set(context.launch_configurations) - set(given))
    if strangers:  # not refused: they may be those of a launch file that includes this one
        get_logger("bimanual").warning(
            f"not arguments of this graph, so of no effect: {', '.join(strangers)}; known: {', '.join(given)}"
        )
    # A node that is killed leaves shared memory behind: what nobody uses at the end goes.
    atexit.register(remove_unused, dds_files())
    variables = [SetEnvironmentVariable(name, value) for name, value in plan.variables.items()]
    prefix = None if "launch-prefix" in context.launch_configurations else _end_with_launch()
    return [*variables, *(launch_node(spec, plan, prefix) for spec in plan.nodes), *_rviz(plan)]


def _end_with_launch() -> str | None:
    """What starts a node so that it is interrupted when ``ros2 launch`` is killed, which else leaves it behind."""
    return "setpriv --pdeathsig INT" if shutil.which("setpriv") else None


def launch_node(spec: NodeSpec, plan: GraphPlan, prefix: str | None = None) -> Node:
    """The action that starts one node behind ``prefix``. Its death ends the launch, or with ``respawn`` it restarts."""
    respawns = RestartPolicy().limit if plan.arguments["respawn"] else 0
    params_file = [plan.arguments["params_file"]] if plan.arguments["params_file"] else []
    return Node(
        package=spec.package,
        executable=spec.executable,
        name=spec.name,
        exec_name=spec.name,  # in what the launch prints
        namespace=plan.arguments["namespace"],
        parameters=[dict(spec.parameters), *params_file],
        ros_arguments=["--log-level", plan.arguments["log_level"]],
        output="screen",
        prefix=prefix,
        respawn=respawns > 0,
        respawn_delay=RESPAWN_DELAY_S,
        respawn_max_retries=respawns,
        on_exit=_Deaths(spec.name, respawns),
    )


class _Deaths:
    """What the end of one node means: nothing while it is started again, else the end of the graph."""

    def __init__(self, name: str, respawns: int) -> None:
        self._name = name
        self._left = respawns

    def __call__(self, _event: ProcessExited, context: LaunchContext) -> list[Action]:
        if context.is_shutdown:
            return []
        logger = get_logger("bimanual")
        if self._left > 0:
            self._left -= 1
            logger.error(f"node {self._name} ended; it starts again ({self._left} more times)")
            return []
        logger.error(f"node {self._name} ended, so the graph goes down (see the argument respawn)")
        return [Shutdown(reason=f"node {self._name} ended")]


def _rviz(plan: GraphPlan) -> list[Action]:
    """RViz where it is asked for and installed; closing its window leaves the graph alone."""
    if not plan.arguments["rviz"]:
        return []
    try:
        get_package_prefix("rviz2")
    except PackageNotFoundError:
        get_logger("bimanual").warning(NO_RVIZ)
        return []
    return [Node(package="rviz2", executable="rviz2", arguments=plan.rviz_arguments, output="screen")]
