"""What a world shows: joints, camera frames, objects; each with the stamp it is true at [ns]."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bimanual_core.scene import TableSpec
from bimanual_core.se3 import as_sent

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class JointSample:
    """Joints in flat order: position [rad; grippers m], velocity [1/s of it], effort [Nm; N], each (D,)."""

    stamp_ns: int
    position: Array
    velocity: Array
    effort: Array


@dataclass(frozen=True, eq=False)
class Setpoint:
    """Commanded joints in flat order: position and feed-forward velocity, each (D,)."""

    position: Array
    velocity: Array


@dataclass(frozen=True, eq=False)
class CameraFrame:
    """One picture: rgb (H, W, 3) uint8, depth (H, W) uint16 [mm] (0 = none) aligned to it, K (3, 3) [px]
    and the pose of the optical frame (z forward, x right, y down)."""

    name: str
    stamp_ns: int
    rgb: NDArray[np.uint8]
    depth_mm: NDArray[np.uint16]
    K: Array
    T_world_camera: Array


@dataclass(frozen=True, eq=False)
class ObjectState:
    """A scene object as it is now; ``contacts`` names what it touches (known in simulation only), ``joints`` are the
    positions [rad or m] of an articulated one's joints by name."""

    name: str
    class_name: str
    asset_id: str
    scale: tuple[float, float, float]
    T_world_object: Array
    contacts: frozenset[str] = frozenset()
    fixed: bool = False
    joints: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "T_world_object", as_sent(self.T_world_object))


@dataclass(frozen=True, eq=False)
class ObjectSnapshot:
    """All objects of one scene at one stamp, and the table they stand on."""

    stamp_ns: int
    scene_id: int
    objects: dict[str, ObjectState] = field(default_factory=dict)
    table: TableSpec = field(default_factory=TableSpec)


@dataclass(frozen=True, eq=False)
class Observation:
    """Joints measured and commanded, tcp poses by side, and the cameras asked for."""

    stamp_ns: int
    scene_id: int
    joints: JointSample
    commanded: Array  # (D,)
    T_world_tcp: dict[str, Array]
    cameras: dict[str, CameraFrame] = field(default_factory=dict)
