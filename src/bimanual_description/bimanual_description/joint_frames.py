"""Transforms of a URDF's links from joint positions: what robot_state_publisher computes, without ROS."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import ConfigError
from bimanual_core.se3 import from_rotation, quat_from_rotation, rotation_from_rpy

Array = NDArray[np.float64]
_MOVING = ("revolute", "continuous", "prismatic")


@dataclass(frozen=True, eq=False)
class JointFrame:
    """One joint: ``T_parent_child`` at position 0, its axis, and whose position it follows (its own, or mimicked)."""

    parent: str
    child: str
    kind: str
    T_parent_child: Array
    axis: Array
    source: str
    multiplier: float = 1.0
    offset: float = 0.0

    @property
    def fixed(self) -> bool:
        return self.kind == "fixed"

    @property
    def rest(self) -> Array:
        """Translation [m] and quaternion xyzw (7,) of the child in its parent at position 0."""
        return np.concatenate([self.T_parent_child[:3, 3], quat_from_rotation(self.T_parent_child[:3, :3])])


def joint_frames(urdf: str) -> list[JointFrame]:
    """Every joint of ``urdf`` in its order. Raises ConfigError for a joint of a kind that is not supported."""
    return [_frame(element) for element in ET.fromstring(urdf).findall("joint")]


def _frame(element: ET.Element) -> JointFrame:
    name, kind = element.attrib["name"], element.attrib["type"]
    if kind != "fixed" and kind not in _MOVING:
        raise ConfigError(f"URDF joint {name!r} is of type {kind!r}; supported: fixed, {', '.join(_MOVING)}")
    origin, axis, mimic = element.find("origin"), element.find("axis"), element.find("mimic")
    rpy = _numbers(origin, "rpy", "0 0 0")
    direction = _numbers(axis, "xyz", "1 0 0")
    attributes: Mapping[str, str] = {} if mimic is None else mimic.attrib
    return JointFrame(
        parent=element.find("parent").attrib["link"],  # type: ignore[union-attr]
        child=element.find("child").attrib["link"],  # type: ignore[union-attr]
        kind=kind,
        T_parent_child=from_rotation(rotation_from_rpy(rpy), _numbers(origin, "xyz", "0 0 0")),
        axis=direction / np.linalg.norm(direction),
        source=attributes.get("joint", name),
        multiplier=float(attributes.get("multiplier", "1")),
        offset=float(attributes.get("offset", "0")),
    )


def _numbers(element: ET.Element | None, key: str, default: str) -> Array:
    return np.array([float(v) for v in (default if element is None else element.get(key, default)).split()])


class MovingFrames:
    """The moving joints of a URDF, all poses in a few array operations."""

    def __init__(self, frames: list[JointFrame]) -> None:
        self.frames = [f for f in frames if not f.fixed]
        self._sources = [f.source for f in self.frames]
        self._multiplier = np.array([f.multiplier for f in self.frames])
        self._offset = np.array([f.offset for f in self.frames])
        slides = np.array([f.kind == "prismatic" for f in self.frames])
        self._slide, self._half_turn = np.where(slides, 1.0, 0.0), np.where(slides, 0.0, 0.5)
        axes = np.array([f.axis for f in self.frames]).reshape(-1, 3)
        R = np.array([f.T_parent_child[:3, :3] for f in self.frames]).reshape(-1, 3, 3)
        self._xyz = np.array([f.T_parent_child[:3, 3] for f in self.frames]).reshape(-1, 3)
        self._slide_axis = np.einsum("nij,nj->ni", R, axes)
        # The fixed rotation (u, t) times the joint's (axis sin, cos) is linear in sin and cos.
        self._by_cos = np.array([quat_from_rotation(r) for r in R]).reshape(-1, 4)
        u, t = self._by_cos[:, :3], self._by_cos[:, 3:]
        self._by_sin = np.hstack([t * axes + np.cross(u, axes), -np.sum(u * axes, axis=1, keepdims=True)])

    def poses(self, positions: Mapping[str, float]) -> Array:
        """Translation [m] and quaternion xyzw (N, 7) of each child in its parent. KeyError for a missing joint."""
        value = self._multiplier * np.array([positions[source] for source in self._sources]) + self._offset
        turn = (self._half_turn * value)[:, None]
        out = np.empty((len(self.frames), 7))
        out[:, :3] = self._xyz + (self._slide * value)[:, None] * self._slide_axis
        out[:, 3:] = np.sin(turn) * self._by_sin + np.cos(turn) * self._by_cos
        return out
