"""Skills: what an expert or an agent asks an arm to do, after RoboTwin's primitives, and the report of it.

A request is one list per arm. The i-th skills of both lists run together; ``hold`` fills a place where an arm
stays. The planner looks ahead along both lists: a grasp is chosen such that everything after it stays reachable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode, Point
from bimanual_core.se3 import as_sent, is_transform

Array = NDArray[np.float64]

SKILL_NAMES = (
    "hold",
    "grasp_actor",
    "place_actor",
    "move_by_displacement",
    "move_to_pose",
    "open_gripper",
    "close_gripper",
    "back_to_origin",
    "delay",
)
SYNC_MODES = ("proportional", "independent")
MOVE_AXES = ("world", "arm")
CONSTRAINTS = ("free", "align", "auto")
#: Most that a distance [m] and a delay [s] may be.
FARTHEST, LONGEST_DELAY_S = 60.0, 60.0


@dataclass(frozen=True, eq=False)
class Skill:
    """One primitive; only the fields its ``name`` uses matter.

    grasp_actor: actor, contact_ids (empty = any), group ("" = any), pre_grasp_dis, grasp_dis [m], gripper_pos 0..1
    place_actor: actor, target (pose of the functional point in world), functional_id, pre_dis, dis [m], is_open,
                 constrain
    move_by_displacement: displacement (3,) [m], move_axis world|arm (arm = tcp frame)
    move_to_pose: target (pose of tcp in world)
    open_gripper / close_gripper: gripper_pos 0..1
    delay: seconds
    """

    name: str
    actor: str = ""
    target: Array | None = None
    contact_ids: tuple[int, ...] = ()
    group: str = ""
    functional_id: int = 0
    pre_grasp_dis: float = 0.1
    grasp_dis: float = 0.0
    pre_dis: float = 0.1
    dis: float = 0.02
    gripper_pos: float = 0.0
    is_open: bool = True
    constrain: str = "auto"
    displacement: tuple[float, float, float] = (0.0, 0.0, 0.0)
    move_axis: str = "world"
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in SKILL_NAMES:
            raise BimanualError(f"unknown skill {self.name!r}; choices: {', '.join(SKILL_NAMES)}")
        if self.target is not None and not is_transform(self.target):
            raise BimanualError(f"{self.name}: target is not a finite rigid transform")
        if self.target is not None:
            object.__setattr__(self, "target", as_sent(self.target))
        for field_name in ("pre_grasp_dis", "grasp_dis", "pre_dis", "dis", "displacement"):
            value = getattr(self, field_name)
            if not np.max(np.abs(value)) <= FARTHEST:
                raise BimanualError(f"{self.name}: {field_name} {value} is outside [-{FARTHEST:g}, {FARTHEST:g}] m")
        if not 0.0 <= self.seconds <= LONGEST_DELAY_S:
            raise BimanualError(f"{self.name}: seconds {self.seconds} is outside [0, {LONGEST_DELAY_S:g}]")
        if not 0.0 <= self.gripper_pos <= 1.0:
            raise BimanualError(f"{self.name}: gripper_pos {self.gripper_pos} is outside 0..1")
        if self.move_axis not in MOVE_AXES:
            raise BimanualError(f"{self.name}: move_axis {self.move_axis!r}; choices: {', '.join(MOVE_AXES)}")
        if self.constrain not in CONSTRAINTS:
            raise BimanualError(f"{self.name}: constrain {self.constrain!r}; choices: {', '.join(CONSTRAINTS)}")
        if self.name in ("grasp_actor", "place_actor") and not self.actor:
            raise BimanualError(f"{self.name}: needs an actor")
        if self.name in ("place_actor", "move_to_pose") and self.target is None:
            raise BimanualError(f"{self.name}: needs a target pose")


def hold() -> Skill:
    """Stay where the arm is while the other arm's skill of the same index runs."""
    return Skill("hold")


@dataclass(frozen=True)
class SkillReport:
    """What was asked, how far it got, and the first failure with its layer and numbers.

    ``done`` counts the indices that finished on both arms; ``failed_index`` is -1 on success. ``places`` are those of
    the failure's BimanualError, known in the planner's own process.
    """

    asked: int
    done: int
    error_code: ErrorCode = ErrorCode.NONE
    error_msg: str = ""
    failed_index: int = -1
    failed_side: str = ""
    layer: str = ""  # request, plan, control, grasp
    plan_seconds: float = 0.0
    log: tuple[str, ...] = field(default=())
    places: Mapping[str, Point] = field(default_factory=dict, compare=False)

    @property
    def success(self) -> bool:
        return self.error_code == ErrorCode.NONE
