"""The simulated graph: ros2 launch bimanual sim.launch.py [name:=value ...]; --show-args lists them."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from bimanual.graph.description import NodeSpec, arguments_of, as_text, graph_nodes, resolve
from bimanual.graph.environment import GRAPH_VARIABLES, graph_environment
from bimanual_description import load


def launch_node(spec: NodeSpec, arguments: dict) -> Node:
    """The launch action of one node of the graph's description."""
    parameters: list = [dict(spec.parameters)]
    if arguments["params_file"]:
        parameters.append(arguments["params_file"])
    return Node(
        package=spec.package,
        executable=spec.executable,
        name=spec.name,
        namespace=arguments["namespace"],
        parameters=parameters,
        arguments=["--ros-args", "--log-level", arguments["log_level"]],
        output="screen",
    )


def graph(context) -> list:
    """Environment and nodes for the launch arguments as given."""
    given = {a.name: LaunchConfiguration(a.name).perform(context) for a in arguments_of("sim").values()}
    arguments = resolve(given)
    environment = graph_environment(bool(arguments["network"]), context.environment, private_domain=False)
    variables = [SetEnvironmentVariable(name, environment[name]) for name in GRAPH_VARIABLES]
    return [
        *variables,
        *(launch_node(spec, arguments) for spec in graph_nodes("sim", arguments, load(str(arguments["robot"])))),
    ]


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments of the description's table, then bring the graph up."""
    declared = [
        DeclareLaunchArgument(
            a.name, default_value=as_text(a.default), description=a.description, choices=list(a.choices) or None
        )
        for a in arguments_of("sim").values()
    ]
    rviz = Node(
        package="rviz2",
        executable="rviz2",
        arguments=["-d", PathJoinSubstitution([FindPackageShare("bimanual_description"), "rviz", "bimanual.rviz"])],
        parameters=[{"use_sim_time": True}],
        condition=IfCondition(LaunchConfiguration("rviz")),
    )
    return LaunchDescription([*declared, OpaqueFunction(function=graph), rviz])
