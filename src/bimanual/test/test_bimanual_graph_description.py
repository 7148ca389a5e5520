"""The graph's description: arguments are checked in words, nodes get what they need, processes are accounted for."""

import os
import select
import signal
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from bimanual.graph.description import ARGUMENTS, NodeSpec, graph_nodes, resolve, ros_arguments
from bimanual.graph.environment import claim_domain, graph_environment, release_domain
from bimanual.graph.supervisor import Supervisor
from bimanual_core.errors import BimanualError, SilentNodeError
from bimanual_description import load


def test_every_argument_is_described_and_its_default_is_valid() -> None:
    for argument in ARGUMENTS:
        assert argument.description
        assert not argument.choices or str(argument.default).lower() in argument.choices


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"robots": "x"}, "unknown launch argument 'robots'; choices: .*cameras, headless"),
        ({"randomisation": "wild"}, "randomisation:='wild' is not a choice; choices: easy, hard"),
        ({"time_mode": "fast"}, "time_mode:='fast' is not a choice; choices: realtime, lockstep"),
        ({"rtf": "-1"}, "rtf:=-1 is below the limit 0"),
        ({"rtf": "nan"}, "not finite"),
        ({"seed": "one"}, "seed:='one' is not a number"),
    ],
)
def test_bad_arguments_are_named(given: dict[str, str], message: str) -> None:
    with pytest.raises(BimanualError, match=message):
        resolve(given)


def test_nodes_get_their_arguments() -> None:
    arguments = resolve(
        {"time_mode": "lockstep", "namespace": "/lab/", "seed": "3", "task": "12", "randomisation": "hard"}
    )
    nodes = {node.name: node for node in graph_nodes("sim", arguments, load("cobot_magic"))}
    words = ros_arguments(nodes["task_server"], arguments)
    assert words[words.index("__ns:=/lab") - 1 : words.index("__ns:=/lab") + 1] == ["-r", "__ns:=/lab"]
    assert "task:='12'" in words
    assert "seed:=3" in words
    assert "randomisation:='hard'" in words
    assert "use_sim_time:=true" in words
    assert "time_mode:='lockstep'" in ros_arguments(nodes["sim_bridge"], arguments)


def test_every_node_is_an_executable_of_its_package() -> None:
    """What ``ros2 launch`` starts by package and executable is the module that the supervisor starts."""
    scripts = {
        (e.dist.name.replace("-", "_"), e.name): e.value for e in entry_points(group="console_scripts") if e.dist
    }
    robot = load("cobot_magic")
    real = graph_nodes("real", resolve({"use_mock_hardware": "true"}, "real"), robot)
    assert {node.executable for node in real} >= {"robot_driver", "realsense_camera"}
    for node in (*graph_nodes("sim", resolve({}), robot), *real):
        assert scripts[node.package, node.executable] == f"{node.module}:main"


def test_the_nodes_of_the_real_graph_keep_wall_time_and_know_their_graph() -> None:
    arguments = resolve({"use_mock_hardware": "true", "cameras": "head"}, "real")
    nodes = {node.name: node for node in graph_nodes("real", arguments, load("cobot_magic"))}
    assert [name for name in nodes if name.endswith("_camera")] == ["head_camera"]
    assert nodes["robot_driver"].parameters["backend"] == "loopback"
    assert "use_sim_time" not in nodes["robot_driver"].parameters
    for name in ("safety", "planner", "task_server", "recorder"):
        assert nodes[name].parameters["graph"] == "real"
        assert nodes[name].parameters["use_sim_time"] is False
    assert "randomisation" not in nodes["task_server"].parameters


def test_a_robot_without_a_driver_is_refused_before_anything_starts() -> None:
    with pytest.raises(BimanualError, match="no driver for arms on a CAN bus; .* use_mock_hardware:=true"):
        graph_nodes("real", resolve({}, "real"), load("cobot_magic"))


def test_no_two_graphs_get_one_domain() -> None:
    """Also across processes: the claim is a lock on a file."""
    program = "from bimanual.graph.environment import claim_domain; print(*[claim_domain() for _ in range(30)])"
    mine = [claim_domain() for _ in range(40)]
    try:
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as other:
            theirs = [int(word) for word in other.communicate(timeout=60)[0].split()]
        assert len({*mine, *theirs}) == 70
    finally:
        for domain in mine:
            release_domain(domain)


def test_environment_is_loopback_only_unless_asked() -> None:
    local = graph_environment(False, {})
    assert local["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    assert "127.0.0.1" in Path(local["FASTDDS_DEFAULT_PROFILES_FILE"]).read_text()
    assert 1 <= int(local["ROS_DOMAIN_ID"]) <= 100
    assert graph_environment(False, {"ROS_DOMAIN_ID": "7"})["ROS_DOMAIN_ID"] == "7"
    assert graph_environment(True, {})["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SUBNET"


STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def processes(tmp_path: Path) -> Supervisor:
    for name, text in {"stubborn": STUBBORN, "dying": "import sys; print('no Vulkan device'); sys.exit(3)"}.items():
        package = tmp_path / name
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "node.py").write_text(text)
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    return Supervisor((NodeSpec("stubborn", "stubborn"),), resolve({}), env, tmp_path / "log")


def test_a_dead_node_is_named_with_its_exit_code_and_last_words(processes: Supervisor) -> None:
    with processes as supervisor:
        supervisor.start(NodeSpec("dying", "dying")).process.wait(20)
        with pytest.raises(SilentNodeError, match=r"(?s)node dying died \(exit code 3\).*no Vulkan device"):
            supervisor.check()


def test_a_node_that_ignores_interrupts_is_still_ended(processes: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bimanual.graph.supervisor.GRACE_S", {signal.SIGINT: 0.5, signal.SIGTERM: 5.0})
    with processes as supervisor:
        node = supervisor.find("stubborn")
        while "ready" not in node.last_words():
            assert node.process.poll() is None
    assert node.process.returncode == -signal.SIGTERM


def test_nodes_end_with_a_supervisor_that_is_killed(processes: Supervisor, tmp_path: Path) -> None:
    script = tmp_path / "supervise.py"
    script.write_text(
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from bimanual.graph.description import NodeSpec, resolve\n"
        "from bimanual.graph.supervisor import Supervisor\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "with Supervisor((NodeSpec('waiting', 'waiting'),), resolve({}), dict(os.environ), folder / 'log') as graph:\n"
        "    print(graph.processes[0].process.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    (tmp_path / "waiting").mkdir()
    (tmp_path / "waiting" / "__init__.py").write_text("")
    (tmp_path / "waiting" / "node.py").write_text("import time\ntime.sleep(60)\n")
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    with subprocess.Popen([sys.executable, str(script)], env=env, stdout=subprocess.PIPE, text=True) as supervising:
        assert supervising.stdout is not None
        node = int(supervising.stdout.readline())
        supervising.kill()
    descriptor = os.pidfd_open(node) if Path(f"/proc/{node}").exists() else None
    if descriptor is not None:
        ended, _, _ = select.select([descriptor], [], [], 10.0)
        os.close(descriptor)
        assert ended, f"node {node} outlived its supervisor"
