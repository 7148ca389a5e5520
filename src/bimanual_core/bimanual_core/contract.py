"""The contract of the graph: every name, type, QoS, rate, frame, server and client, once.

docs/interfaces.md is generated from this table (``python -m bimanual.interfaces_page``); ``bimanual_ros`` builds
endpoints from it; tests hold the live graph against it. Names are relative but for those that start with a slash.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from bimanual_core.errors import UnknownNameError
from bimanual_core.rates import CAMERA_HZ, CLOCK_HZ, CONTROLLER_STATE_HZ, JOINT_STATE_HZ, MARKERS_HZ, OBJECTS_HZ
from bimanual_core.robot import RobotSpec


class Kind(str, Enum):
    TOPIC = "topic"
    SERVICE = "service"
    ACTION = "action"


class Qos(str, Enum):
    """Named presets; ``sensor`` is reliable at the driver and best effort at consumers; ``alive`` carries nothing but
    the publisher's liveliness."""

    SENSOR = "sensor"
    STATE = "state"
    COMMAND = "command"
    LATCHED = "latched"
    ALIVE = "alive"
    SERVICE = "service"


@dataclass(frozen=True)
class Endpoint:
    """One line of the contract. ``server`` publishes the topic or serves the service or action."""

    name: str
    kind: Kind
    type: str
    server: str
    clients: tuple[str, ...]
    qos: Qos = Qos.SERVICE
    rate_hz: float = 0.0  # 0 = on demand or on change
    frame: str = ""
    graphs: tuple[str, ...] = ("sim", "real")
    note: str = ""


#: Node names of the graph, in start order. The driver owns the controllers: the bridge in simulation, else the robot's.
SIM_BRIDGE = "sim_bridge"
ROBOT_DRIVER = "robot_driver"
DRIVERS = {"sim": SIM_BRIDGE, "real": ROBOT_DRIVER}
STATE_PUBLISHER = "robot_state_publisher"
SAFETY = "safety"
PLANNER = "planner"
TASK_SERVER = "task_server"
RECORDER = "recorder"
POLICY = "policy_node"
AGENT = "agent"
#: Nodes that run only where they are asked for: what they serve is not in every graph.
OPTIONAL = frozenset({POLICY, AGENT})
ANY = "any client"
MARKERS = "visualization_msgs/msg/MarkerArray"

#: Computed from the pictures for those who listen, and so not worth recording.
POINTS = "depth/color/points"
CAMERA_STREAMS = (
    ("color/image_raw", "sensor_msgs/msg/Image"),
    ("color/camera_info", "sensor_msgs/msg/CameraInfo"),
    ("aligned_depth_to_color/image_raw", "sensor_msgs/msg/Image"),
    ("aligned_depth_to_color/camera_info", "sensor_msgs/msg/CameraInfo"),
    (POINTS, "sensor_msgs/msg/PointCloud2"),
)


def _topic(name: str, type_: str, server: str, clients: tuple[str, ...], qos: Qos, **more: object) -> Endpoint:
    return Endpoint(name, Kind.TOPIC, type_, server, clients, qos, **more)  # type: ignore[arg-type]


def _service(name: str, type_: str, server: str, clients: tuple[str, ...], **more: object) -> Endpoint:
    return Endpoint(name, Kind.SERVICE, type_, server, clients, **more)  # type: ignore[arg-type]


def _action(name: str, type_: str, server: str, clients: tuple[str, ...], **more: object) -> Endpoint:
    return Endpoint(name, Kind.ACTION, type_, server, clients, **more)  # type: ignore[arg-type]


def camera_node(camera: str) -> str:
    """The node of one camera in the real graph; in simulation the bridge speaks for all cameras."""
    return f"{camera}_camera"


def driver_of(graph: str) -> str:
    """The node that owns the controllers of ``graph``; raises UnknownNameError."""
    try:
        return DRIVERS[graph]
    except KeyError:
        raise UnknownNameError("graph", graph, DRIVERS) from None


