"""What a launch decides before it starts anything; where ROS 2's launch is installed, that its files carry it out."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bimanual.graph.description import GRAPHS, arguments_of, as_text
from bimanual.graph.plan import plan_graph
from bimanual_core.errors import BimanualError

FILES = Path(__file__).resolve().parents[3] / "launch"
MOCK = {"use_mock_hardware": "true"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"task": "dance"}, "unknown task 'dance'; choices: adjust_bottle"),
        ({"robot": "one_arm"}, "unknown robot 'one_arm'; choices: cobot_magic"),
        ({"cameras": "head,nose"}, "unknown camera 'nose'; choices:"),
        ({"namespace": "my lab"}, "namespace:='my lab' is no ROS namespace"),
        ({"params_file": "/no/such.yaml"}, "params_file:=/no/such.yaml is not a file"),
    ],
)
@pytest.mark.parametrize("graph", GRAPHS)
def test_what_a_node_would_refuse_is_refused_before_any_starts(graph: str, given: dict[str, str], message: str) -> None:
    with pytest.raises(BimanualError, match=message):
        plan_graph(graph, given)


def test_real_hardware_arguments_belong_to_the_real_graph_only() -> None:
    with pytest.raises(BimanualError, match="unknown launch argument 'use_mock_hardware'"):
        plan_graph("sim", MOCK)
    with pytest.raises(BimanualError, match="unknown launch argument 'rtf'"):
        plan_graph("real", {"rtf": "1.0"})


def test_the_plan_keeps_to_the_loopback_unless_asked() -> None:
    assert plan_graph("sim", {}, {}).variables["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    assert plan_graph("sim", {"network": "true"}, {}).variables["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SUBNET"
    assert "ROS_DOMAIN_ID" not in plan_graph("sim", {}, {}).variables


def test_rviz_follows_the_graph() -> None:
    words = plan_graph("sim", {"namespace": "/lab/"}).rviz_arguments
    assert Path(words[words.index("-d") + 1]).is_file()
    assert "use_sim_time:=true" in words
    assert "__ns:=/lab" in words
    assert "use_sim_time:=false" in plan_graph("real", MOCK).rviz_arguments


def test_there_is_one_launch_file_for_each_graph() -> None:
    assert sorted(path.name for path in FILES.glob("*.py")) == [f"{graph}.launch.py" for graph in sorted(GRAPHS)]


def launch_file(graph: str) -> ModuleType:
    """The launch file as a module; skips the test where ROS 2's launch is not installed."""
    pytest.importorskip("launch_ros", reason="ROS 2's launch is not installed here")
    spec = importlib.util.spec_from_file_location(f"{graph}_launch", FILES / f"{graph}.launch.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def started(graph: str, given: dict[str, str]) -> list[Any]:
    """The actions that the launch file makes for the arguments ``given``."""
    description = launch_file(graph).generate_launch_description()
    from launch import LaunchContext
    from launch.actions import DeclareLaunchArgument, OpaqueFunction

    context = LaunchContext()
    context.launch_configurations.update(given)
    made = []
    for entity in description.entities:
        if isinstance(entity, DeclareLaunchArgument | OpaqueFunction):
            made += entity.execute(context) or []
    return made


@pytest.mark.parametrize("graph", GRAPHS)
def test_launch_files_declare_the_described_arguments(graph: str) -> None:
    declared = {a.name: a for a in launch_file(graph).generate_launch_description().get_launch_arguments()}
    assert list(declared) == list(arguments_of(graph))
    for name, argument in arguments_of(graph).items():
        assert argument.description in declared[name].description
        assert [part.text for part in declared[name].default_value] == [as_text(argument.default)]
        assert declared[name].choices == (list(argument.choices) or None)


@pytest.mark.parametrize("graph", GRAPHS)
def test_launch_files_start_the_described_nodes(graph: str) -> None:
    given = {"namespace": "lab", "respawn": "true", **(MOCK if graph == "real" else {"time_mode": "lockstep"})}
    actions = started(graph, given)
    from launch_ros.actions import Node

    nodes = [action for action in actions if isinstance(action, Node)]
    plan = plan_graph(graph, given)
    assert [node.node_executable for node in nodes] == [spec.executable for spec in plan.nodes]
    assert [node.node_package for node in nodes] == [spec.package for spec in plan.nodes]


def test_a_bad_argument_ends_the_launch_in_words() -> None:
    launch_file("sim")
    with pytest.raises(BimanualError, match="unknown task 'dance'"):
        started("sim", {"task": "dance"})


def test_rviz_that_is_not_installed_is_no_reason_to_fail() -> None:
    with_rviz = started("sim", {"rviz": "true"})
    without = started("sim", {})
    from ament_index_python.packages import get_packages_with_prefixes

    expected = len(without) + int("rviz2" in get_packages_with_prefixes())
    assert len(with_rviz) == expected
