"""MoveIt through moveit_py, which is imported only when somebody asks for it: few machines have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bimanual_core.errors import BimanualError
from bimanual_core.robot import RobotSpec

if TYPE_CHECKING:
    from bimanual_ros.moveit_py.client import MoveItPyClient


def connect(robot: RobotSpec, parameter_file: str, namespace: str = "") -> MoveItPyClient:
    """Start MoveIt in this process with the text of a ROS parameter file, in a ROS namespace.

    Raises BimanualError that says how to get moveit_py where it cannot be imported, or what MoveIt said where it did
    not start.
    """
    try:
        from bimanual_ros.moveit_py.client import MoveItPyClient
    except ImportError as error:
        raise BimanualError(
            f"backend moveit needs moveit_py, which cannot be imported ({error}). It comes with ROS 2, not from PyPI: "
            "install ros-$ROS_DISTRO-moveit and ros-$ROS_DISTRO-moveit-py (Jazzy or newer), source "
            "/opt/ros/$ROS_DISTRO/setup.bash and start again; or use backend screw"
        ) from None
    return MoveItPyClient(robot, parameter_file, namespace)
