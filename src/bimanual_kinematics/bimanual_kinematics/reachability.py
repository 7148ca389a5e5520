"""The reachability map: where both arms can really work, with collisions and continuous joints.

``python -m bimanual_kinematics.reachability --robot cobot_magic`` writes it to ``docs/``. A cell counts only if
the whole motion around the grasp (approach and lift, or lowering and retreat) has joints without a jump and keeps
clear of the robot itself, the table and the object.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bimanual_core.robot import other_side
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import inverse
from bimanual_description import load, robot_names
from bimanual_description.model import DEFAULT_LAYOUT
from bimanual_kinematics.collision import CollisionScene
from bimanual_kinematics.ik import follow, ik_solutions
from bimanual_kinematics.model import RobotModel
from bimanual_kinematics.reach_ranges import (
    AZIMUTHS,
    MEETING,
    RANGES,
    TILTS,
    MeetingRange,
    ReachRange,
    box_asset,
    grip_pose,
    object_pose,
)
from bimanual_kinematics.reach_report import write_report

Array = NDArray[np.float64]

STEP = 0.01  # [m] between checked poses
MARGIN = 0.002  # [m] of clearance
OBJECT = "object"

#: Outcomes of a cell, best last: the furthest any joint solution got.
UNREACHABLE, JUMP, COLLISION, FEASIBLE = "r", "j", "c", "1"
_RANK = {UNREACHABLE: 0, JUMP: 1, COLLISION: 2, FEASIBLE: 3}


class ReachMap:
    """Answers for single cells of the map on one robot and layout."""

    def __init__(self, model: RobotModel) -> None:
        self.model = model
        self.robot = model.robot
        self._scene = CollisionScene(model, TableSpec(top_z=0.74), margin=MARGIN)

    def cell(self, area: ReachRange, point: tuple[float, float], tilt: int, azimuth: int) -> str:
        """The outcome for one object position and approach."""
        centre = np.array([*point, area.centre_z])
        best = UNREACHABLE
        for flip in (False, True):
            T_grip = grip_pose(centre, area.grip_above, tilt, azimuth, flip)
            for q_grip in ik_solutions(self.model, area.side, T_grip):
                outcome = self._try(area, object_pose(centre, azimuth), T_grip, q_grip)
                best = max(best, outcome, key=_RANK.__getitem__)
                if best == FEASIBLE:
                    return best
        return best

    def meeting_cell(self, area: MeetingRange, height: float, tilts: tuple[int, int], left_azimuth: int) -> str:
        """The outcome for one meeting: tilts (left, right), right heading 90 deg to the left of left's heading."""
        centre = np.array([*area.xy, height])
        T_object = object_pose(centre, left_azimuth)
        best = UNREACHABLE
        for left in self._grips("left", centre, area.grip, tilts[0], left_azimuth):
            for right in self._grips("right", centre, -area.grip, tilts[1], left_azimuth - 90):
                outcome = self._try_meeting(area, T_object, left, right)
                best = max(best, outcome, key=_RANK.__getitem__)
                if best == FEASIBLE:
                    return best
        return best

    def _grips(self, side: str, centre: Array, above: float, tilt: int, azimuth: int) -> Iterator[tuple[Array, Array]]:
        for flip in (False, True):
            T = grip_pose(centre, above, tilt, azimuth, flip)
            for q in ik_solutions(self.model, side, T):
                yield T, q

    def _try(self, area: ReachRange, T_object: Array, T_grip: Array, q_grip: Array) -> str:
        side = area.side
        free = self._path(side, T_grip, -area.approach * T_grip[:3, 2], q_grip)
        carried = self._path(side, T_grip, np.array([0.0, 0.0, area.rise]), q_grip)
        if free is None or carried is None:
            return JUMP
        self._scene.set_object(OBJECT, box_asset(area.size), T_object)
        opening = self.robot.arm(side).gripper.max_opening
        if self._collides(side, free, opening):
            return COLLISION
        self._scene.attach(side, OBJECT, inverse(T_grip) @ T_object)
        if self._collides(side, carried[1:], area.size[0]):
            return COLLISION
        return FEASIBLE

    def _try_meeting(
        self, area: MeetingRange, T_object: Array, left: tuple[Array, Array], right: tuple[Array, Array]
    ) -> str:
        (T_left, q_left), (T_right, q_right) = left, right
        arriving = self._path("right", T_right, -area.approach * T_right[:3, 2], q_right)
        leaving = self._path("left", T_left, -area.retreat * T_left[:3, 2], q_left)
        if arriving is None or leaving is None:
            return JUMP
        scene, opening = self._scene, self.robot.arm("left").gripper.max_opening
        scene.set_object(OBJECT, box_asset(area.size), T_object)
        scene.attach("left", OBJECT, inverse(T_left) @ T_object)
        if self._collides("right", arriving, opening, q_left, area.size[0]):
            return COLLISION
        scene.attach("right", OBJECT, inverse(T_right) @ T_object)
        scene.release("left", OBJECT)
        return COLLISION if self._collides("left", leaving, opening, q_right, area.size[0]) else FEASIBLE

    def _path(self, side: str, T_grip: Array, displacement: Array, q_grip: Array) -> Array | None:
        """Joints (N, n) from the grip along a straight displacement, or None where they end."""
        steps = max(2, round(float(np.linalg.norm(displacement)) / STEP) + 1)
        poses = np.repeat(T_grip[None], steps, axis=0)
        poses[:, :3, 3] += np.linspace(0.0, 1.0, steps)[:, None] * displacement
        path, reached = follow(self.model, side, poses, q_grip)
        return path if reached == steps else None

    def _collides(
        self, side: str, path: Array, opening: float, q_other: Array | None = None, other_opening: float | None = None
    ) -> bool:
        """Whether one arm's path meets anything; the other arm is at home or at ``q_other``."""
        joints, other = self.robot.joints, other_side(side)
        q = np.repeat(self.robot.home[None], len(path), axis=0)
        q[:, joints.group(f"{side}_arm")] = path
        q[:, joints.group(f"{side}_gripper")] = opening
        if q_other is not None:
            q[:, joints.group(f"{other}_arm")] = q_other
            q[:, joints.group(f"{other}_gripper")] = other_opening
        return self._scene.check_path(q) is not None


