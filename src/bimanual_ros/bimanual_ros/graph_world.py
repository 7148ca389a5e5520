"""``GraphWorld``: the ``World`` across the graph. Whoever uses it cannot tell it from a world in process."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import numpy as np
from bimanual_interfaces.msg import ObjectStates, SimStatus
from bimanual_interfaces.srv import Acquire, Release
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState

from bimanual_core.contract import driver_of
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import Motion, MotionReport, PartReport, Stream
from bimanual_core.observation import CameraFrame, ObjectSnapshot, Observation
from bimanual_core.protocols import SampleListener
from bimanual_core.rates import PHYSICS_HZ, START_DELAY_S, seconds_to_ns
from bimanual_core.robot import RobotSpec
from bimanual_core.scene import SceneSpec
from bimanual_ros.camera_feed import CameraFeed
from bimanual_ros.conversions.basics import stamp_ns
from bimanual_ros.conversions.joints import joint_sample
from bimanual_ros.conversions.scene import snapshot_of
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.feed import Feed, call
from bimanual_ros.handshake import shake_hands
from bimanual_ros.liveliness import Heartbeat
from bimanual_ros.motion_client import MotionClient, SentPart
from bimanual_ros.polling import Polled
from bimanual_ros.sample_pairs import SamplePairs
from bimanual_ros.sim_client import LOADING_S, SimClient
from bimanual_ros.stream_client import StreamClient
from control_msgs.msg import JointTrajectoryControllerState

Array = NDArray[np.float64]
#: After its first lease a client waits at most this long [s] until the driver watches its heartbeat.
WATCHED_S = 1.0
#: A lease is renewed when it would end within this long [s].
LEASE_TTL_S, LEASE_MARGIN_S = 3600.0, 900.0
_NEWEST = 10  # samples kept where only the newest count
_DEPTH = 500  # samples kept at this end, so that none is lost while a lockstep world runs faster than real time


class Kinematics(Protocol):
    """What turns joints into poses; ``bimanual_kinematics.RobotModel`` is one."""

    def fk(self, side: str, q_arm: Array) -> Array: ...

    def frame(self, name: str, q_flat: Array) -> Array: ...


class GraphWorld:
    """A ``SimulatedWorld``, in the ``real`` graph a ``World``, over topics and actions, for a ``node`` that another
    thread spins.

    Takes the lease of the arms, in the node's name, before it moves; :meth:`release` gives it back. Waiting methods
    raise SilentNodeError when the driver falls silent, and what ``alarm`` raises. With ``at_rest_until_asked`` the
    samples are looked into only while something waits for them, and listeners hear nothing in between.
    """

    def __init__(
        self,
        node: Node,
        robot: RobotSpec,
        kinematics: Kinematics,
        alarm: Callable[[], None] | None = None,
        graph: str = "sim",
        at_rest_until_asked: bool = False,
    ) -> None:
        self.robot = robot
        self.node = node
        self.owner = node.get_name()
        self._heartbeat = Heartbeat(node)  # an owner that dies amid a motion is missed at once
        polled = Polled() if at_rest_until_asked else None
        depth = _NEWEST if at_rest_until_asked else _DEPTH
        self.feed = Feed(node, alarm, polled.take if polled is not None else None)
        self._kinematics = kinematics
        self._pairs = SamplePairs()
        self._objects: ObjectSnapshot | None = None
        self._commanded = np.full(robot.joints.size, np.nan)
        self._commanded_ns = dict.fromkeys((f"{s}_{k}" for s in robot.sides for k in ("arm", "gripper")), -1)
        self._states: dict[str, bytes] = {}
        self._since_ns = 0
        self._lease_end_ns = -1
        self._running: list[SentPart] = []
        self._met = False  # the driver knows this world's clients
        endpoints = self.endpoints = Endpoints(node, robot, graph)
        driver = self._driver = driver_of(graph)
        self._shower = endpoints.entry("scene/objects").server
        hears = self.feed.hears
        self.feed.expect(driver, "joint_states")
        endpoints.subscription("joint_states", hears(driver, self._on_joints), depth=depth, polled=polled)
        endpoints.subscription("scene/objects", hears(self._shower, self._on_objects), depth=depth, polled=polled)
        for part in self._commanded_ns:
            take = hears(driver, partial(self._on_state, part))
            endpoints.subscription(f"{part}_controller/controller_state", take, True, 1, polled)
        self._sim = SimClient(self.feed, endpoints) if graph == "sim" else None
        self._motions = MotionClient(self.feed, endpoints, robot, self.owner)
        self._streams = StreamClient(self.feed, endpoints, robot, self.owner)
        self._cameras = CameraFeed(self.feed, endpoints, robot)
        self._acquire = endpoints.client("control/acquire")
        self._release = endpoints.client("control/release")

    # -- World ----------------------------------------------------------------------------------------------------
    def observe(self, cameras: Sequence[str] = ()) -> Observation:
        """Newest joints and tcp poses, and one frame of each named camera, all at or after the last motion."""
        since_ns = self._wait_ready()
        for name in cameras:
            self.robot.camera(name)
        self._cameras.listen(cameras)
        self.feed.until(lambda: self._commands_since(since_ns), "controller states", self._driver)
        for name in cameras:
            self._cameras.wait(name, since_ns)
        with self.feed.held():
            joints = self._pairs.joints[-1]
            frames = {name: self._frame(name, since_ns) for name in cameras}
            T_world_tcp = {s: self._kinematics.fk(s, joints.position[self._arm(s)]) for s in self.robot.sides}
            return Observation(joints.stamp_ns, self._scene_id(), joints, self._commanded.copy(), T_world_tcp, frames)

    def objects(self) -> ObjectSnapshot:
        """Newest object states, of the present scene and not older than the last motion."""
        since_ns = self._wait_ready()
        return self.feed.until(lambda: self._objects_since(since_ns), "scene/objects", self._shower)

    def execute(self, motion: Motion) -> MotionReport:
        """Run a synchronised motion to its end; a motion the controllers refuse is a report, not an exception."""
        since_ns = self._wait_ready()
        leased = self._lease(max(since_ns, self._joints_ns()))
        if leased is not None:
            return MotionReport(since_ns, _all_parts(motion, leased))
        if self._sim is not None and self._sim.lockstep:
            return self._execute_lockstep(motion, self._sim)
        return self._execute_realtime(motion)

    def command(self, stream: Stream) -> None:
        """Let arms and grippers follow ``stream``; in lockstep its points pass while time is waited for.

        Raises BimanualError if somebody else holds the arms or the robot is stopped. What else the controllers refuse
        is in the driver's log.
        """
        self.hold()
        self.check_stop()
        self._streams.send(stream, delivered=self.lockstep)

    def wait(self, seconds: float) -> None:
        """Let ``seconds`` of the world's own time pass. Raises BimanualError if negative or not finite."""
        if not 0.0 <= seconds < float("inf"):
            raise BimanualError(f"cannot wait {seconds} s; give a finite time of 0 or more")
        since_ns = self._wait_ready()
        steps = round(seconds * PHYSICS_HZ)
        if self._sim is None or not self._sim.lockstep:
            self._await_samples(max(since_ns, self._joints_ns()) + seconds_to_ns(seconds))
        elif steps:
            self._sim.step(steps)
            self._await_samples(self._sim.await_rest(since_ns))

    # -- SimulatedWorld -------------------------------------------------------------------------------------------
    def load_scene(self, scene: SceneSpec) -> int:
        """Build a fresh scene and wait until its first samples are here; returns its scene_id. Raises BimanualError."""
        sim = self._simulation("a scene is built")
        scene_id, ready_ns = sim.load(scene)
        what = f"the samples of scene {scene_id}"
        self.feed.until(lambda: self._shows(sim, scene_id, ready_ns), what, self._driver)
        self._since_ns = ready_ns
        return scene_id

    # -- beyond the protocol --------------------------------------------------------------------------------------
    @property
    def lockstep(self) -> bool:
        """Whether time advances only while something runs."""
        return self._sim is not None and self._sim.lockstep

    @property
    def status(self) -> SimStatus:
        """The newest sim/status, once the bridge is there. Raises BimanualError where nothing is simulated."""
        return self._simulation("there is a sim/status").status

    def add_listener(self, listener: SampleListener) -> None:
        """Call ``listener(objects, joints)`` at every 30 Hz sample, from the thread that spins the node."""
        with self.feed.held():
            self._pairs.listeners.append(listener)

    def remove_listener(self, listener: SampleListener) -> None:
        """Stop calling ``listener``; no effect if it is not called."""
        with self.feed.held():
            if listener in self._pairs.listeners:
                self._pairs.listeners.remove(listener)

    @property
    def since_ns(self) -> int:
        """The stamp that the next observation is not older than: where the last motion, wait or load ended."""
        return self._since_ns

    def settle(self, at_ns: int) -> None:
        """After somebody else moved the robot until ``at_ns``: wait for samples of then, in lockstep for rest."""
        if self._sim is not None and self._sim.lockstep:
            self._await_samples(self._sim.await_rest(at_ns - 1))
        else:
            self._await_samples(at_ns)

    def cancel(self) -> None:
        """End the motion under way, if there is one; whoever waits for it gets its report. For any thread."""
        self._motions.cancel(self._running)

    def hold(self) -> None:
        """Take the lease of the arms and be heard by their controllers, as :meth:`command` does: the first command is
        faster after it. Raises BimanualError naming somebody else who holds them."""
        since_ns = self._wait_ready()
        leased = self._lease(max(since_ns, self._joints_ns()))
        if leased is not None:
            raise BimanualError(leased.error_msg, leased.error_code)
        self._streams.meet()

    def check_stop(self) -> None:
        """Raises BimanualError (CONTROL_STOPPED) with the reason while the robot is stopped."""
        self._motions.check_stop()

    def wait_ready(self) -> None:
        """Wait until the driver publishes and serves all that this world uses. Raises SilentNodeError."""
        what = f"the services of {self._driver}"
        self.feed.until(self._all_served, what, self._driver, LOADING_S)
        self._wait_ready()
        self._met = False
        self._meet()

    def release(self) -> None:
        """Give the lease back, so that others may move the arms. Raises SilentNodeError."""
        if self._lease_end_ns >= 0:
            self._lease_end_ns = -1
            call(self.feed, self._release, Release.Request(owner=self.owner), self._driver)

    def close(self) -> None:
        """Give the lease back, without waiting for a driver that may be gone."""
        if self._lease_end_ns >= 0 and self.node.context.ok() and self._release.service_is_ready():
            self._release.call_async(Release.Request(owner=self.owner))
            self._lease_end_ns = -1

    # -- motion ---------------------------------------------------------------------------------------------------
    def _execute_lockstep(self, motion: Motion, sim: SimClient) -> MotionReport:
        rest_ns = self._since_ns
        sim.play(False)
        parts: list[SentPart] = []
        try:
            parts = self._motions.send(motion, rest_ns + seconds_to_ns(START_DELAY_S))
            refused = self._motions.refused(parts)
        except BaseException:
            self._motions.cancel(parts)
            raise
        finally:
            sim.play(True)
        if refused:
            return MotionReport(rest_ns, refused)
        self._finish(parts)
        self._await_samples(sim.await_rest(rest_ns))
        return self._report(parts)

    def _execute_realtime(self, motion: Motion) -> MotionReport:
        start_ns = self._joints_ns() + seconds_to_ns(START_DELAY_S)
        parts = self._motions.send(motion, start_ns)
        refused = self._motions.refused(parts)
        if refused:
            return MotionReport(self._joints_ns(), refused)
        self._finish(parts)
        self._await_samples(self._joints_ns() + 1)
        return self._report(parts)

    def _finish(self, parts: list[SentPart]) -> None:
        self._running = parts
        try:
            self._motions.await_results(parts)
        except BaseException:
            self._motions.cancel(parts)
            raise
        finally:
            self._running = []

    def _report(self, parts: list[SentPart]) -> MotionReport:
        return MotionReport(self._since_ns, {p.part: self._motions.report(p) for p in parts})

    def _lease(self, now_ns: int) -> PartReport | None:
        """Take or renew the lease of all arms, also where the driver began anew or took it away; a report if somebody
        else holds it."""
        if now_ns + seconds_to_ns(LEASE_MARGIN_S) < self._lease_end_ns and self._motions.owns_all:
            return None
        self._meet()
        request = Acquire.Request(owner=self.owner, arms=list(self.robot.sides), ttl=LEASE_TTL_S)
        answer = call(self.feed, self._acquire, request, self._driver)
        if not answer.success:
            return PartReport(ErrorCode(answer.error_code), answer.error_msg)
        self._lease_end_ns = now_ns + seconds_to_ns(LEASE_TTL_S)
        self._await_watch()
        return None

    def _await_watch(self) -> None:
        """Move only once the driver would miss this node; a driver that watches nobody is not waited for long."""
        limit = time.monotonic() + WATCHED_S
        self.feed.until(lambda: self._heartbeat.watched or time.monotonic() > limit, "the driver to watch")

    def _meet(self) -> None:
        if not self._met:
            shake_hands(self.feed, self._driver)
            self._met = True

    # -- waiting --------------------------------------------------------------------------------------------------
    def _wait_ready(self) -> int:
        """Wait until the world can be looked at; in lockstep, until it rests. Returns the stamp observations need."""
        if self._sim is None:
            # What came before may be all that a driver said before it failed: the next joints say that it lives.
            self.feed.until(lambda: True, "what came before")
            before_ns = self._joints_ns()
            self.feed.until(lambda: self._joints_ns() > before_ns, "joint_states", self._driver)
            return self._since_ns
        self._since_ns = max(self._since_ns, 0)
        if self._sim.status and self._sim.lockstep:
            self._since_ns = max(self._since_ns, self._sim.await_rest(-1))
        self.feed.until(lambda: self._joints_ns() >= max(self._since_ns, 1), "joint_states", self._driver)
        return self._since_ns

    def _all_served(self) -> bool:
        simulated = self._sim is None or self._sim.ready
        return (
            simulated and self._motions.ready and self._acquire.service_is_ready() and self._release.service_is_ready()
        )

    def _await_samples(self, at_ns: int) -> None:
        """Wait until joints and objects of ``at_ns`` or later are here."""
        what = f"samples of {at_ns * 1e-9:.3f} s"
        self.feed.until(lambda: self._joints_ns() >= at_ns, what, self._driver)
        self.feed.until(lambda: self._objects_since(at_ns) and self._pairs.settled, what, self._shower)
        self._since_ns = at_ns

    def _shows(self, sim: SimClient, scene_id: int, at_ns: int) -> bool:
        objects = self._objects
        if objects is None or objects.scene_id < scene_id or sim.scene_id < scene_id:
            return False
        return self._joints_ns() >= at_ns and not sim.loading

    def _simulation(self, what: str) -> SimClient:
        if self._sim is None:
            raise BimanualError(f"only in a simulation {what}; on a real table a person builds the layout of task/load")
        return self._sim

    def _scene_id(self) -> int:
        if self._sim is not None:
            return self._sim.scene_id
        return self._objects.scene_id if self._objects is not None else 0

    def _joints_ns(self) -> int:
        return self._pairs.joints[-1].stamp_ns if self._pairs.joints else 0

    def _objects_since(self, since_ns: int) -> ObjectSnapshot | None:
        snapshot = self._objects
        if snapshot is None or snapshot.stamp_ns < since_ns:
            return None
        return snapshot if snapshot.scene_id >= self._scene_id() else None

    def _commands_since(self, since_ns: int) -> bool:
        self._take_states()
        return min(self._commanded_ns.values()) >= since_ns

    def _frame(self, name: str, since_ns: int) -> CameraFrame:
        return self._cameras.frame(name, since_ns, self._camera_pose)

    def _camera_pose(self, frame: str, at_ns: int) -> Array:
        return self._kinematics.frame(frame, self._pairs.nearest(at_ns).position)

    def _arm(self, side: str) -> slice:
        return self.robot.joints.group(f"{side}_arm")

    # -- messages -------------------------------------------------------------------------------------------------
    def _on_joints(self, message: JointState) -> None:
        self._pairs.add_joints(joint_sample(message, self.robot.joints))

    def _on_objects(self, message: ObjectStates) -> None:
        snapshot = snapshot_of(message)
        # Without a simulator, a task_server that began anew counts its scenes from 0 again.
        if self._sim is None or self._objects is None or snapshot.scene_id >= self._objects.scene_id:
            self._objects = snapshot
            self._pairs.add_objects(snapshot)

    def _on_state(self, part: str, data: bytes) -> None:
        # 400 messages a second of which few are looked at: they are decoded only then.
        self._states[part] = data

    def _take_states(self) -> None:
        """Decode the newest controller states."""
        for part, data in self._states.items():
            message = deserialize_message(data, JointTrajectoryControllerState)
            self._commanded[self.robot.joints.group(part)] = message.output.positions
            self._commanded_ns[part] = stamp_ns(message.header.stamp)
        self._states.clear()


def _all_parts(motion: Motion, report: PartReport) -> dict[str, PartReport]:
    parts = [f"{side}_arm" for side in motion.arms] + [f"{side}_gripper" for side in motion.grippers]
    return {part: PartReport(report.error_code, f"{part}: {report.error_msg}") for part in parts}
