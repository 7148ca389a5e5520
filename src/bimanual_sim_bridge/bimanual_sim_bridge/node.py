"""The bridge: a SAPIEN world as a robot on the graph. One thread steps, publishes, renders and answers."""

from __future__ import annotations

import math
import sys
import time

import numpy as np
from bimanual_interfaces.msg import SimStatus
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from bimanual_assets import asset_of
from bimanual_core.contract import PLANNER, RECORDER, SAFETY, SIM_BRIDGE, STATE_PUBLISHER, TASK_SERVER
from bimanual_core.observation import ObjectSnapshot
from bimanual_core.rates import (
    CAMERA_TICKS,
    CONTROLLER_STATE_TICKS,
    JOINT_STATE_TICKS,
    MARKERS_TICKS,
    OBJECTS_TICKS,
    PHYSICS_HZ,
)
from bimanual_core.scene import SceneSpec
from bimanual_core.stepping import StepJob
from bimanual_ros.camera_publisher import CameraPublisher
from bimanual_ros.conversions.basics import header
from bimanual_ros.diagnostics import ERROR, OK, WARN, Diagnostics, Health
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.graph_time import GraphTime
from bimanual_ros.main import run_node
from bimanual_ros.markers import SceneMarkers
from bimanual_ros.parameters import Parameter, declare
from bimanual_ros.robots import ROBOT, robot_of
from bimanual_ros.served_controllers import FEEDBACK_PERIOD_S, ServedControllers
from bimanual_ros.sim_services import SimServices
from bimanual_ros.spinning import spin_some
from bimanual_ros.world_publisher import WorldPublisher
from bimanual_sim_bridge.run_control import Pace, RunControl
from bimanual_sim_bridge.world import SapienWorld

PARAMETERS = (
    ROBOT,
    Parameter("time_mode", "realtime", "how simulated time advances", ("realtime", "lockstep")),
    Parameter("rtf", 1.0, "real-time factor to keep in realtime; 0: as fast as it goes", low=0.0, high=100.0),
    Parameter("cameras", "all", "bound on the cameras that are rendered: none, all or a comma-separated list"),
    Parameter("headless", True, "no window on the simulator"),
)
#: A bridge that was stopped for longer than this [s] ends what moves: by then clients have given it up.
STALL_S = 1.0
REST_WAIT_S = 0.1  # newcomers are looked after this often
#: Nodes on simulated time that may have outlived an earlier bridge.
SURVIVORS = (STATE_PUBLISHER, SAFETY, PLANNER, TASK_SERVER, RECORDER)
CALLBACK_TICKS = 2 * JOINT_STATE_TICKS


