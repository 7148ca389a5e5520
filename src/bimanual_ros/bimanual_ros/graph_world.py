"""``GraphWorld``: the ``World`` across the graph. Whoever uses it cannot tell it from a world in process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import numpy as np
from bimanual_interfaces.msg import ObjectStates, SimStatus
from bimanual_interfaces.srv import Acquire, LoadScene, Release
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState

from bimanual_core.contract import SIM_BRIDGE
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import Motion, MotionReport, PartReport
from bimanual_core.observation import CameraFrame, ObjectSnapshot, Observation
from bimanual_core.protocols import SampleListener
from bimanual_core.rates import PHYSICS_HZ, START_DELAY_S, seconds_to_ns
from bimanual_core.robot import RobotSpec
from bimanual_core.scene import SceneSpec
from bimanual_ros.camera_feed import CameraFeed
from bimanual_ros.conversions.basics import stamp_ns
from bimanual_ros.conversions.joints import joint_sample
from bimanual_ros.conversions.scene import load_scene_request, snapshot_of
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.feed import Feed, call
from bimanual_ros.liveliness import Heartbeat
from bimanual_ros.motion_client import MotionClient, SentPart
from bimanual_ros.sample_pairs import SamplePairs
from control_msgs.msg import JointTrajectoryControllerState
from simulation_interfaces.msg import Result, SimulationState
from simulation_interfaces.srv import SetSimulationState, StepSimulation

Array = NDArray[np.float64]
#: Building a scene takes the bridge away for a while [s].
LOADING_S = 60.0
#: A lease is renewed when it would end within this long [s].
LEASE_TTL_S, LEASE_MARGIN_S = 3600.0, 900.0
_DEPTH = 500  # samples kept at this end, so that none is lost while a lockstep world runs faster than real time


class Kinematics(Protocol):
    """What turns joints into poses; ``bimanual_kinematics.RobotModel`` is one."""

    def fk(self, side: str, q_arm: Array) -> Array: ...

    def frame(self, name: str, q_flat: Array) -> Array: ...


class GraphWorld:
    """A ``SimulatedWorld`` over topics and actions, for a ``node`` that another thread spins.

    Takes the lease of the arms, in the node's name, before it first moves; :meth:`close` gives it back. Waiting methods
    raise SilentNodeError when the bridge falls silent, and what ``alarm`` raises.
    """

    def __init__(
        self, node: Node, robot: RobotSpec, kinematics: Kinematics, alarm: Callable[[], None] | None = None
    ) -> None:
        self.robot = robot
        self.node = node
        self.owner = node.get_name()
        self._heartbeat = Heartbeat(node)  # an owner that dies amid a motion is missed at once
        self.feed = Feed(node, alarm)
        self._kinematics = kinematics
        self._pairs = SamplePairs()
        self._objects: ObjectSnapshot | None = None
        self._status: SimStatus | None = None
        self._commanded = np.full(robot.joints.size, np.nan)
        self._commanded_ns = dict.fromkeys((f"{s}_{k}" for s in robot.sides for k in ("arm", "gripper")), -1)
        self._states: dict[str, bytes] = {}
        self._since_ns = 0
        self._lease_end_ns = -1
        endpoints = self.endpoints = Endpoints(node, robot)
        hears = self.feed.hears
        self.feed.expect(SIM_BRIDGE, "joint_states and sim/status")
        endpoints.subscription("joint_states", hears(SIM_BRIDGE, self._on_joints), depth=_DEPTH)
        endpoints.subscription("scene/objects", hears(SIM_BRIDGE, self._on_objects), depth=_DEPTH)
        endpoints.subscription("sim/status", hears(SIM_BRIDGE, self._on_status))
        for part in self._commanded_ns:
            endpoints.subscription(
                f"{part}_controller/controller_state", hears(SIM_BRIDGE, partial(self._on_state, part)), True, 1
            )
        self._motions = MotionClient(self.feed, endpoints, robot, self.owner)
        self._cameras = CameraFeed(self.feed, endpoints, robot)
        self._set_state = endpoints.client("sim/set_simulation_state")
        self._step = endpoints.client("sim/step_simulation")
        self._load = endpoints.client("sim/load_scene")
        self._acquire = endpoints.client("control/acquire")
        self._release = endpoints.client("control/release")

    # -- World ----------------------------------------------------------------------------------------------------
    def observe(self, cameras: Sequence[str] = ()) -> Observation:
        """Newest joints and tcp poses, and one frame of each named camera, all at or after the last motion."""
        since_ns = self._wait_ready()
        for name in cameras:
            self.robot.camera(name)
        self._cameras.listen(cameras)
        self.feed.until(lambda: self._commands_since(since_ns), "controller states", SIM_BRIDGE)
        for name in cameras:
            self.feed.until(partial(self._cameras.newest, name, since_ns), f"pictures of {name}", SIM_BRIDGE)
        with self.feed.held():
            joints = self._pairs.joints[-1]
            frames = {name: self._frame(name, since_ns) for name in cameras}
            T_world_tcp = {s: self._kinematics.fk(s, joints.position[self._arm(s)]) for s in self.robot.sides}
            scene_id = self._status.scene_id if self._status else 0
            return Observation(joints.stamp_ns, scene_id, joints, self._commanded.copy(), T_world_tcp, frames)

    def objects(self) -> ObjectSnapshot:
        """Newest object states, of the present scene and not older than the last motion."""
        since_ns = self._wait_ready()
        return self.feed.until(lambda: self._objects_since(since_ns), "scene/objects", SIM_BRIDGE)

    def execute(self, motion: Motion) -> MotionReport:
        """Run a synchronised motion to its end; a motion the controllers refuse is a report, not an exception."""
        since_ns = self._wait_ready()
        leased = self._lease(since_ns)
        if leased is not None:
            return MotionReport(since_ns, _all_parts(motion, leased))
        if self.lockstep:
            return self._execute_lockstep(motion)
        return self._execute_realtime(motion)

    def wait(self, seconds: float) -> None:
        """Let ``seconds`` of the world's own time pass. Raises BimanualError if negative or not finite."""
        if not 0.0 <= seconds < float("inf"):
            raise BimanualError(f"cannot wait {seconds} s; give a finite time of 0 or more")
        since_ns = self._wait_ready()
        steps = round(seconds * PHYSICS_HZ)
        if not self.lockstep:
            self._await_samples(max(since_ns, self._joints_ns()) + seconds_to_ns(seconds))
        elif steps:
            answer = call(self.feed, self._step, StepSimulation.Request(steps=steps), SIM_BRIDGE)
            self._require_ok(answer.result)
            self._await_rest(since_ns)

    # -- SimulatedWorld -------------------------------------------------------------------------------------------
    def load_scene(self, scene: SceneSpec) -> int:
        """Build a fresh scene and wait until its first samples are here; returns its scene_id. Raises BimanualError."""
        request = load_scene_request(scene)
        answer: LoadScene.Response = call(self.feed, self._load, request, SIM_BRIDGE, LOADING_S)
        if not answer.success:
            raise BimanualError(answer.error_msg, ErrorCode(answer.error_code))
        ready_ns = stamp_ns(answer.stamp)
        what = f"the samples of scene {answer.scene_id}"
        self.feed.until(lambda: self._shows(int(answer.scene_id), ready_ns), what, SIM_BRIDGE)
        self._since_ns = ready_ns
        return int(answer.scene_id)

    # -- beyond the protocol --------------------------------------------------------------------------------------
    @property
    def lockstep(self) -> bool:
        """Whether time advances only while something runs."""
        return self._status is not None and self._status.time_mode == "lockstep"

    @property
    def status(self) -> SimStatus:
        """The newest sim/status, once the bridge is there."""
        return self.feed.until(lambda: self._status, "sim/status", SIM_BRIDGE, LOADING_S)

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
        if self.lockstep:
            self._await_rest(at_ns - 1)
        else:
            self._await_samples(at_ns)

    def wait_ready(self) -> None:
        """Wait until the bridge publishes and serves all that this world uses. Raises SilentNodeError."""
        clients = (self._set_state, self._step, self._load, self._acquire, self._release)
        what = "the services of the bridge"
        self.feed.until(
            lambda: self._motions.ready and all(c.service_is_ready() for c in clients), what, SIM_BRIDGE, LOADING_S
        )
        self._wait_ready()

    def close(self) -> None:
        """Give the lease back, without waiting for a bridge that may be gone."""
        if self._lease_end_ns >= 0 and self._release.service_is_ready():
            self._release.call_async(Release.Request(owner=self.owner))
            self._lease_end_ns = -1

    # -- motion ---------------------------------------------------------------------------------------------------
    def _execute_lockstep(self, motion: Motion) -> MotionReport:
        rest_ns = self._since_ns
        self._play(False)
        parts: list[SentPart] = []
        try:
            parts = self._motions.send(motion, rest_ns + seconds_to_ns(START_DELAY_S))
            refused = self._motions.refused(parts)
        except BaseException:
            self._motions.cancel(parts)
            raise
        finally:
            self._play(True)
        if refused:
            return MotionReport(rest_ns, refused)
        self._finish(parts)
        self._await_rest(rest_ns)
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
        try:
            self._motions.await_results(parts)
        except BaseException:
            self._motions.cancel(parts)
            raise

    def _report(self, parts: list[SentPart]) -> MotionReport:
        return MotionReport(self._since_ns, {p.part: self._motions.report(p) for p in parts})

    def _play(self, playing: bool) -> None:
        state = SimulationState.STATE_PLAYING if playing else SimulationState.STATE_PAUSED
        request = SetSimulationState.Request(state=SimulationState(state=state))
        result = call(self.feed, self._set_state, request, SIM_BRIDGE).result
        if result.result != SetSimulationState.Response.ALREADY_IN_TARGET_STATE:
            self._require_ok(result)

    def _require_ok(self, result: Result) -> None:
        if result.result != Result.RESULT_OK:
            raise BimanualError(result.error_message or f"simulator says {result.result}", ErrorCode.SIM_NOT_READY)

    def _lease(self, now_ns: int) -> PartReport | None:
        """Take or renew the lease of all arms, also where the driver began anew or took it away; a report if somebody
        else holds it."""
        if now_ns + seconds_to_ns(LEASE_MARGIN_S) < self._lease_end_ns and self._motions.owns_all:
            return None
        request = Acquire.Request(owner=self.owner, arms=list(self.robot.sides), ttl=LEASE_TTL_S)
        answer = call(self.feed, self._acquire, request, SIM_BRIDGE)
        if not answer.success:
            return PartReport(ErrorCode(answer.error_code), answer.error_msg)
        self._lease_end_ns = now_ns + seconds_to_ns(LEASE_TTL_S)
        return None

    # -- waiting --------------------------------------------------------------------------------------------------
    def _wait_ready(self) -> int:
        """Wait until the world can be looked at; in lockstep, until it rests. Returns the stamp observations need."""
        self.feed.until(lambda: self._status, "sim/status", SIM_BRIDGE, LOADING_S)
        if self.lockstep and not self._at_rest():
            self.feed.until(self._at_rest, "the simulation to come to rest", SIM_BRIDGE, LOADING_S)
        if self.lockstep and self._status is not None:
            self._since_ns = max(self._since_ns, stamp_ns(self._status.header.stamp))
        self.feed.until(lambda: self._joints_ns() >= max(self._since_ns, 1), "joint_states", SIM_BRIDGE)
        return self._since_ns

    def _at_rest(self) -> bool:
        return self._status is not None and self._status.state == SimStatus.RESTING

    def _await_rest(self, after_ns: int) -> None:
        """Wait for the next rest and for its samples."""

        def rested() -> int:
            status = self._status
            at = stamp_ns(status.header.stamp) if status else 0
            return at if self._at_rest() and at > after_ns else 0

        self._await_samples(self.feed.until(rested, "the simulation to come to rest", SIM_BRIDGE))

    def _await_samples(self, at_ns: int) -> None:
        """Wait until joints and objects of ``at_ns`` or later are here."""
        self.feed.until(
            lambda: self._joints_ns() >= at_ns and self._objects_since(at_ns) and self._pairs.settled,
            f"samples of {at_ns * 1e-9:.3f} s",
            SIM_BRIDGE,
        )
        self._since_ns = at_ns

    def _shows(self, scene_id: int, at_ns: int) -> bool:
        objects, status = self._objects, self._status
        if objects is None or status is None or objects.scene_id < scene_id or status.scene_id < scene_id:
            return False
        return self._joints_ns() >= at_ns and status.state != SimStatus.LOADING

    def _joints_ns(self) -> int:
        return self._pairs.joints[-1].stamp_ns if self._pairs.joints else 0

    def _objects_since(self, since_ns: int) -> ObjectSnapshot | None:
        snapshot, status = self._objects, self._status
        if snapshot is None or snapshot.stamp_ns < since_ns:
            return None
        return snapshot if status is None or snapshot.scene_id >= status.scene_id else None

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
        if self._objects is None or snapshot.scene_id >= self._objects.scene_id:
            self._objects = snapshot
            self._pairs.add_objects(snapshot)

    def _on_status(self, message: SimStatus) -> None:
        self._status = message

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
