"""MoveIt's configuration says of every robot what its YAML says."""

import xml.etree.ElementTree as ET

import pytest
import yaml

import bimanual_description
from bimanual_core.contract import Kind, endpoints
from bimanual_core.errors import ConfigError
from bimanual_description import robot_names
from bimanual_planner.moveit_config import config_files, group_of, groups, parameters
from bimanual_planner.moveit_config.__main__ import main
from bimanual_planner.moveit_config.groups import require_groups

ROBOTS = {name: bimanual_description.load(name) for name in robot_names()}


@pytest.fixture(params=sorted(ROBOTS))
def robot(request):
    return ROBOTS[request.param]


def test_limits_are_those_of_the_yaml(robot):
    limits = config_files(robot)["joint_limits.yaml"]["joint_limits"]
    assert list(limits) == list(robot.joints.names)
    for arm in robot.arms:
        for i, joint in enumerate(arm.joints):
            entry = limits[joint]
            assert (entry["min_position"], entry["max_position"]) == (arm.lower[i], arm.upper[i])
            assert entry["max_velocity"] == arm.velocity[i]
            assert entry["max_acceleration"] == arm.acceleration[i]
            assert entry["max_jerk"] == arm.jerk[i]
        gripper = limits[arm.gripper.joint]
        assert (gripper["max_position"], gripper["max_velocity"]) == (arm.gripper.max_opening, arm.gripper.velocity)
    # Pilz refuses to start where a group has no acceleration limit.
    assert all(entry["has_acceleration_limits"] for entry in limits.values())


def test_groups_are_the_arms_and_the_srdf_has_them(robot):
    made = groups(robot)
    assert [name for name in made if name.endswith("_arm")] == [f"{side}_arm" for side in robot.sides]
    assert ("both_arms" in made) == (len(robot.sides) == 2)
    if "both_arms" in made:
        assert made["both_arms"] == robot.arms[0].joints + robot.arms[1].joints
    require_groups(robot, bimanual_description.srdf(robot))
    files = config_files(robot)
    assert set(files["kinematics.yaml"]) == {f"{side}_arm" for side in robot.sides}
    for name in (group_of(robot.sides), *(f"{side}_arm" for side in robot.sides)):
        planners = files["ompl_planning.yaml"]["planner_configs"]
        assert set(files["ompl_planning.yaml"][name]["planner_configs"]) <= set(planners)


def test_named_states_of_the_srdf_are_within_the_limits(robot):
    limits = config_files(robot)["joint_limits.yaml"]["joint_limits"]
    for joint in ET.fromstring(bimanual_description.srdf(robot)).iterfind("group_state/joint"):
        entry = limits[joint.attrib["name"]]
        assert entry["min_position"] <= float(joint.attrib["value"]) <= entry["max_position"]


def test_controllers_are_those_of_the_contract(robot):
    manager = config_files(robot)["moveit_controllers.yaml"]["moveit_simple_controller_manager"]
    wanted = {e.name: e.type for e in endpoints(robot) if e.kind is Kind.ACTION and "_controller/" in e.name}
    made = {f"{name}/{manager[name]['action_ns']}": manager[name] for name in manager["controller_names"]}
    assert set(made) == set(wanted)
    for name, entry in made.items():
        assert wanted[name] == f"control_msgs/action/{entry['type']}"
        assert tuple(entry["joints"]) == groups(robot)[name.split("/")[0].removesuffix("_controller")]


def test_pipelines_are_named_as_they_are_configured(robot):
    values = parameters(robot)
    for name in values["planning_pipelines"]["pipeline_names"]:
        assert values[name]["planning_plugins"]
    assert values["default_planning_pipeline"] in values["planning_pipelines"]["pipeline_names"]
    assert values["plan_request_params"]["planning_pipeline"] in values["planning_pipelines"]["pipeline_names"]
    assert set(values["robot_description_planning"]) >= {"joint_limits", "cartesian_limits"}
    assert ET.fromstring(values["robot_description"]).attrib["name"] == robot.name


def test_wrong_groups_are_refused(robot):
    text = bimanual_description.srdf(robot)
    tip = robot.arms[0].tcp_frame
    with pytest.raises(ConfigError, match=f"it must be a chain from {robot.arms[0].base_frame} to {tip}"):
        require_groups(robot, text.replace(f'tip_link="{tip}"', 'tip_link="elsewhere"'))
    with pytest.raises(ConfigError, match="no group"):
        require_groups(robot, text.replace(f'group name="{robot.sides[0]}_arm"', 'group name="other"'))


def test_the_command_writes_what_the_function_makes(robot, tmp_path, capsys):
    assert main(["--robot", robot.name, "--out", str(tmp_path / "config")]) == 0
    listed = capsys.readouterr().out.split()
    assert sorted(listed) == sorted(str(path) for path in (tmp_path / "config").iterdir())
    for name, values in config_files(robot).items():
        assert yaml.safe_load((tmp_path / "config" / name).read_text()) == values
    text = (tmp_path / "config" / "moveit.params.yaml").read_text()
    assert yaml.safe_load(text) == {"/**": {"ros__parameters": parameters(robot)}}
    assert "&id" not in text  # ROS reads no anchors


def test_an_unknown_robot_and_a_bad_folder_are_named(tmp_path, capsys):
    assert main(["--robot", "nobody", "--out", str(tmp_path)]) == 1
    assert "unknown robot 'nobody'; choices: " in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["--robot", robot_names()[0], "--out", str(tmp_path / "file")]) == 1
    assert "cannot write MoveIt's configuration" in capsys.readouterr().err