def compute(model: RobotModel) -> dict[str, object]:
    """The whole map as plain data: per range one string of outcomes over points for each [tilt][azimuth].

    Of a robot with one arm, that arm's ranges and no meeting.
    """
    reach = ReachMap(model)
    ranges = {}
    for area in (r for r in RANGES if r.side in model.robot.sides):
        outcomes = [
            ["".join(reach.cell(area, p, tilt, azimuth) for p in area.points) for azimuth in AZIMUTHS] for tilt in TILTS
        ]
        ranges[area.name] = {"side": area.side, "points": [list(p) for p in area.points], "outcomes": outcomes}
    meeting = [
        [
            [
                "".join(reach.meeting_cell(MEETING, z, (left, right), a) for z in MEETING.heights)
                for a in MEETING.left_azimuths
            ]
            for right in MEETING.tilts
        ]
        for left in MEETING.tilts
        if len(model.robot.sides) == 2
    ]
    return {
        "robot": model.robot.name,
        "tilts_deg": list(TILTS),
        "azimuths_deg": list(AZIMUTHS),
        "outcome_key": {
            FEASIBLE: "feasible",
            COLLISION: "collision",
            JUMP: "no continuous joints",
            UNREACHABLE: "no joints",
        },
        "ranges": ranges,
        "meeting": {
            "heights": list(MEETING.heights),
            "tilts_deg": list(MEETING.tilts),
            "left_azimuths_deg": list(MEETING.left_azimuths),
            "outcomes": meeting,
        },
    }


def main(arguments: list[str] | None = None) -> None:
    """Command line: compute the map of a robot and write JSON, picture and page."""
    parser = argparse.ArgumentParser(description="Compute the reachability map of a robot and write it to docs/.")
    parser.add_argument("--robot", default="cobot_magic", choices=robot_names(), help="robot to map")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of reachability.md")
    options = parser.parse_args(arguments)
    robot = load(options.robot)
    layouts = robot.layouts or (DEFAULT_LAYOUT,)
    maps = {layout: compute(RobotModel.of(load(options.robot, layout))) for layout in layouts}
    for path in write_report(options.robot, maps, options.out):
        print(path)


if __name__ == "__main__":
    main()
