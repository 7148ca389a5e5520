"""The simulated world in process: physics, controllers, cameras and time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bimanual_assets import asset_of
from bimanual_control.bank import BankSettings, ControllerBank
from bimanual_control.guarding import guard_of
from bimanual_control.motion_handle import MotionHandle
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import Motion, MotionReport, Stream
from bimanual_core.observation import CameraFrame, JointSample, ObjectSnapshot, Observation
from bimanual_core.protocols import SampleListener
from bimanual_core.rates import (
    OBJECTS_TICKS,
    PHYSICS_HZ,
    REST_TICKS,
    START_DELAY_S,
    ns_to_tick,
    seconds_to_ns,
    tick_to_ns,
)
from bimanual_core.robot import RobotSpec
from bimanual_core.scene import SceneSpec
from bimanual_sim_bridge.contacts import ContactCounters
from bimanual_sim_bridge.robot_model import RobotFiles, robot_files
from bimanual_sim_bridge.sapien_scene import SapienScene
from bimanual_sim_bridge.settings import SimSettings
from bimanual_sim_bridge.settling import require_settled
from bimanual_sim_bridge.slumber import Slumber

Array = NDArray[np.float64]
#: A scene begins on a multiple of this many ticks, so that the rounding of stamps to nanoseconds, and with it every
#: bit of a motion, is the same in every scene.
SCENE_TICKS = 30


class SapienWorld:
    """A ``SimulatedWorld``. ``cameras`` names what may be rendered (None = all of the robot's, () = no rendering).

    ``execute`` and ``wait`` drive time themselves. A node that paces time uses :meth:`tick`, :meth:`start_cameras`
    and :meth:`finish_camera` instead, with ``bank`` for goals. There is no scene until :meth:`load_scene`.
    """

    def __init__(
        self,
        robot: RobotSpec,
        cameras: Sequence[str] | None = None,
        settings: SimSettings | None = None,
        bank_settings: BankSettings | None = None,
        sleeps: bool = False,
    ) -> None:
        """``sleeps``: leave out the physics of ticks in which nothing can move (see :class:`Slumber`); for worlds
        whose time goes on by itself. Raises UnknownNameError for a camera the robot lacks."""
        self.robot = robot
        self.settings = settings or SimSettings()
        names = [c.name for c in robot.cameras] if cameras is None else list(cameras)
        self._cameras = tuple(robot.camera(name) for name in names)
        self._files: RobotFiles = robot_files(robot, visuals=bool(self._cameras))
        self._guard = guard_of(robot)
        self.bank = ControllerBank(robot, bank_settings, self._guard)
        self.tick_count = 0
        self.scene_id = 0
        self._scene: SapienScene | None = None
        self._sample: JointSample | None = None
        self._snapshot: ObjectSnapshot | None = None
        self._sleeps = sleeps
        self._slumber: Slumber | None = None
        self._listeners: list[SampleListener] = []
        self._tick_listener: Callable[[], None] | None = None

    def continue_from(self, at_ns: int) -> None:
        """Go on after the time ``at_ns`` [ns] of a world that ended; load a scene next.

        That scene's id is above all that the earlier world can have given: a scene takes many ticks.
        """
        ticks = -(-ns_to_tick(at_ns) // SCENE_TICKS) * SCENE_TICKS + SCENE_TICKS
        self.tick_count = max(self.tick_count, ticks)
        self.scene_id = max(self.scene_id, ticks)

    # -- time and state -------------------------------------------------------------------------------------------
    @property
    def stamp_ns(self) -> int:
        """Simulated time [ns]; never goes back, across scenes neither."""
        return tick_to_ns(self.tick_count)

    @property
    def scene(self) -> SapienScene:
        """The present scene. Raises BimanualError (SIM_NOT_READY) before the first one is loaded."""
        if self._scene is None:
            raise BimanualError("no scene is loaded; load one first", ErrorCode.SIM_NOT_READY)
        return self._scene

    @property
    def has_scene(self) -> bool:
        """Whether a scene is loaded."""
        return self._scene is not None

    @property
    def counters(self) -> ContactCounters:
        """Contacts that should not happen, since the scene was loaded."""
        return self.scene.counters

    def joints(self) -> JointSample:
        """Measured joints of the newest tick."""
        if self._sample is None:
            raise BimanualError("no scene is loaded; load one first", ErrorCode.SIM_NOT_READY)
        return self._sample

    def objects(self) -> ObjectSnapshot:
        """Object states of the newest tick, looked up once however many ask."""
        if self._snapshot is None:
            states = self.scene.object_states()
            self._snapshot = ObjectSnapshot(self.stamp_ns, self.scene_id, states, self.scene.spec.table)
        return self._snapshot

    def tcp_poses(self) -> dict[str, Array]:
        """Pose (4, 4) of each tcp in the world, by side."""
        return {arm.side: self.scene.link_pose(arm.tcp_frame) for arm in self.robot.arms}

    def observe(self, cameras: Sequence[str] = ()) -> Observation:
        """Joints, tcp poses and one frame of each named camera, all of the newest tick."""
        self.start_cameras(cameras)
        frames = {name: self.finish_camera(name) for name in cameras}
        commanded = self.bank.commanded.copy()
        return Observation(self.stamp_ns, self.scene_id, self.joints(), commanded, self.tcp_poses(), frames)

    def add_listener(self, listener: SampleListener) -> None:
        """Call ``listener(objects, joints)`` at every 30 Hz sample, the first of a scene included."""
        self._listeners.append(listener)

    def remove_listener(self, listener: SampleListener) -> None:
        """Stop calling ``listener``; no effect if it is not called."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def listen_to_ticks(self, listener: Callable[[], None] | None) -> None:
        """Call ``listener()``, and no other, after every tick of :meth:`tick` and its 30 Hz listeners; None ends it."""
        self._tick_listener = listener

    # -- the primitives of time -----------------------------------------------------------------------------------
    def tick(self) -> None:
        """One physics tick: controllers, drives, physics; then the listeners where a 30 Hz sample is due."""
        self._step()
        if self.tick_count % OBJECTS_TICKS == 0:
            self._notify()
        if self._tick_listener is not None:
            self._tick_listener()

    def start_cameras(self, names: Sequence[str]) -> None:
        """Ask for pictures of the newest tick (see :class:`CameraRig`); fetch them before the next call."""
        self.scene.cameras.start(names, self.stamp_ns)

    def finish_camera(self, name: str) -> CameraFrame:
        """A picture asked for by :meth:`start_cameras`, with the stamp of that call."""
        return self.scene.cameras.finish(name)

    def run_until_idle(self) -> None:
        """Tick until no controller moves or waits to, then on to the next multiple of REST_TICKS."""
        while self.bank.active or self.tick_count % REST_TICKS:
            self.tick()

    # -- World ----------------------------------------------------------------------------------------------------
    def send(self, motion: Motion) -> MotionHandle:
        """Hand ``motion`` to the controllers, to start START_DELAY_S from now; time does not move."""
        self.joints()
        return self.bank.send_motion(motion, self.stamp_ns + seconds_to_ns(START_DELAY_S))

    def execute(self, motion: Motion) -> MotionReport:
        """Run a motion until all its parts have ended and the world is at rest on a sample."""
        handle = self.send(motion)
        if not handle.rejected:
            self.run_until_idle()
        return handle.report(self.stamp_ns)

    def command(self, stream: Stream) -> None:
        """Hand ``stream`` to the controllers; time does not move. Raises BimanualError for the first part that is
        refused; the others move all the same, as across the graph."""
        self.joints()
        refused: BimanualError | None = None
        for part, trajectory in stream.parts.items():
            try:
                self.bank.stream(part, trajectory, stream.start_ns)
            except BimanualError as error:
                refused = refused or error
        if refused is not None:
            raise refused

    def wait(self, seconds: float) -> None:
        """Let simulated time pass, up to the next multiple of REST_TICKS. Raises BimanualError if negative."""
        if not 0.0 <= seconds < float("inf"):
            raise BimanualError(f"cannot wait {seconds} s; give a finite time of 0 or more")
        end = self.tick_count + round(seconds * PHYSICS_HZ)
        while self.tick_count < end or self.tick_count % REST_TICKS:
            self.tick()

    def load_scene(self, scene: SceneSpec) -> int:
        """Build a fresh scene, the robot at home, settled; returns its scene_id.

        Goals end cancelled. Raises UnknownNameError for an asset the catalogue lacks, and then the present scene
        stays; BimanualError without a Vulkan device, and then no scene is left, and for a scene that does not settle
        (SCENE_UNSTABLE), which then stands there as it is.
        """
        for item in scene.objects:
            asset_of(item)
        self.bank.cancel_all("a new scene is loaded")
        self.close()
        self._scene = SapienScene(self.robot, self._files, scene, self._cameras, self.settings)
        self.tick_count += -self.tick_count % SCENE_TICKS
        self._scene.joints.stamp_ns = self.stamp_ns
        self._sample = self._scene.joints.read()
        if self._guard is not None:
            self._guard.set_table(scene.table)
        self.bank.reset(self._sample)
        self._slumber = Slumber(self._places, self._speeds) if self._sleeps else None
        for _ in range(round(self.settings.settle_seconds * PHYSICS_HZ)):
            self._step()
        self.scene_id += 1
        self._snapshot = None
        self._notify()
        require_settled(scene, self.scene.object_states(), self.scene.object_twists())
        return self.scene_id

    def close(self) -> None:
        """Let go of the present scene."""
        if self._scene is not None:
            self._scene.close()
            self._scene = None
            self._sample = self._snapshot = None

    # -- helpers --------------------------------------------------------------------------------------------------
    def _step(self) -> None:
        scene, sample = self.scene, self.joints()
        stamp_ns = tick_to_ns(self.tick_count + 1)
        setpoint = self.bank.step(stamp_ns, sample)
        self.tick_count += 1
        self._snapshot = None
        if self._slumber is not None and self._slumber.look(setpoint):
            self._sample = replace(sample, stamp_ns=stamp_ns)
            return
        scene.joints.write(setpoint)
        scene.step(stamp_ns)
        self._sample = scene.joints.read()

    def _places(self) -> Array:
        states = self.scene.object_states().values()
        poses = [np.concatenate([item.T_world_object.ravel(), list(item.joints.values())]) for item in states]
        return np.concatenate([self.joints().position, *poses])

    def _speeds(self) -> Array:
        return np.concatenate([self.joints().velocity, *self.scene.object_twists().values()])

    def _notify(self) -> None:
        if self._listeners:
            objects, joints = self.objects(), self.joints()
            for listener in list(self._listeners):
                listener(objects, joints)
