"""The physical robot's graph: ros2 launch bimanual real.launch.py [name:=value ...]; --show-args lists them."""

from launch import LaunchDescription

from bimanual.graph.launching import launch_description


def generate_launch_description() -> LaunchDescription:
    """The graph ``real`` of ``bimanual.graph.description``."""
    return launch_description("real")