def alive_topic(node: str) -> str:
    """The topic that says that ``node`` lives."""
    return f"{node}/alive"


def _alive(node: str, watchers: tuple[str, ...]) -> Endpoint:
    note = "carries nothing: DDS tells within a second that its publisher was killed or stopped"
    return _topic(alive_topic(node), "std_msgs/msg/Empty", node, watchers, Qos.ALIVE, note=note)


def _common(driver: str, objects: str) -> list[Endpoint]:
    sim = ("sim",)
    return [
        _topic("/clock", "rosgraph_msgs/msg/Clock", SIM_BRIDGE, (ANY,), Qos.STATE, rate_hz=CLOCK_HZ, graphs=sim),
        _topic(
            "joint_states",
            "sensor_msgs/msg/JointState",
            driver,
            (STATE_PUBLISHER, PLANNER, TASK_SERVER, SAFETY, RECORDER),
            Qos.STATE,
            rate_hz=JOINT_STATE_HZ,
            note="measured, all joints in flat order",
        ),
        _topic("robot_description", "std_msgs/msg/String", STATE_PUBLISHER, (ANY,), Qos.LATCHED),
        _topic("/tf", "tf2_msgs/msg/TFMessage", STATE_PUBLISHER, (ANY,), Qos.STATE, rate_hz=JOINT_STATE_HZ),
        _topic("/tf_static", "tf2_msgs/msg/TFMessage", STATE_PUBLISHER, (ANY,), Qos.LATCHED),
        _topic(
            "scene/objects",
            "bimanual_interfaces/msg/ObjectStates",
            objects,
            (PLANNER, TASK_SERVER, RECORDER),
            Qos.STATE,
            rate_hz=OBJECTS_HZ,
            frame="world",
            note="truth in simulation, the layout a person confirmed on a real table",
        ),
        _topic(
            "scene/markers",
            MARKERS,
            objects,
            (ANY,),
            Qos.STATE,
            rate_hz=MARKERS_HZ,
            frame="world",
            note="for RViz: table, objects, names, contacts; published only while somebody listens",
        ),
        _topic(
            "planner/markers",
            MARKERS,
            PLANNER,
            (ANY,),
            Qos.LATCHED,
            frame="world",
            note="for RViz: tcp goals and paths of the skills at work, cleared when they are done; of the last plan; "
            "the collisions that stopped either",
        ),
        _topic(
            "sim/status",
            "bimanual_interfaces/msg/SimStatus",
            SIM_BRIDGE,
            (PLANNER, TASK_SERVER, SAFETY, ANY),
            Qos.LATCHED,
            graphs=sim,
            note="state of the simulated time, rtf, contact counters",
        ),
        _service(
            "sim/get_simulator_features",
            "simulation_interfaces/srv/GetSimulatorFeatures",
            SIM_BRIDGE,
            (ANY,),
            graphs=sim,
        ),
        _service(
            "sim/set_simulation_state", "simulation_interfaces/srv/SetSimulationState", SIM_BRIDGE, (ANY,), graphs=sim
        ),
        _service(
            "sim/get_simulation_state", "simulation_interfaces/srv/GetSimulationState", SIM_BRIDGE, (ANY,), graphs=sim
        ),
        _service("sim/step_simulation", "simulation_interfaces/srv/StepSimulation", SIM_BRIDGE, (ANY,), graphs=sim),
        _service("sim/reset_simulation", "simulation_interfaces/srv/ResetSimulation", SIM_BRIDGE, (ANY,), graphs=sim),
        _service(
            "sim/get_entities_states", "simulation_interfaces/srv/GetEntitiesStates", SIM_BRIDGE, (ANY,), graphs=sim
        ),
        _action("sim/simulate_steps", "simulation_interfaces/action/SimulateSteps", SIM_BRIDGE, (ANY,), graphs=sim),
        _service("sim/load_scene", "bimanual_interfaces/srv/LoadScene", SIM_BRIDGE, (TASK_SERVER,), graphs=sim),
        _service(
            "task/load",
            "bimanual_interfaces/srv/LoadTask",
            TASK_SERVER,
            (ANY,),
            note="task, variant, seed and randomisation (easy, hard) make the scene",
        ),
        _service("task/evaluate", "bimanual_interfaces/srv/EvaluateTask", TASK_SERVER, (ANY,)),
        _topic("task/status", "bimanual_interfaces/msg/TaskStatus", TASK_SERVER, (RECORDER, ANY), Qos.LATCHED),
        _action("skills/execute", "bimanual_interfaces/action/ExecuteSkill", PLANNER, (ANY,)),
        _service(
            "planner/plan",
            "bimanual_interfaces/srv/PlanMotion",
            PLANNER,
            (ANY,),
            note="to tcp poses, joints, or poses of held objects, within a budget of time; nothing moves",
        ),
        _action(
            "policy/run", "bimanual_interfaces/action/RunPolicy", POLICY, (ANY,), note="where `policy:=` names one"
        ),
        _topic(
            "policy/action_chunk",
            "bimanual_interfaces/msg/ActionChunk",
            POLICY,
            (RECORDER, ANY),
            Qos.STATE,
            note="what the policy answered, before limits; where `policy:=` names one",
        ),
        _action("agent/run", "bimanual_interfaces/action/RunAgent", AGENT, (ANY,), note="where `agent:=true`"),
        _service("recorder/start", "bimanual_interfaces/srv/StartRecording", RECORDER, (ANY,)),
        _service("recorder/stop", "bimanual_interfaces/srv/StopRecording", RECORDER, (ANY,)),
        _service("recorder/annotate", "bimanual_interfaces/srv/Annotate", RECORDER, (ANY,)),
        _service("control/acquire", "bimanual_interfaces/srv/Acquire", driver, (PLANNER, ANY)),
        _service("control/release", "bimanual_interfaces/srv/Release", driver, (PLANNER, ANY)),
        _topic("control/owners", "bimanual_interfaces/msg/Owners", driver, (ANY,), Qos.LATCHED),
        _service("safety/stop", "std_srvs/srv/Trigger", SAFETY, (driver, ANY)),
        _service("safety/reset", "std_srvs/srv/Trigger", SAFETY, (ANY,)),
        _topic(
            "safety/state",
            "bimanual_interfaces/msg/SafetyState",
            SAFETY,
            (driver, ANY),
            Qos.LATCHED,
            note="on change, and repeated at 2 Hz: a driver that misses it stops",
        ),
        _alive(driver, (ANY,)),
        *(_alive(node, (driver,)) for node in (SAFETY, PLANNER, POLICY, AGENT)),
        _topic(
            "/diagnostics", "diagnostic_msgs/msg/DiagnosticArray", "every node", (RECORDER, ANY), Qos.STATE, rate_hz=1.0
        ),
    ]


