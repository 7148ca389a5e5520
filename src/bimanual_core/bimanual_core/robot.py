"""What a robot is to the rest of the project: arms, grippers, cameras, limits and the flat joint order.

One YAML of ``bimanual_description/robots`` is one :class:`RobotSpec`. The flat vector
[left arm, left gripper, right arm, right gripper] is defined here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bimanual_core.config import build, load_yaml
from bimanual_core.errors import ConfigError, UnknownNameError

Array = NDArray[np.float64]

#: Left before right, everywhere.
SIDES: tuple[str, ...] = ("left", "right")


def other_side(side: str) -> str:
    """The opposite arm's name."""
    return {"left": "right", "right": "left"}[side]


@dataclass(frozen=True)
class GripperSpec:
    """A parallel gripper whose joint position is the total opening [m].

    ``finger_joints`` mimic the opening (x 0.5); ``force`` [N] is what each finger may press with.
    """

    joint: str
    finger_joints: tuple[str, str]
    max_opening: float
    velocity: float  # of the opening [m/s]
    force: float
    link: str  # the body that carries the fingers
    finger_links: tuple[str, str]


@dataclass(frozen=True)
class ArmSpec:
    """One arm: its joints in order, limits [rad, rad/s, rad/s^2, rad/s^3], home and frames.

    ``stop_acceleration`` [rad/s^2] is what stops and cancelled goals brake with, at least ``acceleration``, which holds
    for all other motion; empty means the same.
    """

    side: str
    joints: tuple[str, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    velocity: tuple[float, ...]
    acceleration: tuple[float, ...]
    jerk: tuple[float, ...]
    home: tuple[float, ...]
    base_frame: str
    tool_frame: str
    tcp_frame: str
    gripper: GripperSpec
    stop_acceleration: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.joints)
        if not self.stop_acceleration:
            object.__setattr__(self, "stop_acceleration", self.acceleration)
        for name in ("lower", "upper", "velocity", "acceleration", "jerk", "home", "stop_acceleration"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{self.side} arm: {name} has {len(getattr(self, name))} values for {n} joints")
        for joint, low, home, high in zip(self.joints, self.lower, self.home, self.upper, strict=True):
            if not low <= home <= high:
                raise ValueError(f"{joint}: home {home} is outside [{low}, {high}]")
        for joint, stop, usual in zip(self.joints, self.stop_acceleration, self.acceleration, strict=True):
            if stop < usual:
                raise ValueError(f"{joint}: stop_acceleration {stop} is below its acceleration {usual}")

    @property
    def dof(self) -> int:
        return len(self.joints)


@dataclass(frozen=True)
class CameraSpec:
    """A pinhole camera on a link: ``<name>_camera``, frames ``<name>_camera_link`` and
    ``<name>_camera_color_optical_frame``. ``xyz`` [m] and ``rpy`` [rad] place its link (x forward) on ``parent``."""

    name: str
    parent: str
    xyz: tuple[float, float, float]
    rpy: tuple[float, float, float]
    width: int = 320
    height: int = 240
    fovy_deg: float = 42.4
    near: float = 0.1
    far: float = 10.0
    simulation_only: bool = False

    @property
    def link_frame(self) -> str:
        return f"{self.name}_camera_link"

    @property
    def optical_frame(self) -> str:
        return f"{self.name}_camera_color_optical_frame"

    @cached_property
    def K(self) -> Array:
        """Intrinsics (3, 3) [px] of square pixels with the principal point in the middle; as in ROS the middle of the
        first pixel is (0, 0)."""
        f = 0.5 * self.height / np.tan(np.radians(self.fovy_deg) / 2)
        return np.array([[f, 0, (self.width - 1) / 2], [0, f, (self.height - 1) / 2], [0, 0, 1.0]])


@dataclass(frozen=True)
class SafetyLimits:
    """What the controllers keep the arms to besides the limits of each joint.

    Every tcp stays in the box ``workspace_lower`` to ``workspace_upper`` (world [m]) and, over the table, no more than
    ``below_table`` [m] under its top; links of different arms stay ``arm_distance`` [m] apart.
    """

    workspace_lower: tuple[float, float, float]
    workspace_upper: tuple[float, float, float]
    below_table: float
    arm_distance: float

    def __post_init__(self) -> None:
        for axis, low, high in zip("xyz", self.workspace_lower, self.workspace_upper, strict=True):
            if not low < high:
                raise ValueError(f"workspace along {axis}: lower {low} is not below upper {high}")
        for name in ("below_table", "arm_distance"):
            if not 0.0 <= getattr(self, name) <= 0.1:
                raise ValueError(f"{name} {getattr(self, name)} m is outside [0, 0.1]")


@dataclass(frozen=True)
class JointLayout:
    """The flat joint vector: names in order and where each group lies."""

    names: tuple[str, ...]
    groups: dict[str, slice]

    @property
    def size(self) -> int:
        return len(self.names)

    def index(self, joint: str) -> int:
        """Position of ``joint`` in the flat vector; raises UnknownNameError."""
        try:
            return self.names.index(joint)
        except ValueError:
            raise UnknownNameError("joint", joint, self.names) from None

    def group(self, name: str) -> slice:
        """Slice of a group such as ``left_arm`` or ``right_gripper``."""
        try:
            return self.groups[name]
        except KeyError:
            raise UnknownNameError("joint group", name, self.groups) from None

    def flat(self, by_name: dict[str, float]) -> Array:
        """Flat vector (D,) from values by joint name; raises UnknownNameError for a missing joint."""
        missing = [n for n in self.names if n not in by_name]
        if missing:
            raise UnknownNameError("joint", missing[0], by_name)
        return np.array([by_name[n] for n in self.names])


@dataclass(frozen=True)
class RobotSpec:
    """A robot of one or two arms, validated at construction; ``arms`` is left before right."""

    name: str
    xacro: str
    T_world_base_xyz: tuple[float, float, float]
    T_world_base_yaw: float
    arms: tuple[ArmSpec, ...]
    cameras: tuple[CameraSpec, ...]
    layouts: dict[str, dict[str, float]] = field(default_factory=dict)
    safety: SafetyLimits | None = None

    def __post_init__(self) -> None:
        sides = [a.side for a in self.arms]
        if sides != [s for s in SIDES if s in sides] or not sides:
            raise ValueError(f"arms must be left before right, got {sides}")

    @property
    def sides(self) -> tuple[str, ...]:
        return tuple(a.side for a in self.arms)

    def arm(self, side: str) -> ArmSpec:
        """The arm called ``left`` or ``right``; raises UnknownNameError."""
        for arm in self.arms:
            if arm.side == side:
                return arm
        raise UnknownNameError("arm", side, self.sides)

    def camera(self, name: str) -> CameraSpec:
        """The camera called ``name`` (without ``_camera``); raises UnknownNameError."""
        for camera in self.cameras:
            if camera.name == name:
                return camera
        raise UnknownNameError("camera", name, [c.name for c in self.cameras])

    @cached_property
    def joints(self) -> JointLayout:
        """The flat joint order of this robot."""
        names: list[str] = []
        groups: dict[str, slice] = {}
        for arm in self.arms:
            groups[f"{arm.side}_arm"] = slice(len(names), len(names) + arm.dof)
            names.extend(arm.joints)
            groups[f"{arm.side}_gripper"] = slice(len(names), len(names) + 1)
            names.append(arm.gripper.joint)
        return JointLayout(tuple(names), groups)

    @cached_property
    def home(self) -> Array:
        """Flat home vector (D,): arms at home, grippers open."""
        q = np.zeros(self.joints.size)
        for arm in self.arms:
            q[self.joints.group(f"{arm.side}_arm")] = arm.home
            q[self.joints.group(f"{arm.side}_gripper")] = arm.gripper.max_opening
        return q

    @cached_property
    def lower(self) -> Array:
        """Lower position limits (D,) of the flat vector."""
        return np.concatenate([[*a.lower, 0.0] for a in self.arms])

    @cached_property
    def upper(self) -> Array:
        """Upper position limits (D,) of the flat vector."""
        return np.concatenate([[*a.upper, a.gripper.max_opening] for a in self.arms])


def load_robot(path: Path | str) -> RobotSpec:
    """The robot of one YAML file. Raises ConfigError naming the file and the key."""
    spec = build(RobotSpec, load_yaml(path), str(path))
    if spec.name != Path(path).stem:
        raise ConfigError(f"{path}: name {spec.name!r} differs from the file's name")
    return spec
