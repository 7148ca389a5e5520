"""A task as a gymnasium environment: joints out, joints in, at the policy rate, in a world of this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.observation import Observation
from bimanual_core.rates import NS_PER_S, POLICY_HZ
from bimanual_core.robot import load_robot
from bimanual_core.se3 import xyz_quat
from bimanual_description.files import robot_path
from bimanual_sim_bridge.world import SapienWorld
from bimanual_tasks.language import choose_instruction
from bimanual_tasks.randomise import EASY
from bimanual_tasks.registry import get_task
from bimanual_tasks.scenes import load_sample
from bimanual_tasks.seeds import SEEDS_PER_BLOCK
from bimanual_tasks.success import SuccessTracker
from policy_node.serving.chunk import ChunkShaper, Path, stream_of

Array = NDArray[np.float64]
Observed = dict[str, NDArray[Any]]
#: What a picture for people is taken with, where the robot has it.
VIEW = "third_view"
#: Refusals of an action; the arms stay where they are, and the next action may be taken.
PASSING = frozenset({ErrorCode.CONTROL_REJECTED, ErrorCode.CONTROL_WORKSPACE, ErrorCode.CONTROL_ARM_DISTANCE})


class TaskEnv(gymnasium.Env[Any, NDArray[np.float32]]):
    """One episode is one seed of ``task``.

    Observations: ``joints`` and ``joint_velocities`` (D,) in flat order [rad; grippers m], ``tcp`` (arms, 7) position
    and quaternion xyzw in the world, and of each of ``cameras`` ``NAME.rgb`` (H, W, 3) and ``NAME.depth`` (H, W) [mm].
    An action (D,) is where the joints shall be one period (1/15 s) later, as far as they can go in it. The reward is 1
    in the step in which the task is done, which ends the episode; ``info`` has ``success``, ``stage_score``,
    ``stage``, ``reason``, ``instruction`` and ``refused``, what a controller said against the action.

    ``reset(seed=s)`` is the scene that seed s has everywhere; without a seed one of those for collection is drawn.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": POLICY_HZ}  # noqa: RUF012 - gymnasium's own declaration

    def __init__(
        self,
        task: str,
        variant: str = "",
        robot: str = "cobot_magic",
        cameras: Sequence[str] = (),
        randomisation: str = EASY,
        render_mode: str | None = None,
    ) -> None:
        """Raises UnknownNameError for a task, variant, robot or camera that does not exist."""
        self.render_mode = render_mode
        self._task, self._randomisation = get_task(task, variant), randomisation
        spec = load_robot(robot_path(robot))
        self._cameras = tuple(cameras)
        names = [camera.name for camera in spec.cameras]
        self._view = VIEW if VIEW in names else names[0]
        shown = {*self._cameras, *([self._view] if render_mode else [])}
        self.world = SapienWorld(spec, cameras=[name for name in names if name in shown] or self._cameras)
        self._tracker: SuccessTracker | None = None
        self._shaper, self._steps = ChunkShaper(spec), 0
        self._path: Path | None = None
        self._instruction = ""
        self.action_space = spaces.Box(spec.lower.astype(np.float32), spec.upper.astype(np.float32))
        self.observation_space = self._space()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observed, dict[str, Any]]:
        """Begin the episode of ``seed``. Raises BimanualError (SCENE_UNSOLVABLE) if it has no scene that is of use."""
        super().reset(seed=seed)
        if self._tracker is not None:
            self.world.remove_listener(self._tracker.update)
        number = int(self.np_random.integers(SEEDS_PER_BLOCK)) if seed is None else seed
        sample, scene_id = load_sample(self.world, self._task, number, self._randomisation)
        table, now_ns = sample.scene.table, self.world.stamp_ns
        self._tracker = SuccessTracker(sample.task, self.world.robot, scene_id, now_ns, table)
        self.world.add_listener(self._tracker.update)
        self._instruction = choose_instruction(sample.task, sample.scene, number)
        self._shaper, self._path, self._steps = ChunkShaper(self.world.robot), None, 0
        return self._observe(), self._info(self._tracker)

    def step(self, action: NDArray[np.float32]) -> tuple[Observed, float, bool, bool, dict[str, Any]]:
        """Raises BimanualError before the first :meth:`reset`, and for an action of another shape or not finite."""
        tracker = self._tracker
        if tracker is None:
            raise BimanualError("the environment was not reset", ErrorCode.SIM_NOT_READY)
        wanted = np.asarray(action, dtype=np.float64)
        if wanted.shape != self.action_space.shape or not np.all(np.isfinite(wanted)):
            raise BimanualError(f"an action is {self.action_space.shape} finite numbers, not {wanted.tolist()}")
        refused = self._command(wanted)
        self.world.wait(1.0 / POLICY_HZ)
        self._steps += 1
        truncated = not tracker.success and self._steps >= self._task.step_limit
        info = {**self._info(tracker), "refused": refused}
        return self._observe(), float(tracker.success), tracker.success, truncated, info

    def render(self) -> NDArray[np.uint8] | None:
        """A picture (H, W, 3) of the scene with ``render_mode="rgb_array"``, else None."""
        if self.render_mode is None:
            return None
        return self.world.observe((self._view,)).cameras[self._view].rgb

    def close(self) -> None:
        """Let go of the scene."""
        self.world.close()

    # -- helpers --------------------------------------------------------------------------------------------------
    def _command(self, wanted: Array) -> str:
        """Send the arms to ``wanted`` (D,); what a controller says against it, or nothing."""
        now_ns, robot = self.world.stamp_ns, self.world.robot
        position = self.world.bank.commanded.copy()
        velocity = np.zeros_like(position) if self._path is None else self._path.at(now_ns)[1]
        stamps = np.array([now_ns + round(NS_PER_S / POLICY_HZ)], dtype=np.int64)
        self._path = self._shaper.path((now_ns, position, velocity), stamps, wanted[None])
        try:
            self.world.command(stream_of(robot, self._path, now_ns))
        except BimanualError as error:
            self._path = None
            if error.code not in PASSING:
                raise
            return str(error)
        return ""

    def _space(self) -> spaces.Dict:
        robot = self.world.robot
        joints = spaces.Box(-np.inf, np.inf, (robot.joints.size,), np.float32)
        found: dict[str, spaces.Space[Any]] = {
            "joints": joints,
            "joint_velocities": joints,
            "tcp": spaces.Box(-np.inf, np.inf, (len(robot.arms), 7), np.float32),
        }
        for name in self._cameras:
            camera = robot.camera(name)
            size = (camera.height, camera.width)
            found[f"{name}.rgb"] = spaces.Box(0, 255, (*size, 3), np.uint8)
            found[f"{name}.depth"] = spaces.Box(0, np.iinfo(np.uint16).max, size, np.uint16)
        return spaces.Dict(found)

    def _observe(self) -> Observed:
        now: Observation = self.world.observe(self._cameras)
        poses = [np.concatenate(xyz_quat(now.T_world_tcp[side])) for side in self.world.robot.sides]
        found: Observed = {
            "joints": now.joints.position.astype(np.float32),
            "joint_velocities": now.joints.velocity.astype(np.float32),
            "tcp": np.array(poses, dtype=np.float32),
        }
        for name, frame in now.cameras.items():
            found[f"{name}.rgb"], found[f"{name}.depth"] = frame.rgb, frame.depth_mm
        return found

    def _info(self, tracker: SuccessTracker) -> dict[str, Any]:
        return {
            "success": tracker.success,
            "stage_score": tracker.stage_score,
            "stage": tracker.stages.reached,
            "reason": tracker.reason,
            "instruction": self._instruction,
        }
