"""What runs in each graph: its launch arguments and its nodes, described once.

``launch/*.launch.py``, ``bimanual up``, ``demo``, ``eval --world graph`` and the tests all read this table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bimanual_core import contract
from bimanual_core.errors import BimanualError, UnknownNameError
from bimanual_core.robot import RobotSpec
from bimanual_hardware.robot.backends import check_backend
from bimanual_tasks.randomise import EASY, RANDOMISATIONS

Value = str | float | int | bool
GRAPHS = tuple(contract.DRIVERS)
SIM, REAL = ("sim",), ("real",)


@dataclass(frozen=True)
class Argument:
    """A launch argument ``name:=value``; ``choices`` empty means free text of the default's type."""

    name: str
    default: Value
    description: str
    choices: tuple[str, ...] = ()
    minimum: float = -math.inf
    graphs: tuple[str, ...] = GRAPHS

    def parse(self, text: str) -> Value:
        """The value of ``text``; raises BimanualError with the value and the choices or limit."""
        if self.choices and text not in self.choices:
            raise BimanualError(f"{self.name}:={text!r} is not a choice; choices: {', '.join(self.choices)}")
        if isinstance(self.default, bool):
            return text == "true"
        if isinstance(self.default, (int, float)):
            return self._number(text)
        return text

    def _number(self, text: str) -> float | int:
        try:
            value = float(text) if isinstance(self.default, float) else int(text)
        except ValueError:
            raise BimanualError(f"{self.name}:={text!r} is not a number") from None
        if not math.isfinite(value) or value < self.minimum:
            raise BimanualError(f"{self.name}:={text} is below the limit {self.minimum:g} or not finite")
        return value


BOOLEAN = ("true", "false")

ARGUMENTS: tuple[Argument, ...] = (
    Argument("robot", "cobot_magic", "robot YAML of bimanual_description"),
    Argument("task", "", "task to load at the start; empty: an empty table"),
    Argument("seed", 0, "seed of the task's scene", minimum=0),
    Argument("randomisation", EASY, "what varies in that scene beside the poses", RANDOMISATIONS, graphs=SIM),
    Argument("headless", True, "no window on the simulator", BOOLEAN, graphs=SIM),
    Argument("use_mock_hardware", False, "a loopback robot and test pictures instead of devices", BOOLEAN, graphs=REAL),
    Argument("can_interface", "can0,can1", "CAN interfaces of the arms, left before right", graphs=REAL),
    Argument("cameras", "all", "bound on the cameras that run: none, all or a comma-separated list"),
    Argument("time_mode", "realtime", "how simulated time advances", ("realtime", "lockstep"), graphs=SIM),
    Argument("rtf", 1.0, "real-time factor to keep in realtime; 0: as fast as it goes", minimum=0.0, graphs=SIM),
    Argument("policy", "", "policy that policy/run lets act: dp3, or the path of a checkpoint; empty: none"),
    Argument("agent", False, "a node that lets a language model plan: agent/run", BOOLEAN),
    Argument("provider", "scripted", "where the agent's replies come from", ("scripted", "openai", "replay")),
    Argument("model", "", "name of the agent's model at its endpoint (openai)"),
    Argument("base_url", "", "address of that endpoint; empty: OPENAI_BASE_URL, or OpenAI's own"),
    Argument("replay", "", "log folder of an agent's run whose replies are given again (replay)"),
    Argument("record", "", "folder to record an episode into from the start; empty: none"),
    Argument("rviz", False, "start RViz where it is installed", BOOLEAN),
    Argument("respawn", False, "start a node that dies again, up to 5 times; false: its death ends the graph", BOOLEAN),
    Argument("network", False, "speak on all network interfaces, not on the loopback only", BOOLEAN),
    Argument("namespace", "", "namespace of every node"),
    Argument("params_file", "", "YAML file of node parameters; what it says wins"),
    Argument("log_level", "info", "log level of every node", ("debug", "info", "warn", "error", "fatal")),
)


def arguments_of(graph: str) -> dict[str, Argument]:
    """The launch arguments of one graph by name; raises UnknownNameError for another graph."""
    contract.driver_of(graph)
    return {a.name: a for a in ARGUMENTS if graph in a.graphs}


@dataclass(frozen=True)
class NodeSpec:
    """One node: ``<package>`` installs ``executable`` (by default called as the node) for its module
    ``<package>.node``, or ``<package>.<part>.node`` where it has several."""

    package: str
    name: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    program: str = ""
    part: str = ""

    @property
    def executable(self) -> str:
        return self.program or self.name

    @property
    def module(self) -> str:
        return ".".join(word for word in (self.package, self.part, "node") if word)