def _arm(side: str, driver: str) -> list[Endpoint]:
    arm, gripper = f"{side}_arm_controller", f"{side}_gripper_controller"
    trajectory = "trajectory_msgs/msg/JointTrajectory"
    return [
        _action(f"{arm}/follow_joint_trajectory", "control_msgs/action/FollowJointTrajectory", driver, (PLANNER, ANY)),
        _topic(f"{arm}/joint_trajectory", trajectory, ANY, (driver,), Qos.COMMAND, note="streamed points"),
        _topic(
            f"{arm}/controller_state",
            "control_msgs/msg/JointTrajectoryControllerState",
            driver,
            (PLANNER, RECORDER),
            Qos.STATE,
            rate_hz=CONTROLLER_STATE_HZ,
            note="commanded and measured",
        ),
        _action(f"{gripper}/gripper_cmd", "control_msgs/action/ParallelGripperCommand", driver, (PLANNER, ANY)),
        _topic(
            f"{gripper}/controller_state",
            "control_msgs/msg/JointTrajectoryControllerState",
            driver,
            (PLANNER, RECORDER),
            Qos.STATE,
            rate_hz=CONTROLLER_STATE_HZ,
            note="commanded and measured",
        ),
        _topic(f"{gripper}/joint_trajectory", trajectory, ANY, (driver,), Qos.COMMAND, note="streamed points"),
    ]


