"""Follows an episode in process and hands what the graph would publish to a recorder, at the same rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bimanual.collecting.settings import CollectSettings
from bimanual_core.errors import BimanualError
from bimanual_core.observation import JointSample
from bimanual_core.rates import CONTROLLER_STATE_TICKS, JOINT_STATE_TICKS, NS_PER_S, OBJECTS_TICKS
from bimanual_core.robot import RobotSpec
from bimanual_data.episode_recorder import EpisodeRecorder, FrameTree
from bimanual_description import urdf
from bimanual_description.joint_frames import MovingFrames, joint_frames
from bimanual_sim_bridge.world import SapienWorld
from bimanual_tasks.episode import EpisodeStart

#: Stamp of an episode's first instant [ns], and the scene's number. The world's own go on from episode to episode; what
#: is recorded does not, so that an episode is the same whatever its worker did before.
FIRST_NS, SCENE_ID = NS_PER_S, 1


class EpisodeTap:
    """Records episodes of ``world`` as ``settings`` say."""

    def __init__(self, world: SapienWorld, settings: CollectSettings) -> None:
        self._world = world
        self._cameras = settings.cameras
        self._camera_ticks = settings.camera_ticks
        self._randomisation = settings.randomize
        tree, self._moving = frame_tree(world.robot)
        self._recorder = EpisodeRecorder(world.robot, tree, settings.cameras)

    @contextmanager
    def recorded(self, start: EpisodeStart, folder: Path, extra: Mapping[str, Any]) -> Iterator[None]:
        """Record into ``folder``, which must not exist, while the block runs. Raises BimanualError if the bag cannot
        be written."""
        meta = {
            "task": start.task.name,
            "variant": start.task.variant,
            "seed": start.seed,
            "instruction": start.instruction,
            "extra": dict(extra),
        }
        self._recorder.start(folder, FIRST_NS, meta)
        try:
            streams = _Streams(
                self._world,
                self._recorder,
                self._moving,
                self._cameras,
                self._camera_ticks,
                start,
                self._randomisation,
            )
            self._world.listen_to_ticks(streams.tick)
            try:
                yield
                streams.finish()
            finally:
                self._world.listen_to_ticks(None)
                self._recorder.annotate({"success": start.tracker.success, "reason": start.tracker.reason})
        finally:
            summary = self._recorder.stop()
        if not summary.success:
            raise BimanualError(summary.error_msg, summary.error_code)

    def close(self) -> None:
        """End the recorder's threads."""
        self._recorder.close()


class _Streams:
    """The streams of one episode. Each has a sample of the first instant; pictures are counted from there."""

    def __init__(
        self,
        world: SapienWorld,
        recorder: EpisodeRecorder,
        moving: MovingFrames,
        cameras: tuple[str, ...],
        camera_ticks: int,
        start: EpisodeStart,
        randomisation: str,
    ) -> None:
        self._world = world
        self._recorder = recorder
        self._moving = moving
        self._cameras = cameras
        self._camera_ticks = camera_ticks
        self._start = start
        self._randomisation = randomisation
        self._first_tick = world.tick_count
        # Scenes begin on whole tenths of a second, so that stamps stay multiples of a tick, rounded alike.
        self._shift_ns = FIRST_NS - world.stamp_ns
        self._success = False
        self._second = -1.0
        self._shown = dict.fromkeys(("joints", "states"), -1)
        self.tick()

    def tick(self) -> None:
        """Hand over what is due at this tick."""
        tick = self._world.tick_count
        if tick % JOINT_STATE_TICKS == 0:
            self._show_joints(tick)
        if tick % CONTROLLER_STATE_TICKS == 0:
            self._show_states(tick)
        if tick % OBJECTS_TICKS == 0:
            snapshot = self._world.objects()
            stamp_ns = snapshot.stamp_ns + self._shift_ns
            self._recorder.objects(replace(snapshot, stamp_ns=stamp_ns, scene_id=SCENE_ID))
            self._show_status()
        if self._cameras and (tick - self._first_tick) % self._camera_ticks == 0:
            self._world.start_cameras(self._cameras)
            for name in self._cameras:
                frame = self._world.finish_camera(name)
                self._recorder.frame(replace(frame, stamp_ns=frame.stamp_ns + self._shift_ns))

    def finish(self) -> None:
        """At rest every state has a sample of that very instant."""
        tick = self._world.tick_count
        if self._shown["joints"] != tick:
            self._show_joints(tick)
        if self._shown["states"] != tick:
            self._show_states(tick)

    def _show_joints(self, tick: int) -> None:
        sample = self._sample()
        positions = dict(zip(self._world.robot.joints.names, sample.position.tolist(), strict=True))
        self._recorder.joints(sample, self._moving.poses(positions))
        self._shown["joints"] = tick

    def _show_states(self, tick: int) -> None:
        self._recorder.states(self._sample(), self._world.bank.setpoint)
        self._shown["states"] = tick

    def _sample(self) -> JointSample:
        sample = self._world.joints()
        return JointSample(sample.stamp_ns + self._shift_ns, sample.position, sample.velocity, sample.effort)

    def _show_status(self) -> None:
        """At the start, on success, and once a second until then with what is missing; as the task server."""
        tracker, start = self._start.tracker, self._start
        second = tracker.seconds // 1
        if self._success or (second <= self._second and not tracker.success):
            return
        self._success, self._second = tracker.success, second
        self._recorder.task_status(
            self._world.stamp_ns + self._shift_ns,
            scene_id=SCENE_ID,
            task=start.task.name,
            variant=start.task.variant,
            seed=start.seed,
            randomisation=self._randomisation,
            instruction=start.instruction,
            success=tracker.success,
            reason=tracker.reason,
            seconds=tracker.seconds,
        )


def frame_tree(robot: RobotSpec) -> tuple[FrameTree, MovingFrames]:
    """The frames of ``robot`` as robot_state_publisher has them."""
    text = urdf(robot)
    frames = joint_frames(text)
    moving = MovingFrames(frames)
    tree = FrameTree(
        urdf=text,
        fixed=[(f.parent, f.child, f.rest) for f in frames if f.fixed],
        moving=[(f.parent, f.child) for f in moving.frames],
    )
    return tree, moving
