"""What a policy asks of those who run it: robot, joints, cameras, rate and horizons. Part of every checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bimanual_core.errors import BimanualError
from bimanual_core.observation import Observation
from bimanual_core.robot import RobotSpec


@dataclass(frozen=True)
class PolicyContract:
    """``cameras`` maps a name to the picture's (width, height) [px]; ``observations`` go in and ``actions`` come out at
    ``rate_hz``; ``max_actions`` is the longest chunk the policy can give."""

    robot: str
    joint_names: tuple[str, ...]
    cameras: dict[str, tuple[int, int]]
    rate_hz: int
    observations: int
    actions: int
    max_actions: int
    task: str = ""
    variant: str = ""

    def check_robot(self, robot: RobotSpec) -> None:
        """Raises BimanualError unless ``robot`` has the joints that the policy commands."""
        if robot.name != self.robot or robot.joints.names != self.joint_names:
            raise BimanualError(
                f"the policy commands robot {self.robot!r} with joints {', '.join(self.joint_names)}; this is "
                f"{robot.name!r} with {', '.join(robot.joints.names)}"
            )

    def check_window(self, window: Sequence[Observation]) -> None:
        """Raises BimanualError for an empty window, joints of another number or not finite, or a camera that is missing
        or has another picture size. A window shorter than ``observations`` is filled with its oldest."""
        if not window:
            raise BimanualError("the window has no observation; at least 1 is needed")
        for observation in window[-self.observations :]:
            self._check(observation)

    def _check(self, observation: Observation) -> None:
        position = observation.joints.position
        if position.shape != (len(self.joint_names),) or not np.all(np.isfinite(position)):
            raise BimanualError(
                f"measured joints {np.round(position, 3).tolist()} are not {len(self.joint_names)} finite values"
            )
        for name, (width, height) in self.cameras.items():
            frame = observation.cameras.get(name)
            if frame is None:
                have = ", ".join(observation.cameras) or "none"
                raise BimanualError(f"the policy needs camera {name!r}; the observation has: {have}")
            if frame.depth_mm.shape != (height, width):
                rows, columns = frame.depth_mm.shape[:2]
                raise BimanualError(
                    f"camera {name!r} gives {columns} x {rows} px; the policy was trained on {width} x {height}"
                )
