"""The actions a model may ask for: RoboTwin's primitives with its parameter names, checked, as skills of an arm.

The prompt's list of actions is made from these models, so that what is told and what is taken are the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bimanual_core.errors import BimanualError
from bimanual_core.se3 import make_T
from bimanual_core.skill import Skill
from mllm_agent.words import plain, shown

#: How a pose is written, everywhere: in prompts, in replies, in feedback.
POSE_FORMAT = "[x, y, z, qx, qy, qz, qw]: metres in the world frame, then a unit quaternion in the order x, y, z, w"
#: How far a quaternion's length may be from 1; it is then normalised.
QUATERNION_TOLERANCE = 0.05
BOTH = "both"

Arm = Literal["left", "right"]
ArmOrBoth = Literal["left", "right", "both"]
Distance = Annotated[float, Field(ge=0.0, le=0.3)]
Shift = Annotated[float, Field(ge=-1.0, le=1.0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
PointId = Annotated[int, Field(ge=0, le=1000)]
Coordinate = Annotated[float, Field(ge=-3.0, le=3.0)]
Pose = Annotated[list[Coordinate], Field(min_length=7, max_length=7)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class Parameters(BaseModel):
    """Parameters of one action; ``ID`` and ``NAME`` are how a plan calls it."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)
    ID: ClassVar[str]
    NAME: ClassVar[str]
    arm_tag: ArmOrBoth

    @property
    def sides(self) -> tuple[str, ...]:
        return ("left", "right") if self.arm_tag == BOTH else (self.arm_tag,)

    @property
    def objects(self) -> tuple[str, ...]:
        """Names of scene objects that it needs."""
        return ()

    def skill(self) -> Skill | None:
        """What each of its arms does; None: nothing moves."""
        raise NotImplementedError


class _OneArm(Parameters):
    arm_tag: Arm


class _OfObject(_OneArm):
    actor: Name = Field(description="name of an object")

    @property
    def objects(self) -> tuple[str, ...]:
        return (self.actor,)


class GraspActor(_OfObject):
    """Open, move to the object, close on it."""

    ID, NAME = "2.2", "grasp_actor"
    pre_grasp_dis: Distance = Field(0.1, description="distance before the grasp from which it goes straight [m]")
    grasp_dis: Distance = Field(0.0, description="how much deeper than usual [m]")
    gripper_pos: Fraction = Field(0.0, description="the gripper closes on the object, so 0 is what makes sense")
    contact_point_id: PointId | list[PointId] | None = Field(
        None, description="contact points to choose from; none: any"
    )

    def skill(self) -> Skill:
        ids = self.contact_point_id
        contact_ids = () if ids is None else (ids,) if isinstance(ids, int) else tuple(ids)
        return Skill(
            "grasp_actor",
            self.actor,
            contact_ids=contact_ids,
            pre_grasp_dis=self.pre_grasp_dis,
            grasp_dis=self.grasp_dis,
            gripper_pos=self.gripper_pos,
        )


class PlaceActor(_OfObject):
    """Bring a functional point of the object that this arm holds to a pose, and open the gripper."""

    ID, NAME = "2.3", "place_actor"
    target_pose: Pose = Field(description="where the functional point shall be")
    functional_point_id: PointId | None = Field(None, description="none: 0")
    pre_dis: Distance = Field(0.1, description="height above the target from which it goes straight down [m]")
    dis: Distance = Field(0.02, description="height above the target at which it ends [m]")
    is_open: bool = Field(True, description="whether to open the gripper at the end")
    constrain: Literal["free", "align", "auto"] = Field("auto", description="align keeps the target's heading")

    _unit = field_validator("target_pose")(lambda pose: unit_pose(pose))

    def skill(self) -> Skill:
        return Skill(
            "place_actor",
            self.actor,
            target=transform(self.target_pose),
            functional_id=self.functional_point_id or 0,
            pre_dis=self.pre_dis,
            dis=self.dis,
            is_open=self.is_open,
            constrain=self.constrain,
        )


class MoveByDisplacement(Parameters):
    """Move the gripper straight by a displacement."""

    ID, NAME = "2.4", "move_by_displacement"
    x: Shift = Field(0.0, description="[m]")
    y: Shift = Field(0.0, description="[m]")
    z: Shift = Field(0.0, description="[m]")
    move_axis: Literal["world", "arm"] = Field("world", description="arm: z out of the gripper, y its opening")

    def skill(self) -> Skill:
        return Skill("move_by_displacement", displacement=(self.x, self.y, self.z), move_axis=self.move_axis)


class MoveToPose(_OneArm):
    """Move the point between the finger tips to a pose; z out of the gripper, y along its opening."""

    ID, NAME = "2.5", "move_to_pose"
    target_pose: Pose = Field(description="where the point between the finger tips shall be")

    _unit = field_validator("target_pose")(lambda pose: unit_pose(pose))

    def skill(self) -> Skill:
        return Skill("move_to_pose", target=transform(self.target_pose))


