"""The planning groups of a robot, and that its SRDF has them as its YAML says."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable

from bimanual_core.errors import ConfigError
from bimanual_core.robot import RobotSpec

BOTH_ARMS = "both_arms"


def groups(robot: RobotSpec) -> dict[str, tuple[str, ...]]:
    """The active joints of every group: each arm, both arms where there are two, each gripper."""
    arms = {f"{arm.side}_arm": arm.joints for arm in robot.arms}
    both = {BOTH_ARMS: tuple(j for joints in arms.values() for j in joints)} if len(arms) > 1 else {}
    return arms | both | {f"{arm.side}_gripper": (arm.gripper.joint,) for arm in robot.arms}


def group_of(sides: Iterable[str]) -> str:
    """The group that moves the arms of ``sides``."""
    named = tuple(sides)
    return BOTH_ARMS if len(named) > 1 else f"{named[0]}_arm"


def require_groups(robot: RobotSpec, srdf: str) -> None:
    """Raises ConfigError where the SRDF lacks a group, or gives an arm other ends than the robot's YAML does."""
    root = ET.fromstring(srdf)
    found = {group.attrib["name"]: group for group in root.findall("group")}
    if root.attrib.get("name") != robot.name:
        raise ConfigError(f"{robot.name}: the SRDF is of robot {root.attrib.get('name')!r}")
    for name in groups(robot):
        if name not in found:
            raise ConfigError(f"{robot.name}: the SRDF has no group {name!r}; groups: {', '.join(found)}")
    for arm in robot.arms:
        chain = found[f"{arm.side}_arm"].find("chain")
        ends = None if chain is None else (chain.get("base_link"), chain.get("tip_link"))
        if ends != (arm.base_frame, arm.tcp_frame):
            wanted = f"a chain from {arm.base_frame} to {arm.tcp_frame}"
            raise ConfigError(f"{robot.name}: group {arm.side}_arm of the SRDF is {ends}, it must be {wanted}")
    if BOTH_ARMS in groups(robot):
        members = [group.attrib["name"] for group in found[BOTH_ARMS].findall("group")]
        wanted_members = [f"{side}_arm" for side in robot.sides]
        if members != wanted_members:
            raise ConfigError(f"{robot.name}: group {BOTH_ARMS} of the SRDF has {members}, not {wanted_members}")
