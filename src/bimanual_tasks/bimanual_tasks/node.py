"""``task_server``: loads tasks into the simulation, judges them on 30 Hz samples, says how they stand.

On a real table a person builds the scene: task/load says where to put what, and loads the task once it is confirmed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from bimanual_interfaces.msg import ObjectStates, TaskStatus
from bimanual_interfaces.srv import EvaluateTask, LoadScene, LoadTask
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import JointState

from bimanual_core.contract import SIM_BRIDGE, TASK_SERVER, driver_of
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.scene import SceneSpec
from bimanual_ros.conversions.basics import header, stamp_ns
from bimanual_ros.conversions.joints import joint_sample
from bimanual_ros.conversions.scene import load_scene_request, snapshot_of
from bimanual_ros.diagnostics import Diagnostics
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.layout_publisher import LayoutPublisher
from bimanual_ros.main import run_node
from bimanual_ros.parameters import Parameter, declare
from bimanual_ros.robots import GRAPH, ROBOT, robot_of
from bimanual_ros.sample_pairs import SamplePairs
from bimanual_ros.sim_time import now
from bimanual_ros.waiting import service_ready
from bimanual_tasks.assets import find_asset
from bimanual_tasks.language import choose_instruction
from bimanual_tasks.layout import layout_snapshot, layout_words
from bimanual_tasks.randomise import EASY, RANDOMISATIONS
from bimanual_tasks.registry import get_task
from bimanual_tasks.sampler import Sample
from bimanual_tasks.scenes import scenes_in_reach
from bimanual_tasks.success import SuccessTracker

PARAMETERS = (
    ROBOT,
    GRAPH,
    Parameter("task", "", "task to load at the start; empty: none"),
    Parameter("variant", "", "its variant; empty: the default one"),
    Parameter("seed", 0, "seed of its scene", low=0, high=2**31 - 1),
    Parameter("randomisation", EASY, "what varies in its scene beside the poses", RANDOMISATIONS),
)
LOOK_PERIOD_S = 0.1
DISCOVERY_S = 5.0
_DEPTH = 500  # samples kept, so that none is lost while a lockstep world runs faster than real time


class TaskServer(Node):
    """Serves task/load and task/evaluate, publishes the latched task/status."""

    def __init__(self) -> None:
        super().__init__(TASK_SERVER)
        values = declare(self, PARAMETERS)
        self._robot = robot_of(values)
        self._simulated = driver_of(values["graph"]) == SIM_BRIDGE
        if values["task"]:
            get_task(values["task"], values["variant"])
        self._first = LoadTask.Request(**{name: values[name] for name in ("task", "variant", "seed", "randomisation")})
        self._tracker: SuccessTracker | None = None
        self._listening = False
        self._task_status = TaskStatus()
        self._pairs = SamplePairs()
        self._pairs.listeners.append(self._on_sample)
        endpoints = self._endpoints = Endpoints(self, self._robot, values["graph"])
        self._scene_id = 0
        if self._simulated:
            self._load_scene = endpoints.client("sim/load_scene")
        else:
            self._layout = LayoutPublisher(self, endpoints, lambda o: find_asset(o.class_name, o.asset_id, o.scale))
        self._status = endpoints.publisher("task/status")
        endpoints.service("task/load", self._load)
        endpoints.service("task/evaluate", self._evaluate)
        self._diagnostics = Diagnostics(self)
        if self._first.task:
            # The bridge may come up later than this node: look until its service is there.
            self._start_timer = self.create_timer(
                LOOK_PERIOD_S, self._load_first, clock=Clock(clock_type=ClockType.STEADY_TIME)
            )

    # -- task/load ----------------------------------------------------------------------------------------------------
    async def _load_first(self) -> None:
        if self._simulated and not self._load_scene.service_is_ready():
            return
        self._start_timer.cancel()
        answer = await self._load(self._first, LoadTask.Response())
        if answer.error_code == ErrorCode.NOT_CONFIRMED:
            self.get_logger().warning(answer.error_msg)
        elif not answer.success:
            self.get_logger().error(f"task {self._first.task} was not loaded: {answer.error_msg}")

    async def _load(self, request: LoadTask.Request, response: LoadTask.Response) -> LoadTask.Response:
        try:
            await self._load_task(request, response)
            response.success = True
        except BimanualError as error:
            response.error_code, response.error_msg = int(error.code), str(error)
        return response

    async def _load_task(self, request: LoadTask.Request, response: LoadTask.Response) -> None:
        task, randomisation = get_task(request.task, request.variant), self._randomisation(request)
        self._listen()
        samples = scenes_in_reach(task, int(request.seed), self._robot, randomisation)
        if self._simulated:
            sample, scene_id, ready_ns = await self._simulate_one(samples)
        else:
            sample = next(samples)
            scene_id, ready_ns = self._lay_out(task.name, sample.scene, request.confirm)
        task = sample.task
        self._tracker = SuccessTracker(task, self._robot, scene_id, ready_ns, sample.scene.table)
        response.variant, response.scene_id, response.rejected = task.variant, scene_id, sample.rejected
        response.instruction = choose_instruction(task, sample.scene, int(request.seed))
        self._task_status = TaskStatus(
            scene_id=scene_id,
            task=task.name,
            variant=task.variant,
            seed=int(request.seed),
            randomisation=randomisation,
            instruction=response.instruction,
        )
        self._publish(ready_ns)

    def _randomisation(self, request: LoadTask.Request) -> str:
        """What is to vary. Raises BimanualError for what nobody can build on a table."""
        asked = str(request.randomisation) or EASY
        if asked != EASY and not self._simulated:
            raise BimanualError(f"randomisation {asked!r} is only in simulation; on a real table it is {EASY!r}")
        return asked

    async def _simulate_one(self, samples: Iterator[Sample]) -> tuple[Sample, int, int]:
        """The first of ``samples`` whose objects stay where they are put, and as :meth:`_simulate`."""
        while True:
            sample = next(samples)
            try:
                return sample, *await self._simulate(sample.scene)
            except BimanualError as error:
                if error.code != ErrorCode.SCENE_UNSTABLE:
                    raise

    async def _simulate(self, scene: SceneSpec) -> tuple[int, int]:
        """Have the scene built; its scene_id and the stamp [ns] at which it is ready. Raises BimanualError."""
        if not await service_ready(self, self._load_scene, DISCOVERY_S):
            raise BimanualError("sim/load_scene is not served: is the simulator running?", ErrorCode.SIM_NOT_READY)
        answer: LoadScene.Response = await self._load_scene.call_async(load_scene_request(scene))
        if not answer.success:
            raise BimanualError(answer.error_msg, ErrorCode(answer.error_code))
        return int(answer.scene_id), stamp_ns(answer.stamp)

    def _lay_out(self, task: str, scene: SceneSpec, confirmed: bool) -> tuple[int, int]:
        """Take the scene for built if that is ``confirmed``; as :meth:`_simulate`. Raises BimanualError saying what to
        build."""
        if not confirmed:
            raise BimanualError(
                f"build the layout of {task}: {layout_words(scene)}; then call task/load again with confirm true",
                ErrorCode.NOT_CONFIRMED,
            )
        self._scene_id += 1
        ready_ns = int(now(self).nanoseconds)
        self._layout.show(layout_snapshot(scene, self._scene_id, ready_ns))
        return self._scene_id, ready_ns

    # -- judging ------------------------------------------------------------------------------------------------------
    def _evaluate(self, _: Any, response: EvaluateTask.Response) -> EvaluateTask.Response:
        tracker = self._tracker
        if tracker is None:
            response.error_code = int(ErrorCode.INVALID_REQUEST)
            response.error_msg = "no task is loaded; call task/load first"
            return response
        response.success = True
        response.task_success, response.reason = tracker.success, self._reason(tracker)
        response.seconds, response.samples = tracker.seconds, tracker.samples
        return response

    def _listen(self) -> None:
        """Samples cost time, so they are taken from the first task on."""
        if not self._listening:
            self._listening = True
            self._endpoints.subscription("joint_states", self._on_joints, depth=_DEPTH)
            self._endpoints.subscription("scene/objects", self._on_objects, depth=_DEPTH)

    def _on_joints(self, message: JointState) -> None:
        self._pairs.add_joints(joint_sample(message, self._robot.joints))

    def _on_objects(self, message: ObjectStates) -> None:
        self._pairs.add_objects(snapshot_of(message))

    def _on_sample(self, snapshot: Any, joints: Any) -> None:
        tracker = self._tracker
        if tracker is None or tracker.success:
            return
        second = tracker.seconds // 1
        tracker.update(snapshot, joints)
        if tracker.success or tracker.seconds // 1 > second:
            self._publish(snapshot.stamp_ns)

    def _publish(self, at_ns: int) -> None:
        """On success, and once a second of the world's time with what is missing."""
        tracker, status = self._tracker, self._task_status
        if tracker is not None:
            status.header = header(at_ns)
            status.success, status.reason, status.seconds = tracker.success, self._reason(tracker), tracker.seconds
            self._status.publish(status)

    def _reason(self, tracker: SuccessTracker) -> str:
        if self._simulated or not tracker.reason:
            return tracker.reason
        return f"{tracker.reason} (by the confirmed layout: nothing tracks the objects)"


def main() -> int:
    """Entry point of the executable ``task_server``."""
    return run_node(TaskServer)


if __name__ == "__main__":
    sys.exit(main())