class CloseGripper(_OneArm):
    """Close the gripper."""

    ID, NAME = "2.6", "close_gripper"
    pos: Fraction = Field(0.0, description="0 closed, 1 open")

    def skill(self) -> Skill:
        return Skill("close_gripper", gripper_pos=self.pos)


class OpenGripper(_OneArm):
    """Open the gripper."""

    ID, NAME = "2.7", "open_gripper"
    pos: Fraction = Field(1.0, description="0 closed, 1 open")

    def skill(self) -> Skill:
        return Skill("open_gripper", gripper_pos=self.pos)


class BackToOrigin(Parameters):
    """Bring the arm to where it began."""

    ID, NAME = "2.8", "back_to_origin"

    def skill(self) -> Skill:
        return Skill("back_to_origin")


class GetArmPose(_OneArm):
    """Tell where the point between the finger tips is; nothing moves."""

    ID, NAME = "2.9", "get_arm_pose"

    def skill(self) -> None:
        return None


KINDS: tuple[type[Parameters], ...] = (
    GraspActor,
    PlaceActor,
    MoveByDisplacement,
    MoveToPose,
    CloseGripper,
    OpenGripper,
    BackToOrigin,
    GetArmPose,
)
_BY_NAME = {kind.NAME: kind for kind in KINDS}


@dataclass(frozen=True, eq=False)
class Action:
    """A checked action, the ``number``-th of its plan (from 1)."""

    number: int
    parameters: Parameters
    skill: Skill | None

    @property
    def sides(self) -> tuple[str, ...]:
        return self.parameters.sides

    def skill_of(self, side: str) -> Skill:
        """What the arm ``side`` does meanwhile."""
        return self.skill if self.skill is not None and side in self.sides else Skill("hold")

    def __str__(self) -> str:
        words = ["both arms" if len(self.sides) == 2 else f"{self.sides[0]} arm", *map(plain, self.parameters.objects)]
        return f"action {self.number} {self.parameters.NAME} ({', '.join(words)})"


class Refusal(ValueError):
    """An action that makes no sense here, in words for the model."""


def check(
    number: int, action_id: str, name: str, given: dict[str, Any], sides: tuple[str, ...], objects: set[str]
) -> Action:
    """The action that a plan asks for, for a robot with arms ``sides`` among ``objects``. Raises Refusal."""
    where = f"action {number} {plain(name, 40)}"
    kind = _BY_NAME.get(name)
    if kind is None:
        raise Refusal(f"action {number}: there is no action {shown(name)}; actions: {', '.join(_BY_NAME)}")
    if action_id not in ("", kind.ID):
        raise Refusal(f"{where}: its action_id is {kind.ID}, not {shown(action_id)}")
    try:
        parameters = kind.model_validate(given)
    except ValidationError as error:
        raise Refusal(f"{where}: {problems(error, kind)}") from None
    for side in parameters.sides:
        if side not in sides:
            raise Refusal(f"{where}: the robot has no {side} arm; arms: {', '.join(sides)}")
    for needed in parameters.objects:
        if needed not in objects:
            raise Refusal(
                f"{where}: there is no object {shown(needed)}; objects: {', '.join(sorted(objects)) or 'none'}"
            )
    try:
        return Action(number, parameters, parameters.skill())
    except BimanualError as error:
        raise Refusal(f"{where}: {plain(str(error))}") from None


def problems(error: ValidationError, kind: type[BaseModel]) -> str:
    """What is wrong with given values, in words: the first three problems with value and limit."""
    texts = []
    for item in error.errors(include_url=False, include_context=False)[:3]:
        where = ".".join(plain(str(part), 40) for part in item["loc"][:4]) or "it"
        if item["type"] == "missing":
            texts.append(f"the required {where} is missing")
        elif item["type"] == "extra_forbidden":
            texts.append(f"there is no parameter {where}; parameters: {', '.join(kind.model_fields)}")
        else:
            texts.append(f"{where} is {shown(item['input'])}: {plain(item['msg'], 160)}")
    return "; ".join(texts)


def unit_pose(pose: list[float]) -> list[float]:
    """``pose`` with its quaternion normalised; raises ValueError if it is none."""
    norm = math.sqrt(sum(value * value for value in pose[3:]))
    if abs(norm - 1.0) > QUATERNION_TOLERANCE:
        raise ValueError(f"the quaternion has length {norm:.3f}, it must be 1; poses are {POSE_FORMAT}")
    return pose if abs(norm - 1.0) < 1e-9 else [*pose[:3], *(value / norm for value in pose[3:])]


def transform(pose: list[float]) -> np.ndarray:
    """The transform (4, 4) of a pose in POSE_FORMAT."""
    return make_T(pose[:3], pose[3:])
