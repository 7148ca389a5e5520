"""MoveIt's files of a robot, as a folder for MoveIt users and as one set of parameters for MoveItPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bimanual_core.errors import BimanualError
from bimanual_core.robot import RobotSpec
from bimanual_description import srdf, urdf
from bimanual_planner.moveit_config import sections
from bimanual_planner.moveit_config.groups import require_groups

Values = dict[str, Any]


def config_files(robot: RobotSpec) -> dict[str, Values]:
    """Each YAML file of the configuration by name, as MoveIt's own packages lay it out."""
    return {
        "kinematics.yaml": sections.kinematics(robot),
        "joint_limits.yaml": sections.joint_limits(robot),
        "pilz_cartesian_limits.yaml": sections.cartesian_limits(robot),
        "ompl_planning.yaml": sections.ompl(robot),
        "pilz_industrial_motion_planner_planning.yaml": sections.pilz(robot),
        "moveit_controllers.yaml": sections.controllers(robot),
        "moveit_cpp.yaml": sections.moveit_cpp(robot),
    }


def parameters(robot: RobotSpec, *, use_sim_time: bool = False) -> Values:
    """All parameters of a node that runs MoveIt: both descriptions and the files, each under the name MoveIt reads.

    Raises ConfigError where the SRDF's groups are not the robot's.
    """
    made = config_files(robot)
    semantic = srdf(robot)
    require_groups(robot, semantic)
    planning = made["joint_limits.yaml"] | made["pilz_cartesian_limits.yaml"]
    return {
        "use_sim_time": use_sim_time,
        "robot_description": urdf(robot),
        "robot_description_semantic": semantic,
        "robot_description_kinematics": made["kinematics.yaml"],
        "robot_description_planning": planning,
        "ompl": made["ompl_planning.yaml"],
        "pilz_industrial_motion_planner": made["pilz_industrial_motion_planner_planning.yaml"],
        **made["moveit_controllers.yaml"],
        **made["moveit_cpp.yaml"],
    }


def write(robot: RobotSpec, folder: Path) -> list[Path]:
    """Write the files, both descriptions and ``moveit.params.yaml``, all parameters for any node; returns the paths.

    Files of the same names are replaced. Raises BimanualError where the folder cannot be written.
    """
    texts = {name: _yaml(values) for name, values in config_files(robot).items()}
    texts[f"{robot.name}.urdf"] = urdf(robot)
    texts[f"{robot.name}.srdf"] = srdf(robot)
    texts["moveit.params.yaml"] = parameter_file(parameters(robot))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, text in texts.items():
            written.append(folder / name)
            written[-1].write_text(text, encoding="utf-8")
    except OSError as error:
        raise BimanualError(f"cannot write MoveIt's configuration to {folder}: {error.strerror}") from None
    return written


def parameter_file(values: Values) -> str:
    """Parameters as a ROS parameter file for a node of any name in any namespace."""
    return _yaml({"/**": {"ros__parameters": values}})


def _yaml(values: Values) -> str:
    # ROS reads no anchors, which PyYAML makes of what occurs twice.
    dumper = type("Plain", (yaml.SafeDumper,), {"ignore_aliases": lambda self, data: True})
    text: str = yaml.dump(values, Dumper=dumper, sort_keys=False, default_flow_style=None, width=120)
    return text
