"""The robot that a node's ``robot`` parameter names, and the graph that it is part of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bimanual_core.contract import DRIVERS
from bimanual_core.robot import RobotSpec
from bimanual_description import load
from bimanual_ros.parameters import Parameter

ROBOT = Parameter("robot", "cobot_magic", "robot YAML of bimanual_description")
GRAPH = Parameter("graph", "sim", "the graph that the node is part of", tuple(DRIVERS))


def robot_of(values: Mapping[str, Any]) -> RobotSpec:
    """The robot of declared parameters. Raises UnknownNameError listing the robots."""
    return load(values[ROBOT.name])
