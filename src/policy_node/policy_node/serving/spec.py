"""What a policy needs to be run: its robot, rate, cameras, and how many observations and actions make a turn."""

from __future__ import annotations

from dataclasses import dataclass

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.rates import OBJECTS_HZ
from bimanual_core.robot import RobotSpec


@dataclass(frozen=True)
class ServingSpec:
    """A checkpoint's contract. ``joints`` names the flat vector; of each chunk ``action_steps`` are executed before the
    next one is asked for; ``obs_steps`` observations, one each period, make a window."""

    robot: str
    joints: tuple[str, ...]
    cameras: tuple[str, ...]
    rate_hz: float = 15.0
    obs_steps: int = 2
    action_steps: int = 8
    task: str = ""
    parameters: int = 0

    def __post_init__(self) -> None:
        steps = OBJECTS_HZ / self.rate_hz if self.rate_hz > 0 else 0.0
        if steps < 1 or abs(steps - round(steps)) > 1e-9:
            choices = ", ".join(f"{OBJECTS_HZ / n:g}" for n in (1, 2, 3, 5, 6))
            raise BimanualError(
                f"policy rate {self.rate_hz:g} Hz does not divide {OBJECTS_HZ} Hz; choices: {choices}",
                ErrorCode.POLICY_CHECKPOINT,
            )
        if self.obs_steps < 1 or self.action_steps < 1:
            raise BimanualError(
                f"obs_steps {self.obs_steps} and action_steps {self.action_steps} must be at least 1",
                ErrorCode.POLICY_CHECKPOINT,
            )

    @property
    def period_s(self) -> float:
        """Time between two actions [s]."""
        return 1.0 / self.rate_hz

    def check_robot(self, robot: RobotSpec) -> None:
        """Raises BimanualError (POLICY_CHECKPOINT) if ``robot`` is not the one the policy was made for, or lacks a
        camera."""
        if (self.robot, self.joints) != (robot.name, robot.joints.names):
            raise BimanualError(
                f"the checkpoint is for robot {self.robot!r} with {len(self.joints)} joints ({', '.join(self.joints)}); "
                f"this is {robot.name!r} with {robot.joints.size} ({', '.join(robot.joints.names)})",
                ErrorCode.POLICY_CHECKPOINT,
            )
        for camera in self.cameras:
            robot.camera(camera)