class SimBridge(Node):
    """Publishes the world at its rates; goals, leases, scenes and the flow of time are asked for over the graph."""

    def __init__(self) -> None:
        super().__init__(SIM_BRIDGE)
        values = declare(self, PARAMETERS)
        robot = robot_of(values)
        names = {"all": [c.name for c in robot.cameras], "none": []}.get(values["cameras"])
        if names is None:
            names = [name.strip() for name in values["cameras"].split(",") if name.strip()]
        graph_time = GraphTime(self, SURVIVORS)
        lockstep = values["time_mode"] == "lockstep"
        # In lockstep time rests by itself, and every tick must be as it is in process.
        self.world = SapienWorld(robot, names, sleeps=not lockstep)
        self.world.load_scene(SceneSpec())
        # The renderer compiles its shaders at the first picture, which takes seconds: before anybody waits for it.
        self.world.observe(names)
        self._continue(graph_time.newest_ns())
        self.run = RunControl(lockstep)
        self.pace = Pace(0.0 if self.run.lockstep else values["rtf"])
        self._status_of = SimStatus.LOADING
        endpoints = Endpoints(self, robot)
        self._status = endpoints.publisher("sim/status")
        self._publisher = WorldPublisher(endpoints, self.world.bank)
        self._markers = SceneMarkers(endpoints, asset_of)
        self._cameras = {name: CameraPublisher(endpoints, robot.camera(name)) for name in names}
        self._phase = {name: i * CAMERA_TICKS // max(len(names), 1) for i, name in enumerate(names)}
        self._state_listeners = 0
        self._shown_ns = (-1, -1)  # newest joints and objects that were published
        self._states_ns = -1  # newest controller states
        self._rested_for: dict[str, int] = {}
        self._pending_camera = ""
        # In lockstep nothing hangs on wall time.
        stall_s = math.inf if self.run.lockstep else STALL_S
        self._controllers = ServedControllers(
            self, endpoints, self.world.bank, held=lambda: not self.run.playing, stall_s=stall_s
        )
        self.actions = self._controllers.actions
        self._sim_services = SimServices(endpoints, self)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._beat_timer = self.create_timer(1.0, lambda: self._publish_status(), clock=steady)
        self._diagnostics = Diagnostics(self, self._health)
        self._feedback_at = 0.0
        self._publish_rest()

    def _continue(self, at_ns: int) -> None:
        """Where the graph has outlived another bridge, go on with its time: /clock never goes back."""
        if at_ns > 0:
            self.world.continue_from(at_ns)
            self.world.load_scene(SceneSpec())
            text = "the graph was there already: its time goes on at {:.3f} s, in an empty scene {}"
            self.get_logger().warning(text.format(self.world.stamp_ns * 1e-9, self.world.scene_id))

    @property
    def _moved_by_goals(self) -> bool:
        """Streams do not let lockstep time run: who streams points asks for the steps as well, between two of them."""
        return self.world.bank.pursuing

    # -- the loop -----------------------------------------------------------------------------------------------------
    def spin(self, executor: SingleThreadedExecutor) -> None:
        """Run until the context is shut down."""
        while True:
            self._controllers.beat(time.monotonic())
            if self.run.wants_tick(self.world.tick_count, self._moved_by_goals):
                self._advance(executor)
            else:
                self._rest(executor)
            self._feed_back()

    def _advance(self, executor: SingleThreadedExecutor) -> None:
        if self._status_of != SimStatus.ADVANCING:
            self.pace.restart()
            self._publish_status(SimStatus.ADVANCING)
        world = self.world
        self._controllers.look()
        world.tick()
        self.run.ticked()
        tick = world.tick_count
        if tick % JOINT_STATE_TICKS == 0:
            self._show_joints()
        if tick % CONTROLLER_STATE_TICKS == 0:
            self._show_states()
        if tick % OBJECTS_TICKS == 0:
            self._show_objects()
        if tick % MARKERS_TICKS == 0:
            self._markers.show(self.world.objects, self.world.scene.spec.table)
        self._start_cameras(tick)
        wait = self.pace.delay(tick, time.monotonic())
        if tick % CALLBACK_TICKS == 0:
            spin_some(executor, wait)
            wait = self.pace.delay(tick, time.monotonic())
        # To wake costs as much as a tick: the ticks between two samples are done at one go, unless a picture is due.
        if wait > 0.0 and (self._pending_camera or tick % JOINT_STATE_TICKS == 0):
            time.sleep(wait)
        self._finish_camera()
        self.run.answer(tick)

    def _rest(self, executor: SingleThreadedExecutor) -> None:
        """At rest every stream has a sample of this very instant."""
        if self._status_of != SimStatus.RESTING:
            self._publish_rest()
        self._show_to_newcomers()
        self._controllers.look()
        spin_some(executor, FEEDBACK_PERIOD_S if self.actions.waiting else REST_WAIT_S)

    def _publish_rest(self) -> None:
        now = self.world.stamp_ns
        if self._shown_ns[0] != now:
            self._show_joints()
        if self._shown_ns[1] != now:
            self._show_objects()
        if self._states_ns != now:
            self._show_states()
        self._markers.show(self.world.objects, self.world.scene.spec.table)
        self._publish_status(SimStatus.RESTING)

    def _show_joints(self) -> None:
        self._publisher.joints(self.world.joints())
        self._shown_ns = (self.world.stamp_ns, self._shown_ns[1])

    def _show_states(self) -> None:
        self._publisher.states(self.world.joints())
        self._states_ns = self.world.stamp_ns

    def _show_objects(self) -> None:
        self._publisher.objects(self.world.objects())
        self._shown_ns = (self._shown_ns[0], self.world.stamp_ns)

    def _feed_back(self) -> None:
        now = time.monotonic()
        if now - self._feedback_at >= FEEDBACK_PERIOD_S:
            self._feedback_at = now
            self.actions.publish_feedback()
            self._sim_services.publish_feedback()

    # -- cameras ------------------------------------------------------------------------------------------------------
    def _start_cameras(self, tick: int) -> None:
        """Realtime: one camera at a time, each in its own phase, fetched before the next tick. Lockstep: all at once,
        so that every picture carries the stamp of the other samples."""
        if self.run.lockstep:
            if tick % CAMERA_TICKS == 0:
                self._show([c for c in self._cameras.values() if c.listeners])
            return
        for name, camera in self._cameras.items():
            if tick % CAMERA_TICKS == self._phase[name] and camera.listeners:
                self.world.start_cameras([name])
                self._pending_camera = name

    def _finish_camera(self) -> None:
        if self._pending_camera:
            name, self._pending_camera = self._pending_camera, ""
            self._cameras[name].publish(self.world.finish_camera(name))

    def _show(self, cameras: list[CameraPublisher]) -> None:
        self.world.start_cameras([c.name for c in cameras])
        for camera in cameras:
            camera.publish(self.world.finish_camera(camera.name))
            self._rested_for[camera.name] = camera.listeners

    def _show_to_newcomers(self) -> None:
        """The resting world for those who began to listen while it rests."""
        listeners = self._publisher.listeners
        if listeners > self._state_listeners:
            self._show_joints()
            self._show_objects()
            self._show_states()
        self._state_listeners = listeners
        self._markers.show_to_newcomers(self.world.objects, self.world.scene.spec.table)
        new = [c for c in self._cameras.values() if c.listeners > self._rested_for.get(c.name, 0)]
        if new:
            self._show(new)

    # -- Simulator ----------------------------------------------------------------------------------------------------
    @property
    def lockstep(self) -> bool:
        return self.run.lockstep

    @property
    def playing(self) -> bool:
        return self.run.playing

    def set_playing(self, playing: bool) -> None:
        self.run.playing = playing
        if playing:
            self.actions.release()

    def step(self, count: int) -> StepJob:
        # Who streams points and then asks for steps means the steps to come after the points.
        self.actions.take_streams()
        self._status_of = SimStatus.ADVANCING
        return self.run.request(count)

    def load_scene(self, scene: SceneSpec) -> tuple[int, int]:
        for item in scene.objects:
            asset_of(item)  # refuse an unknown asset while the present scene still stands
        self.actions.cancel_all("a new scene is loaded")
        self.run.drop_requests("a new scene is loaded")
        self._publish_status(SimStatus.LOADING)
        self._finish_camera()
        try:
            self.world.load_scene(scene)
        finally:
            # A scene that does not settle is refused, and stands there all the same.
            self.pace.restart()
            self._rested_for.clear()
            if self.world.has_scene:
                self._publish_rest()
        return self.world.scene_id, self.world.stamp_ns

    def reload(self) -> None:
        self.load_scene(self.world.scene.spec)

    def objects(self) -> ObjectSnapshot:
        return self.world.objects()

    def twists(self) -> dict[str, NDArray[np.float64]]:
        return self.world.scene.object_twists()

    # -- graph --------------------------------------------------------------------------------------------------------
    def _publish_status(self, state: int | None = None) -> None:
        world = self.world
        if state is not None:
            self._status_of = state
        message = SimStatus(header=header(world.stamp_ns), scene_id=world.scene_id, state=self._status_of)
        message.time_mode = "lockstep" if self.run.lockstep else "realtime"
        message.rtf = self.pace.measured
        if self._status_of != SimStatus.LOADING:
            message.arm_arm_contacts = world.counters.arm_arm
            message.arm_table_contacts = world.counters.arm_table
        self._status.publish(message)

    def _health(self) -> Health:
        rtf = self.pace.measured
        late = not self.run.lockstep and self.pace.rtf > 0.0 and 0.0 < rtf < 0.95 * self.pace.rtf
        values = {"rtf": f"{rtf:.3f}", "scene_id": self.world.scene_id, "tick_hz": PHYSICS_HZ}
        if self._controllers.trouble:
            return ERROR, self._controllers.trouble, values
        if self._controllers.notice:
            return WARN, self._controllers.notice, values
        return (WARN, "slower than real time", values) if late else (OK, "running", values)

    def close(self) -> None:
        self.world.close()


def main() -> int:
    """Entry point of the executable ``sim_bridge``."""
    return run_node(SimBridge, spin=lambda node, executor: node.spin(executor))  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
