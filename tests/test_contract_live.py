"""The live graph against the table of its contract, both ways: all that is promised is there, with its type, QoS, node,
frame and rate; and nothing is there that the table does not know."""

import re
import struct
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytest
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy
from test_overlay import UPSTREAM, built_hashes

from bimanual.graph.session import CLIENT, GraphSession
from bimanual_core.contract import ANY, CAMERA_STREAMS, OPTIONAL, Endpoint, Kind, Qos, endpoints
from bimanual_core.rates import NS_PER_S
from bimanual_data.typestore import default_typestore
from bimanual_description import load
from bimanual_ros.endpoints import NO_SUBSCRIPTION_EVENTS, message_class
from bimanual_ros.qos import publisher_qos

pytestmark = [pytest.mark.graph, pytest.mark.sim]
ROBOT = load("cobot_magic")
#: So many messages of a topic are judged; a busy machine has this long to bring them [s].
SAMPLES, PATIENCE_S = 20, 60.0
#: Discovery takes up to so long [s].
DISCOVERY_S = 10.0
EVERY_NODE = "every node"
#: What ROS 2 itself adds: services of every node and of those with a life cycle, parts of actions, topics.
OF_NODES = re.compile(
    r"/\w+/(set_parameters|set_parameters_atomically|get_parameters|get_parameter_types|list_parameters"
    r"|describe_parameters|get_type_description|change_state|get_state|get_available_states"
    r"|get_available_transitions|get_transition_graph|transition_event)"
)
OF_ROS = ("/rosout", "/parameter_events")
OF_ACTION = {Kind.TOPIC: ("feedback", "status"), Kind.SERVICE: ("send_goal", "get_result", "cancel_goal")}
#: The header is the first field, or the first of the first item.
LISTS = ("tf2_msgs/msg/TFMessage", "visualization_msgs/msg/MarkerArray")
WITHOUT_HEADER = ("std_msgs/msg/String", "std_msgs/msg/Empty")


@dataclass
class Live:
    """A running graph with all its cameras, and the table that it must keep to."""

    session: GraphSession
    graph: str
    table: dict[str, Endpoint] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.table = {e.name: e for e in endpoints(ROBOT, self.graph) if e.server not in OPTIONAL}
        self.node = self.session.world.node

    def is_found(self) -> bool:
        """Whether discovery has found all that the table has, and each publisher's node."""
        topics = [e.name for e in self.table.values() if e.kind is Kind.TOPIC]
        return not missing(self) and not any("_NODE_NAME_UNKNOWN_" in self.publishers(name) for name in topics)

    def of_kind(self, kind: Kind) -> list[Endpoint]:
        return [e for e in self.table.values() if e.kind is kind]

    @property
    def nodes(self) -> set[str]:
        """The graph's own nodes."""
        return {p.spec.name for p in self.session.supervisor.processes}

    def publishers(self, name: str) -> dict[str, Any]:
        """What is known of each publisher of a topic but this test's own, by node."""
        found = self.node.get_publishers_info_by_topic(self.node.resolve_topic_name(name))
        return {info.node_name: info for info in found if info.node_name != CLIENT}


@pytest.fixture(scope="module", params=["sim", "real"])
def live(request: pytest.FixtureRequest) -> Iterator[Live]:
    given = {"time_mode": "realtime"} if request.param == "sim" else {}
    with GraphSession(given={**given, "cameras": "all"}, graph=request.param) as session:
        running = Live(session, request.param)
        # Names come one by one, and after them the names of their nodes; what is missing then the tests say.
        limit = time.monotonic() + DISCOVERY_S
        session.world.feed.until(lambda: running.is_found() or time.monotonic() > limit, "the contract")
        yield running


def absolute(name: str) -> str:
    return f"/{name.lstrip('/')}"


def published(entry: Endpoint) -> bool:
    """Whether the graph itself publishes the topic."""
    return entry.server != ANY


def missing(live: Live) -> list[str]:
    """What the table has and the graph lacks, by name and type."""
    topics, services = dict(live.node.get_topic_names_and_types()), dict(live.node.get_service_names_and_types())
    lacking = []
    for entry in live.table.values():
        name, kind, found = absolute(entry.name), entry.type, services if entry.kind is Kind.SERVICE else topics
        if entry.kind is Kind.ACTION:
            name, kind, found = f"{name}/_action/send_goal", f"{kind}_SendGoal", services
        if kind not in found.get(name, []):
            lacking.append(f"{name}: {kind}")
    return lacking


def test_every_name_is_there_with_its_type(live: Live) -> None:
    assert missing(live) == []