def as_text(value: Value) -> str:
    """A value as it is typed after ``name:=``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def resolve(values: Mapping[str, str], graph: str = "sim") -> dict[str, Value]:
    """All arguments of ``graph`` with defaults filled in. Raises UnknownNameError or BimanualError naming the
    argument."""
    known = arguments_of(graph)
    for name in values:
        if name not in known:
            raise UnknownNameError("launch argument", name, known)
    return {name: a.parse(values[name]) if name in values else a.default for name, a in known.items()}


def graph_nodes(graph: str, arguments: Mapping[str, Value], robot: RobotSpec) -> tuple[NodeSpec, ...]:
    """The nodes of ``graph``, in start order, for resolved ``arguments``. Raises UnknownNameError for a camera that
    ``robot`` lacks, BimanualError for a robot that there is no driver for."""
    simulated = contract.driver_of(graph) == contract.SIM_BRIDGE
    driver = (_bridge(arguments),) if simulated else (_robot_driver(arguments), *_camera_nodes(arguments, robot))
    timed = {"robot": arguments["robot"], "use_sim_time": simulated}
    placed = {**timed, "graph": graph}
    return (
        *driver,
        NodeSpec("bimanual_description", contract.STATE_PUBLISHER, timed),
        NodeSpec("bimanual_control", contract.SAFETY, placed),
        NodeSpec("bimanual_planner", contract.PLANNER, placed),
        NodeSpec("bimanual_tasks", contract.TASK_SERVER, {**placed, **_scene(arguments)}),
        NodeSpec(
            "bimanual_data",
            contract.RECORDER,
            {**placed, "directory": arguments["record"], "cameras": arguments["cameras"]},
        ),
        *_policy_node(arguments, placed),
        *_agent_node(arguments, placed),
    )


def _scene(arguments: Mapping[str, Value]) -> dict[str, Value]:
    """What the first scene is of; what varies is said where it is simulated."""
    return {name: arguments[name] for name in ("task", "seed", "randomisation") if name in arguments}


def _policy_node(arguments: Mapping[str, Value], placed: Mapping[str, Value]) -> tuple[NodeSpec, ...]:
    if not arguments["policy"]:
        return ()
    parameters = {**placed, "checkpoint": arguments["policy"]}
    if arguments["task"]:
        parameters["task"] = arguments["task"]
    return (NodeSpec("policy_node", contract.POLICY, parameters),)


def _agent_node(arguments: Mapping[str, Value], placed: Mapping[str, Value]) -> tuple[NodeSpec, ...]:
    if not arguments["agent"]:
        return ()
    given = {name: arguments[name] for name in ("provider", "model", "base_url", "replay")}
    return (NodeSpec("mllm_agent", contract.AGENT, {**placed, **given}),)


def _bridge(arguments: Mapping[str, Value]) -> NodeSpec:
    names = ("robot", "time_mode", "rtf", "cameras", "headless")
    return NodeSpec("bimanual_sim_bridge", contract.SIM_BRIDGE, {name: arguments[name] for name in names})


def _robot_driver(arguments: Mapping[str, Value]) -> NodeSpec:
    backend = "loopback" if arguments["use_mock_hardware"] else "can"
    check_backend(backend)
    parameters = {"robot": arguments["robot"], "backend": backend, "can_interface": arguments["can_interface"]}
    return NodeSpec("bimanual_hardware", contract.ROBOT_DRIVER, parameters, part="robot")


def _camera_nodes(arguments: Mapping[str, Value], robot: RobotSpec) -> tuple[NodeSpec, ...]:
    source = "pattern" if arguments["use_mock_hardware"] else "device"
    real = [camera.name for camera in robot.cameras if not camera.simulation_only]
    return tuple(
        NodeSpec(
            "bimanual_hardware",
            contract.camera_node(name),
            {"robot": arguments["robot"], "camera": name, "source": source},
            program="realsense_camera",
            part="camera",
        )
        for name in selected(str(arguments["cameras"]), real)
    )


def selected(cameras: str, known: Sequence[str]) -> list[str]:
    """The cameras that ``none``, ``all`` or a comma-separated list names; raises UnknownNameError."""
    if cameras in ("none", "all"):
        return list(known) if cameras == "all" else []
    names = [name.strip() for name in cameras.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise UnknownNameError("camera", name, known)
    return [name for name in known if name in names]


def ros_arguments(node: NodeSpec, arguments: Mapping[str, Value]) -> list[str]:
    """``--ros-args ...`` that start ``node`` with its name, namespace, log level and parameters."""
    words = ["--ros-args", "-r", f"__node:={node.name}", "--log-level", str(arguments["log_level"])]
    if arguments["namespace"]:
        words += ["-r", f"__ns:=/{str(arguments['namespace']).strip('/')}"]
    for name, value in node.parameters.items():
        words += ["-p", f"{name}:={_yaml(value)}"]
    if arguments["params_file"]:
        words += ["--params-file", str(arguments["params_file"])]
    return words


def _yaml(value: Value) -> str:
    # Text is quoted, so that an empty one or one that looks like a number stays text.
    return f"'{value}'" if isinstance(value, str) else as_text(value)
