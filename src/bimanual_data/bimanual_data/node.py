"""``recorder``: writes the contract's topics of an episode into a rosbag2 folder, on request."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from bimanual_interfaces.srv import Annotate, StartRecording, StopRecording
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

from bimanual_core.contract import POINTS, RECORDER, Endpoint, Kind, Qos, endpoints
from bimanual_core.errors import BimanualError
from bimanual_data.episode import parse_meta_json
from bimanual_data.recorder import Recorder
from bimanual_ros.diagnostics import ERROR, OK, Diagnostics, Health
from bimanual_ros.endpoints import NO_SUBSCRIPTION_EVENTS, Endpoints, message_class
from bimanual_ros.faults import guarded
from bimanual_ros.main import run_node
from bimanual_ros.parameters import Parameter, declare
from bimanual_ros.qos import publisher_qos
from bimanual_ros.robots import GRAPH, ROBOT, robot_of
from bimanual_ros.sim_time import now
from bimanual_ros.spinning import spin_some

PARAMETERS = (
    ROBOT,
    GRAPH,
    Parameter("directory", "", "folder to record into from the start; empty: wait for recorder/start"),
    Parameter("cameras", "all", "cameras to record: none, all or a comma-separated list"),
)
#: Messages that may wait here for the writer, per topic.
STATE_DEPTH, IMAGE_DEPTH = 1000, 60
#: Time that messages gather before they are taken in [s].
BATCH_S = 0.005


class RecorderNode(Node):
    """Subscribes while it records, so that cameras nobody else watches are rendered only then."""

    def __init__(self) -> None:
        super().__init__(RECORDER)
        values = declare(self, PARAMETERS)
        self._robot = robot_of(values)
        self._recorder = Recorder()
        self._topics = self._wanted(values["cameras"], values["graph"])
        self._listening: list[Any] = []
        served = Endpoints(self, self._robot, values["graph"])
        served.service("recorder/start", self._start)
        served.service("recorder/stop", self._stop)
        served.service("recorder/annotate", self._annotate)
        self._diagnostics = Diagnostics(self, self._health)
        if values["directory"]:
            self._begin(values["directory"], {})

    def _wanted(self, cameras: str, graph: str) -> list[Endpoint]:
        """The topics to record: all of the contract with content but markers, points and cameras not asked for."""
        names = {"all": [c.name for c in self._robot.cameras], "none": []}.get(cameras)
        if names is None:
            names = [self._robot.camera(name.strip()).name for name in cameras.split(",") if name.strip()]
        skipped = tuple(f"{c.name}_camera/" for c in self._robot.cameras if c.name not in names)
        topics = [e for e in endpoints(self._robot, graph) if e.kind is Kind.TOPIC]
        table = [e for e in topics if not e.name.endswith(("/markers", POINTS))]  # these can be made again
        table = [e for e in table if e.qos is not Qos.ALIVE]  # these carry nothing
        return [e for e in table if not (skipped and e.name.startswith(skipped))]

    def spin(self, executor: SingleThreadedExecutor) -> None:
        """Take in what came, in batches: every look at thirty topics costs more than the messages do."""
        while True:
            spin_some(executor, 1.0)
            time.sleep(BATCH_S)

    # -- services -----------------------------------------------------------------------------------------------------
    def _start(self, request: StartRecording.Request, response: StartRecording.Response) -> StartRecording.Response:
        return self._answer(response, lambda: self._begin(request.directory, parse_meta_json(request.meta_json)))

    def _annotate(self, request: Annotate.Request, response: Annotate.Response) -> Annotate.Response:
        return self._answer(response, lambda: self._recorder.annotate(parse_meta_json(request.meta_json)))

    def _stop(self, _: Any, response: StopRecording.Response) -> StopRecording.Response:
        return self._answer(response, lambda: self._end(response))

    def _answer(self, response: Any, work: Callable[[], object]) -> Any:
        try:
            work()
            response.success = True
        except BimanualError as error:
            response.error_code, response.error_msg = int(error.code), str(error)
        return response

    # -- recording ----------------------------------------------------------------------------------------------------
    def _begin(self, directory: str, meta: dict[str, Any]) -> None:
        topics = {f"/{e.name.lstrip('/')}": (e.type, e.qos.value) for e in self._topics if not _image(e)}
        self._recorder.start(directory, {"robot": self._robot.name, **meta}, topics)
        try:
            for entry in self._topics:
                self._listening.append(self._listen(entry))
        except BaseException:
            self._deafen()
            self._recorder.stop()
            raise

    def _listen(self, entry: Endpoint) -> Any:
        resolved = self.resolve_topic_name(entry.name)
        take = guarded(self, entry.name, partial(self._take, resolved, entry.type))
        kind = message_class(entry.type)
        quiet = NO_SUBSCRIPTION_EVENTS
        return self.create_subscription(kind, entry.name, take, _qos(entry), raw=True, event_callbacks=quiet)

    def _take(self, topic: str, type_name: str, data: bytes) -> None:
        # The world's time at arrival: stamps inside the messages stay as they were sent.
        try:
            self._recorder.on_message(topic, type_name, now(self).nanoseconds, data)
        except BimanualError as error:
            self.get_logger().error(f"{topic}: {error}", throttle_duration_sec=5.0)

    def _end(self, response: StopRecording.Response) -> None:
        self._deafen()
        summary = self._recorder.stop()
        response.directory = str(summary.directory)
        response.topics, response.counts = list(summary.counts), list(summary.counts.values())
        if not summary.success:
            raise BimanualError(f"{summary.lost} messages lost: {summary.error_msg}", summary.error_code)

    def _deafen(self) -> None:
        for subscription in self._listening:
            self.destroy_subscription(subscription)
        self._listening = []

    def _health(self) -> Health:
        if self._recorder.error is not None:
            return ERROR, str(self._recorder.error), {}
        if self._recorder.directory is None:
            return OK, "waiting", {}
        return OK, f"recording into {self._recorder.directory}", {"waiting": self._recorder.waiting}

    def close(self) -> None:
        """Finish what is being recorded."""
        self._recorder.close()


def _image(entry: Endpoint) -> bool:
    return entry.type == "sensor_msgs/msg/Image"


def _qos(entry: Endpoint) -> QoSProfile:
    """What is offered, with room for what waits: a recorder takes everything."""
    qos = publisher_qos(entry.qos)
    if entry.qos is not Qos.LATCHED:
        qos.depth = IMAGE_DEPTH if entry.qos is Qos.SENSOR else STATE_DEPTH
        qos.reliability = ReliabilityPolicy.RELIABLE
    return qos


def main() -> int:
    """Entry point of the executable ``recorder``."""
    return run_node(RecorderNode, spin=lambda node, executor: node.spin(executor))  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