def test_nothing_is_there_that_the_table_does_not_know(live: Live) -> None:
    found = {Kind.TOPIC: live.node.get_topic_names_and_types(), Kind.SERVICE: live.node.get_service_names_and_types()}
    for kind, names in found.items():
        known = {absolute(e.name) for e in live.of_kind(kind)}
        known |= {f"{absolute(a.name)}/_action/{part}" for a in live.of_kind(Kind.ACTION) for part in OF_ACTION[kind]}
        unknown = [n for n, _ in names if n not in known and n not in OF_ROS and not OF_NODES.fullmatch(n)]
        assert [n for n in unknown if not n.startswith(f"/{CLIENT}/")] == []


def test_no_name_has_two_types(live: Live) -> None:
    names = [*live.node.get_topic_names_and_types(), *live.node.get_service_names_and_types()]
    assert [(name, types) for name, types in names if len(types) != 1] == []


def test_each_topic_is_published_by_its_node_alone(live: Live) -> None:
    for entry in filter(published, live.of_kind(Kind.TOPIC)):
        wanted = live.nodes if entry.server == EVERY_NODE else {entry.server}
        assert set(live.publishers(entry.name)) == wanted, entry.name


def test_each_service_and_action_is_served_by_its_node_alone(live: Live) -> None:
    served = {node: dict(live.node.get_service_names_and_types_by_node(node, "/")) for node in live.nodes}
    for entry in (*live.of_kind(Kind.SERVICE), *live.of_kind(Kind.ACTION)):
        end = "/_action/send_goal" if entry.kind is Kind.ACTION else ""
        name = absolute(entry.name) + end
        assert [node for node, services in served.items() if name in services] == [entry.server], name


def test_commands_are_taken_by_their_node(live: Live) -> None:
    for entry in live.of_kind(Kind.TOPIC):
        if not published(entry):
            found = live.node.get_subscriptions_info_by_topic(absolute(entry.name))
            assert [info.node_name for info in found] == list(entry.clients), entry.name


def test_qos_is_that_of_the_preset(live: Live) -> None:
    """Depth is the reader's or writer's own affair and not announced by DDS: where it is unknown it reads 0."""
    for entry in filter(published, live.of_kind(Kind.TOPIC)):
        wanted = publisher_qos(entry.qos)
        for node, info in live.publishers(entry.name).items():
            qos = info.qos_profile
            assert (qos.reliability, qos.durability) == (wanted.reliability, wanted.durability), (entry.name, node)
            assert qos.depth in (0, wanted.depth), (entry.name, node)
            if entry.qos is Qos.ALIVE:
                announced = (qos.liveliness, qos.liveliness_lease_duration)
                assert announced == (wanted.liveliness, wanted.liveliness_lease_duration), (entry.name, node)


def test_what_is_latched_reaches_latecomers(live: Live) -> None:
    assert publisher_qos(Qos.LATCHED).durability == DurabilityPolicy.TRANSIENT_LOCAL
    for entry in live.of_kind(Kind.TOPIC):
        # A task's status and a plan's markers come with the first task and plan.
        if entry.qos is Qos.LATCHED and entry.name not in ("task/status", "planner/markers"):
            assert listen(live, [entry.name], 1)[entry.name], entry.name


def test_type_hashes_are_upstreams(live: Live) -> None:
    store, overlay = default_typestore(), built_hashes()
    for entry in filter(published, live.of_kind(Kind.TOPIC)):
        wanted = UPSTREAM.get(entry.type) or store.hash_rihs01(entry.type).removeprefix("RIHS01_")
        if entry.type == "std_msgs/msg/Empty":
            continue  # rosbags counts the member that C needs in an empty structure
        for node, info in live.publishers(entry.name).items():
            assert hash_of(info) == wanted, (entry.name, node)
    for entry in live.of_kind(Kind.SERVICE):
        (info,) = live.node.get_publishers_info_by_topic(f"rr{absolute(entry.name)}Reply", no_mangle=True)
        if entry.type in UPSTREAM:
            # The service's own hash covers its parts and is compared with upstream's in test_overlay.
            assert overlay[entry.type] == UPSTREAM[entry.type]
            assert hash_of(info) == overlay[f"{entry.type}_Response"], entry.name
    for entry in live.of_kind(Kind.ACTION):
        (info,) = live.publishers(f"{entry.name}/_action/feedback").values()
        if entry.type in UPSTREAM:
            assert overlay[entry.type] == UPSTREAM[entry.type]
            assert hash_of(info) == overlay[f"{entry.type}_FeedbackMessage"], entry.name


def hash_of(info: Any) -> str:
    return bytes(info.topic_type_hash.value).hex()


# -- what is said -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Heard:
    """A message's stamp [ns] and frame, and when it came [s of wall time]."""

    stamp_ns: int
    frame: str
    at: float


