"""What all episodes of a collection have in common."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bimanual.collecting.pace import USUAL, planner_config
from bimanual_core.errors import BimanualError
from bimanual_core.rates import PHYSICS_HZ
from bimanual_core.robot import RobotSpec
from bimanual_tasks.randomise import RANDOMISATIONS
from bimanual_tasks.registry import DEFAULT_VARIANT, get_expert, get_task

CAMERAS = ("head", "left_wrist", "right_wrist")
CAMERA_RATES = (15, 30)


@dataclass(frozen=True)
class CollectSettings:
    """``cameras`` are recorded at ``camera_hz``; ``randomize`` easy varies poses only, hard all; ``pace`` says how
    fast arms move."""

    robot: str = "cobot_magic"
    variant: str = DEFAULT_VARIANT
    randomize: str = "easy"
    cameras: tuple[str, ...] = CAMERAS
    camera_hz: int = CAMERA_RATES[0]
    seed0: int = 0
    pace: str = USUAL

    def __post_init__(self) -> None:
        if self.randomize not in RANDOMISATIONS:
            raise BimanualError(f"randomize {self.randomize!r}; choices: {', '.join(RANDOMISATIONS)}")
        if self.camera_hz not in CAMERA_RATES:
            raise BimanualError(f"camera rate {self.camera_hz} Hz; choices: {', '.join(map(str, CAMERA_RATES))}")
        planner_config(self.pace)
        if len(set(self.cameras)) != len(self.cameras):
            raise BimanualError(f"cameras {', '.join(self.cameras)}: each may be named once")

    @property
    def camera_ticks(self) -> int:
        """Physics ticks between two pictures."""
        return PHYSICS_HZ // self.camera_hz

    def check(self, robot: RobotSpec, tasks: list[str]) -> None:
        """Raises UnknownNameError for a camera, task, variant or expert that does not exist."""
        for camera in self.cameras:
            robot.camera(camera)
        for task in tasks:
            get_task(task, self.variant)
            get_expert(task)

    def as_dict(self) -> dict[str, Any]:
        """For ``collection.json``."""
        return {**asdict(self), "cameras": list(self.cameras)}


def cameras_of(text: str) -> tuple[str, ...]:
    """Cameras of a comma-separated list; ``none`` is no camera."""
    if text.strip() == "none":
        return ()
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise BimanualError(f"cameras {text!r}: give a comma-separated list of cameras, or none")
    return names
