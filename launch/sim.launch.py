"""The simulated graph: ros2 launch bimanual sim.launch.py [name:=value ...]; --show-args lists them."""

from launch import LaunchDescription

from bimanual.graph.launching import launch_description


def generate_launch_description() -> LaunchDescription:
    """The graph ``sim`` of ``bimanual.graph.description``."""
    return launch_description("sim")
