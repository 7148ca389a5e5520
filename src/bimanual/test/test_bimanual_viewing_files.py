"""The RViz configuration and the diagnostics aggregator's, held against the contract and the graphs' nodes."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bimanual.graph.description import GRAPHS, graph_nodes, resolve
from bimanual.graph.environment import config_folder
from bimanual_core.contract import Qos, endpoint, endpoints
from bimanual_description import load
from bimanual_description.files import share_dir

RVIZ = share_dir() / "rviz" / "bimanual.rviz"
ROBOT = load("cobot_magic")
#: What a display shows, by its class.
TYPES = {
    "Image": "sensor_msgs/msg/Image",
    "PointCloud2": "sensor_msgs/msg/PointCloud2",
    "MarkerArray": "visualization_msgs/msg/MarkerArray",
    "RobotModel": "std_msgs/msg/String",
}


def rviz() -> dict[str, Any]:
    return yaml.safe_load(RVIZ.read_text())["Visualization Manager"]


def topics() -> list[tuple[str, dict[str, Any]]]:
    """Class and topic of every display that has one."""
    found = []
    for display in rviz()["Displays"]:
        topic = display.get("Topic") or display.get("Description Topic")
        if topic is not None:
            found.append((display["Class"].removeprefix("rviz_default_plugins/"), topic))
    return found


def test_there_is_one_rviz_file_and_the_launch_files_name_it() -> None:
    assert [path.name for path in RVIZ.parent.iterdir()] == ["bimanual.rviz"]
    root = Path(__file__).resolve().parents[3]
    sources = [*root.glob("launch/*.py"), *root.glob("src/bimanual/bimanual/graph/*.py")]
    assert any("bimanual.rviz" in path.read_text() for path in sources)


@pytest.mark.parametrize("graph", GRAPHS)
def test_rviz_shows_topics_of_the_contract_with_their_types_and_qos(graph: str) -> None:
    shown = topics()
    assert {"scene/markers", "planner/markers", "robot_description"} <= {topic["Value"] for _, topic in shown}
    for kind, topic in shown:
        entry = endpoint(ROBOT, topic["Value"], graph)
        assert entry.type == TYPES[kind]
        assert (topic["Durability Policy"] == "Transient Local") == (entry.qos is Qos.LATCHED)
        assert (topic["Reliability Policy"] == "Best Effort") == (entry.qos is Qos.SENSOR)


def test_rviz_knows_every_camera_of_a_real_robot() -> None:
    shown = {topic["Value"] for _, topic in topics()}
    table = [e.name for e in endpoints(ROBOT, "real")]
    wanted = {n for n in table if n.endswith(("_camera/color/image_raw", "/depth/color/points"))}
    assert wanted <= shown


def test_rviz_works_in_a_namespace() -> None:
    assert rviz()["Global Options"]["Fixed Frame"] == "world"
    assert not [topic["Value"] for _, topic in topics() if topic["Value"].startswith("/")]


def analyzers() -> dict[str, dict[str, Any]]:
    text = (config_folder() / "diagnostics_aggregator.yaml").read_text()
    parameters = yaml.safe_load(text)["analyzers"]["ros__parameters"]
    return {name: value for name, value in parameters.items() if isinstance(value, dict)}


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("namespace", ["", "lab/"])
def test_every_node_belongs_to_one_group_of_the_aggregator(graph: str, namespace: str) -> None:
    given = {"use_mock_hardware": "true"} if graph == "real" else {}
    for node in graph_nodes(graph, resolve(given, graph), ROBOT):
        status = f"{namespace}{node.name}"
        groups = [a["path"] for a in analyzers().values() if any(word in status for word in a["contains"])]
        assert len(groups) == 1, f"{status} is in {groups or 'no group'}"


def test_groups_are_those_of_the_graph() -> None:
    assert [a["path"] for a in analyzers().values()] == ["Driver", "Cameras", "Planning", "Recording", "Safety"]
    assert {a["type"] for a in analyzers().values()} == {"diagnostic_aggregator/GenericAnalyzer"}