def _camera(name: str, frame: str, server: str) -> list[Endpoint]:
    table = [
        _topic(f"{name}_camera/{stream}", type_, server, (RECORDER, ANY), Qos.SENSOR, rate_hz=CAMERA_HZ, frame=frame)
        for stream, type_ in CAMERA_STREAMS
    ]
    note = "unorganised, x y z [m] and rgb, only points with depth; computed while somebody listens, not recorded"
    return [replace(e, clients=(ANY,), note=note) if e.name.endswith(POINTS) else e for e in table]


def endpoints(robot: RobotSpec, graph: str = "sim") -> list[Endpoint]:
    """Every endpoint of the ``sim`` or ``real`` graph of ``robot``; raises UnknownNameError for another graph."""
    driver = driver_of(graph)
    simulated = graph == "sim"
    table = _common(driver, driver if simulated else TASK_SERVER)
    for side in robot.sides:
        table += _arm(side, driver)
    for camera in robot.cameras:
        if simulated or not camera.simulation_only:
            server = driver if simulated else camera_node(camera.name)
            table += _camera(camera.name, camera.optical_frame, server)
    return [e for e in table if graph in e.graphs]


def endpoint(robot: RobotSpec, name: str, graph: str = "sim") -> Endpoint:
    """The endpoint called ``name``; raises UnknownNameError listing the choices."""
    for entry in endpoints(robot, graph):
        if entry.name == name:
            return entry
    raise UnknownNameError("endpoint", name, [e.name for e in endpoints(robot, graph)])


def as_markdown(robot: RobotSpec) -> str:
    """docs/interfaces.md, generated from the table."""
    lines = [
        "# Interfaces",
        "",
        f"Generated from `bimanual_core/contract.py` for `{robot.name}`; do not edit by hand. Names are relative to",
        "the graph's namespace unless they start with a slash. Where the two graphs differ, the server in simulation",
        "comes first. Tests hold this page and the live graphs against the table.",
        "",
    ]
    headings = {Kind.TOPIC: "Topics", Kind.SERVICE: "Services", Kind.ACTION: "Actions"}
    tables = {graph: {e.name: e for e in endpoints(robot, graph)} for graph in DRIVERS}
    names = dict.fromkeys(name for table in tables.values() for name in table)
    for kind, heading in headings.items():
        lines += [
            f"## {heading}",
            "",
            "| name | type | served by | used by | QoS | rate [Hz] | frame | graphs | note |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        rows = [{g: table[name] for g, table in tables.items() if name in table} for name in names]
        lines += [_markdown_row(row) for row in rows if next(iter(row.values())).kind is kind]
        lines.append("")
    return "\n".join(lines)


def _markdown_row(by_graph: dict[str, Endpoint]) -> str:
    """One name as it is in the graphs that have it."""
    first = next(iter(by_graph.values()))
    servers = " / ".join(dict.fromkeys(e.server for e in by_graph.values()))
    clients = ", ".join(
        dict.fromkeys(" / ".join(dict.fromkeys(c)) for c in zip(*(e.clients for e in by_graph.values()), strict=True))
    )
    rate = f"{first.rate_hz:g}" if first.rate_hz else ""
    return (
        f"| `{first.name}` | `{first.type}` | {servers} | {clients} | {first.qos.value} | {rate} "
        f"| {first.frame} | {', '.join(by_graph)} | {first.note} |"
    )
