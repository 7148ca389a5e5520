"""The part of moveit_py and of MoveIt's messages that the client uses, as their sources and stubs have it.

The table is held against the stand-in here, and against the real thing where it is installed.
"""

import importlib
import inspect

import moveit_stand_in as stand_in
import pytest

# Class to what is used of it: parameters of methods in their order, None for attributes. Classes that the client only
# gets from others have no module to import them from that both old and new versions share.
USED = {
    "MoveItPy": {
        "__init__": ("node_name", "name_space", "launch_params_filepaths", "config_dict", "provide_planning_service"),
        "get_planning_component": ("planning_component_name",),
        "get_planning_scene_monitor": (),
        "shutdown": (),
    },
    "PlanningComponent": {
        "__init__": ("joint_model_group_name", "moveit_py_instance"),
        "set_start_state": ("configuration_name", "robot_state"),
        "set_goal_state": (
            "configuration_name",
            "robot_state",
            "pose_stamped_msg",
            "pose_link",
            "motion_plan_constraints",
        ),
        "set_path_constraints": ("path_constraints",),
        "plan": (
            "single_plan_parameters",
            "multi_plan_parameters",
            "planning_scene",
            "solution_selection_function",
            "stopping_criterion_callback",
        ),
    },
    "PlanRequestParameters": {
        "__init__": ("moveit_cpp", "ns"),  # without names there: given by place
        "planner_id": None,
        "planning_pipeline": None,
        "planning_attempts": None,
        "planning_time": None,
        "max_velocity_scaling_factor": None,
        "max_acceleration_scaling_factor": None,
    },
    "PlanningSceneMonitor": {
        "read_only": (),
        "read_write": (),
        "process_collision_object": ("collision_object_msg", "color_msg"),
        "process_attached_collision_object": ("attached_collision_object_msg",),
    },
    "PlanningScene": {
        "__init__": ("robot_model", "world"),
        "current_state": None,
        "allowed_collision_matrix": None,
        "is_state_valid": ("robot_state", "joint_model_group_name", "verbose"),
    },
    "AllowedCollisionMatrix": {
        "__init__": ("names", "default_entry"),
        "set_entry": ("name1", "name2", "allowed"),
    },
    "RobotState": {
        "__init__": ("robot_model",),
        "__deepcopy__": ("memo",),
        "joint_positions": None,
        "joint_velocities": None,
        "update": ("force", "type"),
        "set_from_ik": ("joint_model_group_name", "geometry_pose", "tip_name", "timeout"),
    },
    "RobotTrajectory": {"get_robot_trajectory_msg": ("joint_filter",)},
}
HOMES = {
    "MoveItPy": "moveit.planning",
    "PlanningComponent": "moveit.planning",
    "PlanRequestParameters": "moveit.planning",
    "PlanningSceneMonitor": "moveit.planning",
    "PlanningScene": "moveit.core.planning_scene",
    "AllowedCollisionMatrix": "moveit.core.collision_detection",
    "RobotState": "moveit.core.robot_state",
    "RobotTrajectory": "moveit.core.robot_trajectory",
}
FIELDS = {
    "AttachedCollisionObject": {"link_name", "object", "touch_links", "detach_posture", "weight"},
    "CollisionObject": {
        *("header", "pose", "id", "type", "primitives", "primitive_poses", "meshes", "mesh_poses"),
        *("planes", "plane_poses", "subframe_names", "subframe_poses", "operation"),
    },
    "Constraints": {
        *("name", "joint_constraints", "position_constraints", "orientation_constraints", "visibility_constraints"),
    },
    "PositionConstraint": {"header", "link_name", "target_point_offset", "constraint_region", "weight"},
    "BoundingVolume": {"primitives", "primitive_poses", "meshes", "mesh_poses"},
}
CONSTANTS = {"ADD": b"\x00", "REMOVE": b"\x01", "APPEND": b"\x02", "MOVE": b"\x03"}


@pytest.mark.parametrize("name", USED)
def test_the_stand_in_takes_what_moveit_py_takes(name):
    cls = getattr(stand_in, name)
    for member, parameters in USED[name].items():
        if parameters is not None:
            found = tuple(inspect.signature(getattr(cls, member)).parameters)[1:]
            assert found == parameters, f"{name}.{member}"


@pytest.mark.parametrize("name", FIELDS)
def test_the_stand_ins_messages_have_the_fields_of_moveit(name):
    assert set(getattr(stand_in, name).fields) == FIELDS[name]


def test_operations_are_numbered_as_in_moveit():
    assert {name: getattr(stand_in.CollisionObject, name) for name in CONSTANTS} == CONSTANTS


@pytest.mark.parametrize("name", USED)
def test_an_installed_moveit_py_has_what_is_used(name):
    pytest.importorskip("moveit.planning", reason="moveit_py is not installed")
    cls = getattr(importlib.import_module(HOMES[name]), name)
    missing = [member for member in USED[name] if not hasattr(cls, member)]
    assert not missing, f"{name} lacks {', '.join(missing)}"


@pytest.mark.parametrize("name", FIELDS)
def test_installed_messages_have_what_is_used(name):
    module = pytest.importorskip("moveit_msgs.msg", reason="moveit_msgs is not installed")
    assert set(getattr(module, name).get_fields_and_field_types()) >= FIELDS[name]
