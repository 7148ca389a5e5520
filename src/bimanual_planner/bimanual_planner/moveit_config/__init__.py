"""MoveIt 2's configuration of any robot of ``bimanual_description``, generated from its YAML."""

from bimanual_planner.moveit_config.files import config_files, parameter_file, parameters, write
from bimanual_planner.moveit_config.groups import group_of, groups

__all__ = ["config_files", "group_of", "groups", "parameter_file", "parameters", "write"]
