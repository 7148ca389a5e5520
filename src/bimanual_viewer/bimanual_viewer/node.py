"""``viewer``: the live graph in a web page. Listens to little, and to cameras only while they are looked at."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bimanual_interfaces.msg import ObjectStates, Owners, SimStatus, TaskStatus
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger
from visualization_msgs.msg import MarkerArray

from bimanual_core.contract import SAFETY, STATE_PUBLISHER, driver_of
from bimanual_core.errors import BimanualError, SilentNodeError
from bimanual_ros.conversions.basics import stamp_ns, vector_of
from bimanual_ros.conversions.scene import snapshot_of
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.main import run_node
from bimanual_ros.parameters import Parameter, declare
from bimanual_ros.robots import GRAPH, ROBOT, robot_of
from bimanual_ros.spinning import spin_some
from bimanual_viewer.page import Page
from bimanual_viewer.state import GraphState, Request, Table, named
from control_msgs.msg import JointTrajectoryControllerState

VIEWER = "viewer"
PARAMETERS = (
    ROBOT,
    GRAPH,
    Parameter("host", "127.0.0.1", "address to serve the page on; 0.0.0.0: all, then anybody there may press STOP"),
    Parameter("port", 8080, "port of the page; 0: any that is free", low=0, high=65535),
    Parameter("patience", 10.0, "how long to wait for a graph before giving up [s]", low=0.1, high=3600.0),
)
PERIOD_S = 0.05
STATES = {SimStatus.RESTING: "resting", SimStatus.ADVANCING: "advancing", SimStatus.LOADING: "loading"}


class Viewer(Node):
    """Keeps a GraphState and shows it. Only the newest message of each topic is taken in, twenty times a second."""

    def __init__(self) -> None:
        super().__init__(VIEWER)
        values = declare(self, PARAMETERS)
        self._graph, self._patience = values["graph"], values["patience"]
        robot = robot_of(values)
        self._endpoints = Endpoints(self, robot, self._graph)
        self.state = GraphState()
        self._cameras: dict[str, Any] = {}
        self._table: Any = None
        self._table_of = -1
        self._asked = {name: self._endpoints.client(name) for name in ("safety/stop", "safety/reset")}
        self._listen(robot.sides)
        ask = self.ask
        self.page = Page(
            robot,
            self._graph,
            partial(ask, "safety/stop"),
            partial(ask, "safety/reset"),
            values["host"],
            values["port"],
        )

    # -- the loop -----------------------------------------------------------------------------------------------------
    def spin(self, executor: SingleThreadedExecutor) -> None:
        """Until the context is shut down. Raises SilentNodeError if there is no graph."""
        self._wait_for_graph(executor)
        self.get_logger().info(f"the graph is shown on {self.page.address}")
        due = time.monotonic()
        while True:
            spin_some(executor)
            self.update()
            due = max(due + PERIOD_S, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))
            if not self.context.ok():
                raise ExternalShutdownException

    def update(self) -> None:
        """Bring the page up to date, and listen to what it asks for."""
        self.page.update(self.state, time.monotonic())
        self._look_through(self.page.cameras)
        self._look_at_table()

    def _wait_for_graph(self, executor: SingleThreadedExecutor) -> None:
        end = time.monotonic() + self._patience
        while not (self.state.urdf and self.state.joints):
            spin_some(executor, 0.1)
            if time.monotonic() > end:
                raise SilentNodeError(self._what_is_missing())

    def _what_is_missing(self) -> str:
        missing = []
        if not self.state.joints:
            missing.append(f"joint_states of {driver_of(self._graph)}")
        if not self.state.urdf:
            missing.append(f"robot_description of {STATE_PUBLISHER}")
        here = self.get_namespace()
        words = (
            f"no {self._graph} graph answers in domain {self.context.get_domain_id()}, namespace {here}: "
            f"{' and '.join(missing)} did not come within {self._patience:g} s"
        )
        others = {
            name.removesuffix("/joint_states") or "/"
            for name, _ in self.get_topic_names_and_types()
            if name.endswith("/joint_states") and self.count_publishers(name)
        } - {here}
        if others:
            return f"{words}; there is a graph in namespace {', '.join(sorted(others))}: give --namespace"
        return f"{words}; start it with `bimanual up {self._graph}`, in the same ROS_DOMAIN_ID"

    # -- stop and reset -----------------------------------------------------------------------------------------------
    def ask(self, name: str) -> None:
        """Call the service ``name``; may be called from any thread. The answer is shown."""
        client = self._asked[name]
        self.state.request = Request(name, time.monotonic())
        if not client.service_is_ready():
            self._answered(name, f"is not served: the node {SAFETY} is missing")
            return
        client.call_async(Trigger.Request()).add_done_callback(partial(self._on_answer, name))

    def _on_answer(self, name: str, future: Future) -> None:
        answer = future.result()
        self._answered(name, answer.message or ("done" if answer.success else "refused"))

    def _answered(self, name: str, words: str) -> None:
        self.state.request = Request(name, time.monotonic(), words)

    # -- what is listened to ------------------------------------------------------------------------------------------
    def _listen(self, sides: Sequence[str]) -> None:
        self._hear("robot_description", self._on_description)
        self._hear("joint_states", self._on_joints)
        self._hear("scene/objects", self._on_objects)
        self._hear("safety/state", lambda m: self.state.take_safety(m.stopped, m.reason))
        self._hear("task/status", self._on_task)
        self._hear("control/owners", self._on_owners)
        self._hear("/diagnostics", self._on_diagnostics, depth=None)
        if self._graph == "sim":
            self._hear("sim/status", self._on_sim_status)
        for part in (f"{side}_{kind}" for side in sides for kind in ("arm", "gripper")):
            self._hear(f"{part}_controller/controller_state", partial(self._on_controller, part))

    def _hear(self, topic: str, take: Callable[[Any], None], depth: int | None = 1) -> Any:
        """Listen to ``topic``; a message that makes no sense is dropped and told of."""

        def on_message(message: Any) -> None:
            try:
                take(message)
            except (BimanualError, ValueError) as error:
                self.state.drop(topic, error)

        return self._endpoints.subscription(topic, on_message, depth=depth)

    def _look_through(self, cameras: set[str]) -> None:
        for name in [name for name in self._cameras if name not in cameras]:
            self.destroy_subscription(self._cameras.pop(name))
            self.state.pictures.pop(name, None)
        for name in cameras - self._cameras.keys():
            self._cameras[name] = self._hear(f"{name}_camera/color/image_raw", partial(self._on_picture, name))

    def _look_at_table(self) -> None:
        """The table is known from the scene's markers, once for each scene and only while somebody looks."""
        scene_id = self.state.objects.scene_id if self.state.objects is not None else -1
        wanted = self.page.watched and scene_id != self._table_of
        if wanted and self._table is None:
            self._table = self._hear("scene/markers", self._on_markers)
        elif not wanted and self._table is not None:
            self.destroy_subscription(self._table)
            self._table = None

    # -- messages -----------------------------------------------------------------------------------------------------
    def _on_description(self, message: String) -> None:
        self.state.urdf = message.data

    def _on_joints(self, message: JointState) -> None:
        self.state.take_joints(message.name, message.position, time.monotonic())

    def _on_controller(self, part: str, message: JointTrajectoryControllerState) -> None:
        wanted, found = message.reference.positions, message.feedback.positions
        self.state.take_track(part, message.joint_names, stamp_ns(message.header.stamp), wanted, found)

    def _on_objects(self, message: ObjectStates) -> None:
        self.state.objects = snapshot_of(message)

    def _on_markers(self, message: MarkerArray) -> None:
        if self.state.objects is not None:
            self._table_of = self.state.objects.scene_id
        for marker in message.markers:
            if marker.ns == "table":
                colour = (marker.color.r, marker.color.g, marker.color.b)
                self.state.table = Table(vector_of(marker.scale), vector_of(marker.pose.position), colour)

    def _on_picture(self, camera: str, message: Image) -> None:
        self.state.take_picture(camera, message.encoding, message.height, message.width, bytes(message.data))

    def _on_task(self, message: TaskStatus) -> None:
        outcome = "success" if message.success else message.reason
        self.state.task = named(
            {
                "task": f"{message.task} ({message.variant}), seed {message.seed}",
                "instruction": message.instruction,
                "state": outcome,
                "time": f"{message.seconds:.0f} s",
            }
        )

    def _on_owners(self, message: Owners) -> None:
        self.state.take_owners(message.arms, message.owners)

    def _on_sim_status(self, message: SimStatus) -> None:
        self.state.simulation = named(
            {
                "state": STATES.get(message.state, "unknown"),
                "time": message.time_mode,
                "rtf": f"{message.rtf:.2f}",
                "scene": message.scene_id,
            }
        )

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        statuses = [(s.name, s.level[0], s.message) for s in message.status]
        self.state.take_health(statuses, time.monotonic())

    def close(self) -> None:
        """Serve no more."""
        self.page.close()


def main(args: Sequence[str] | None = None) -> int:
    """Entry point of the executable ``viewer``; ``args`` replace the command line."""
    return run_node(Viewer, args, spin=lambda node, executor: node.spin(executor))  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
