"""Problems of one arm in files that mplib reads: the robot with everything else at rest, the boxes, the poses."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bimanual_core.scene import TableSpec
from bimanual_core.se3 import from_rotation, inverse
from bimanual_description import srdf
from bimanual_kinematics.collision import arm_of_links
from bimanual_kinematics.model import RobotModel
from bimanual_planner.bench.problems import Problem
from bimanual_planner.config import PlannerConfig

Array = NDArray[np.float64]


def write_problems(folder: Path, problems: Sequence[Problem], config: PlannerConfig, screw_step: float) -> Path:
    """The file of ``problems``, each of one arm of one robot whose other joints are where the first problem has them;
    the robots' files are beside it. Limits of speed and acceleration are those of ``config``; ``screw_step`` [rad] is
    the length of mplib's steps along a screw, in joint space."""
    model, state = problems[0].scene.model, problems[0].state
    table = TableSpec()
    x, y = table.centre_xy
    asked = {
        "robots": {side: _robot(folder, model, state.q, side, config) for side in model.robot.sides},
        "table": _box(table.size, from_rotation(np.eye(3), (x, y, table.top_z - table.size[2] / 2))),
        "screw_step": screw_step,
        "problems": [_problem(problem) for problem in problems],
    }
    path = folder / "problems.json"
    path.write_text(json.dumps(asked), encoding="utf-8")
    return path


def one_arm_urdf(model: RobotModel, q: Array, side: str) -> str:
    """The robot's URDF with only one arm's joints: the others are fixed as flat joints ``q`` (D,) have them. Without
    pictures of links, which nobody collides with."""
    root = ET.fromstring(model.urdf)
    for link in root.findall("link"):
        for visual in link.findall("visual"):
            link.remove(visual)
    for joint in root.findall("joint"):
        if joint.attrib["type"] != "fixed" and joint.attrib["name"] not in model.robot.arm(side).joints:
            _fix(joint, model, q)
    return ET.tostring(root, encoding="unicode")


def _fix(joint: ET.Element, model: RobotModel, q: Array) -> None:
    parent, child = (joint.find(end).attrib["link"] for end in ("parent", "child"))  # type: ignore[union-attr]
    T = inverse(model.frame(parent, q)) @ model.frame(child, q)
    for element in list(joint):
        if element.tag not in ("parent", "child"):
            joint.remove(element)
    joint.set("type", "fixed")
    ET.SubElement(joint, "origin", xyz=_text(T[:3, 3]), rpy=_text(_rpy(T[:3, :3])))


def _rpy(R: Array) -> Array:
    """Roll, pitch and yaw [rad] of a rotation; where the pitch is a right angle roll takes all."""
    pitch = np.arctan2(-R[2, 0], np.hypot(R[0, 0], R[1, 0]))
    if np.hypot(R[0, 0], R[1, 0]) < 1e-9:
        return np.array([np.arctan2(-R[1, 2], R[1, 1]), pitch, 0.0])
    return np.array([np.arctan2(R[2, 1], R[2, 2]), pitch, np.arctan2(R[1, 0], R[0, 0])])


def _robot(folder: Path, model: RobotModel, q: Array, side: str, config: PlannerConfig) -> dict[str, Any]:
    arm = model.robot.arm(side)
    fixed = [link for link in model.link_poses(q) if link not in _carried(model, side)]
    urdf, srdf_file = folder / f"{side}.urdf", folder / f"{side}.srdf"
    urdf.write_text(one_arm_urdf(model, q, side), encoding="utf-8")
    srdf_file.write_text(_srdf(model, fixed), encoding="utf-8")
    return {
        "urdf": str(urdf),
        "srdf": str(srdf_file),
        "tool": arm.tcp_frame,
        "velocity": config.speeds(arm.velocity).tolist(),
        "acceleration": config.accelerations(arm.acceleration).tolist(),
        "fixed": fixed,
    }


def _carried(model: RobotModel, side: str) -> set[str]:
    """The links that an arm's joints move."""
    base = model.robot.arm(side).base_frame
    return {link for link, arm in arm_of_links(model).items() if arm == side and link != base}


def _srdf(model: RobotModel, fixed: Sequence[str]) -> str:
    """The robot's pairs that are not checked, and those of two links that cannot move."""
    root = ET.Element("robot", name=model.robot.name)
    for element in ET.fromstring(srdf(model.robot)).iter("disable_collisions"):
        root.append(element)
    for a, b in combinations(fixed, 2):
        ET.SubElement(root, "disable_collisions", link1=a, link2=b, reason="neither moves")
    return ET.tostring(root, encoding="unicode")


def _problem(problem: Problem) -> dict[str, Any]:
    ((side, target),) = problem.targets.items()
    boxes = [
        {"name": name, **_box(problem.scene.asset(name).shapes[0].size, T)} for name, T in problem.state.objects.items()
    ]
    start = problem.state.arm_q(side)
    return {"side": side, "start": start.tolist(), "target": target.tolist(), "boxes": boxes}


def _box(size: Sequence[float], T: Array) -> dict[str, Any]:
    return {"size": [float(length) for length in size], "T": T.tolist()}


def _text(numbers: Array) -> str:
    return " ".join(repr(float(number)) for number in numbers)