def header_of(kind: str, data: bytes) -> tuple[int, str]:
    """Stamp [ns] and frame of serialised bytes."""
    if kind in WITHOUT_HEADER:
        return 0, ""
    at = 4
    if kind in LISTS:
        if struct.unpack_from("<I", data, at)[0] == 0:
            return 0, ""
        at += 4
    sec, nanosec = struct.unpack_from("<iI", data, at)
    if kind == "rosgraph_msgs/msg/Clock":
        return sec * NS_PER_S + nanosec, ""
    (length,) = struct.unpack_from("<I", data, at + 8)
    return sec * NS_PER_S + nanosec, data[at + 12 : at + 11 + length].decode()


def listen(live: Live, names: list[str], count: int) -> dict[str, list[Heard]]:
    """``count`` messages of each topic, or what came in PATIENCE_S."""
    heard: dict[str, list[Heard]] = {name: [] for name in names}
    subscriptions = []
    for name in names:
        entry = live.table[name]

        def take(data: bytes, kind: str = entry.type, into: list[Heard] = heard[name]) -> None:
            into.append(Heard(*header_of(kind, data), time.monotonic()))
            live.session.world.feed.poke()

        qos = publisher_qos(entry.qos)
        qos.depth = max(qos.depth, 5)
        subscriptions.append(
            live.node.create_subscription(
                message_class(entry.type), name, take, qos, raw=True, event_callbacks=NO_SUBSCRIPTION_EVENTS
            )
        )
    limit = time.monotonic() + PATIENCE_S
    try:
        live.session.world.feed.until(
            lambda: time.monotonic() > limit or all(len(got) >= count for got in heard.values()), "the messages"
        )
    finally:
        for subscription in subscriptions:
            live.node.destroy_subscription(subscription)
    return heard


def check_stream(entry: Endpoint, heard: list[Heard], simulated: bool) -> None:
    """Frame, and stamps that are whole periods apart: one, unless the machine was too busy to listen."""
    assert len(heard) >= SAMPLES, f"{entry.name}: {len(heard)} messages in {PATIENCE_S:.0f} s"
    if entry.frame:
        assert {h.frame for h in heard} == {entry.frame}, entry.name
    stamps = sorted({h.stamp_ns for h in heard})
    periods = np.diff(stamps) * entry.rate_hz / NS_PER_S
    if simulated:
        assert np.median(periods) == pytest.approx(1.0, abs=0.02), entry.name
        assert np.all(np.abs(periods - periods.round()) < 0.02), entry.name
    else:
        # Wall time: single periods vary with the machine's load, what comes in a longer time does not.
        assert np.median(periods) == pytest.approx(1.0, abs=0.5), entry.name


def test_streams_keep_their_rate_and_frame(live: Live) -> None:
    streams = [
        e
        for e in live.of_kind(Kind.TOPIC)
        if e.rate_hz > 0 and published(e) and "_camera/" not in e.name and e.server != EVERY_NODE
    ]
    assert {"joint_states", "/tf", "scene/objects"} <= {e.name for e in streams}
    heard = listen(live, [e.name for e in streams], SAMPLES)
    for entry in streams:
        check_stream(entry, heard[entry.name], live.graph == "sim")


@pytest.mark.parametrize("camera", [c.name for c in ROBOT.cameras])
def test_cameras_keep_their_rate_and_frame(live: Live, camera: str) -> None:
    names = [f"{camera}_camera/{stream}" for stream, _ in CAMERA_STREAMS]
    names = [name for name in names if name in live.table]
    if not names:
        assert ROBOT.camera(camera).simulation_only
        return
    heard = listen(live, names, SAMPLES)
    for name in names:
        check_stream(live.table[name], heard[name], live.graph == "sim")
    # The parts of one picture carry one stamp.
    stamps = [{h.stamp_ns for h in heard[name]} for name in names]
    assert len(set.intersection(*stamps)) >= SAMPLES // 2


def test_every_node_publishes_diagnostics_once_a_second(live: Live) -> None:
    came: dict[str, list[float]] = defaultdict(list)

    def take(message: Any) -> None:
        for status in message.status:
            came[status.name].append(time.monotonic())
            assert status.message
        live.session.world.feed.poke()

    subscription = live.session.world.endpoints.subscription("/diagnostics", take)
    limit = time.monotonic() + PATIENCE_S
    enough = partial(lambda: all(len(came[name]) >= 4 for name in live.nodes) or time.monotonic() > limit)
    live.session.world.feed.until(enough, "/diagnostics")
    live.node.destroy_subscription(subscription)
    assert set(came) >= live.nodes
    for name in live.nodes:
        assert 0.5 < np.median(np.diff(came[name])) < 2.0, name


def test_sensors_are_offered_reliably_and_taken_as_they_come() -> None:
    assert publisher_qos(Qos.SENSOR).reliability == ReliabilityPolicy.RELIABLE
