"""What each of MoveIt's files says of one robot: its values come from its YAML, the rest from templates."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

from bimanual_core.contract import endpoints
from bimanual_core.robot import RobotSpec
from bimanual_planner.moveit_config.groups import groups

#: Controllers of the contract: the action that MoveIt calls, and what MoveIt calls its type.
_ACTIONS = {"follow_joint_trajectory": "FollowJointTrajectory", "gripper_cmd": "ParallelGripperCommand"}
#: A gripper reaches its speed in so many seconds [s]. Pilz refuses groups without an acceleration.
_GRIPPER_RAMP = 0.1


def template(name: str) -> dict[str, Any]:
    """One of the templates as data."""
    text = files("bimanual_planner.moveit_config").joinpath("templates", f"{name}.yaml").read_text(encoding="utf-8")
    values: dict[str, Any] = yaml.safe_load(text)
    return values


def kinematics(robot: RobotSpec) -> dict[str, Any]:
    """A solver for each arm; both arms together are solved arm by arm."""
    return {f"{side}_arm": template("kinematics") for side in robot.sides}


def joint_limits(robot: RobotSpec) -> dict[str, Any]:
    """Position, velocity, acceleration and jerk limits of the arms' joints, and of the grippers' openings."""
    limits: dict[str, Any] = {}
    for arm in robot.arms:
        rows = zip(arm.joints, arm.lower, arm.upper, arm.velocity, arm.acceleration, arm.jerk, strict=True)
        limits |= {joint: _limits(*values) for joint, *values in rows}
        speed = arm.gripper.velocity
        limits[arm.gripper.joint] = _limits(0.0, arm.gripper.max_opening, speed, speed / _GRIPPER_RAMP)
    return {"default_velocity_scaling_factor": 0.5, "default_acceleration_scaling_factor": 0.4, "joint_limits": limits}


def _limits(
    lower: float, upper: float, velocity: float, acceleration: float, jerk: float | None = None
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "has_position_limits": True,
        "min_position": float(lower),
        "max_position": float(upper),
        "has_velocity_limits": True,
        "max_velocity": float(velocity),
        "has_acceleration_limits": True,
        "max_acceleration": float(acceleration),
        "has_jerk_limits": jerk is not None,
    }
    return values if jerk is None else values | {"max_jerk": float(jerk)}


def cartesian_limits(robot: RobotSpec) -> dict[str, Any]:
    """What Pilz moves a tcp with, the same for every robot."""
    return {"cartesian_limits": template("pilz_cartesian_limits")}


def ompl(robot: RobotSpec) -> dict[str, Any]:
    """The ompl pipeline with all arm groups, each projected onto the first two joints of its first arm."""
    moved = {name: joints for name, joints in groups(robot).items() if not name.endswith("_gripper")}
    return template("ompl_planning") | {
        name: template("ompl_group") | {"projection_evaluator": f"joints({','.join(joints[:2])})"}
        for name, joints in moved.items()
    }


def pilz(robot: RobotSpec) -> dict[str, Any]:
    """The Pilz pipeline, the same for every robot."""
    return template("pilz_planning")


def controllers(robot: RobotSpec) -> dict[str, Any]:
    """MoveIt's controllers: those of the topic contract, by the actions it has."""
    found: dict[str, Any] = {}
    for endpoint in endpoints(robot):
        name, _, action = endpoint.name.rpartition("/")
        if action in _ACTIONS:
            joints = groups(robot)[name.removesuffix("_controller")]
            entry = {"type": _ACTIONS[action], "action_ns": action, "default": True, "joints": list(joints)}
            found[name] = entry
    manager = {"controller_names": list(found), **found}
    return template("trajectory_execution") | {"moveit_simple_controller_manager": manager}


def moveit_cpp(robot: RobotSpec) -> dict[str, Any]:
    """Options of MoveItPy, the same for every robot."""
    return template("moveit_cpp")
