"""What a request means for each tcp: the way that is its first choice, in the world, whatever frame it was given in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_core import se3
from bimanual_core.errors import BimanualError, UnknownNameError
from bimanual_core.motion import JointTrajectory
from bimanual_kinematics.model import RobotModel
from bimanual_planner.state import PlanState
from bimanual_planner.timed_paths import course
from bimanual_planner.tool_ways import ToolWay, carried_way, relative_way, screw_way

Array = NDArray[np.float64]
WORLD = "world"
#: How far two hands that hold one object may leave their relative pose, all along.
GRIP_POSITION, GRIP_ANGLE = 5e-4, float(np.radians(0.2))  # [m], [rad]
#: The relative pose is looked at this often [s].
_LOOK_S = 0.005


class GripError(BimanualError):
    """Two hands that hold one object would not keep their relative pose: finer steps may do."""


@dataclass(frozen=True, eq=False)
class ToolGoals:
    """Ways by side, left before right. ``bound``: the arms are at equal shares of them at each instant, because one
    moves in the frame of what the other moves or both hold ``shared``."""

    ways: dict[str, ToolWay]
    bound: bool = False
    shared: str = ""

    @property
    def targets(self) -> dict[str, Array]:
        """Where each tcp ends, T_world_tcp (4, 4)."""
        return {side: way.goal for side, way in self.ways.items()}


def tool_goals(
    model: RobotModel,
    state: PlanState,
    poses: Mapping[str, Array],
    frames: Mapping[str, str] | None = None,
    objects: Mapping[str, Array] | None = None,
) -> ToolGoals:
    """The ways of a request's tcp ``poses`` (4, 4) by side, each in the world or in the frame of the object that
    ``frames`` names, and of ``objects`` that are held, to poses (4, 4) in the world.

    Raises BimanualError for what contradicts itself, UnknownNameError for a frame or object that is not there.
    """
    frames, objects = frames or {}, objects or {}
    start = {side: model.fk(side, state.arm_q(side)) for side in state.robot.sides}
    moved = {name: screw_way(_pose(start, state, name), T) for name, T in objects.items()}
    ways: dict[str, ToolWay] = {}
    shared = ""
    for name, way in moved.items():
        holding = [side for side in state.robot.sides if side in state.held and state.held[side].name == name]
        if not holding:
            raise BimanualError(f"no hand holds {name}, so it cannot be moved")
        shared = name if len(holding) > 1 else shared
        for side in holding:
            ways[side] = carried_way(way, se3.inverse(way.start) @ start[side])
    bound = bool(shared)
    for side in sorted(poses, key=lambda side: frames.get(side, WORLD) != WORLD):
        if side in ways:
            raise BimanualError(f"{side} arm: a tcp pose and a pose of what it holds contradict each other")
        frame = frames.get(side, WORLD)
        if frame == WORLD:
            ways[side] = screw_way(start[side], poses[side])
            if side in state.held:
                T_tcp_object = se3.inverse(start[side]) @ _pose(start, state, state.held[side].name)
                moved.setdefault(state.held[side].name, carried_way(ways[side], T_tcp_object))
        elif frame in moved:
            T_frame = moved[frame].start
            ways[side] = relative_way(moved[frame], screw_way(se3.inverse(T_frame) @ start[side], poses[side]))
            bound = True
        else:
            ways[side] = screw_way(start[side], _pose(start, state, frame) @ poses[side])
    return ToolGoals({side: ways[side] for side in state.robot.sides if side in ways}, bound, shared)


def require_grip(model: RobotModel, state: PlanState, trajectories: Mapping[str, JointTrajectory], name: str) -> None:
    """Raises GripError where the two hands that hold ``name`` leave their relative pose on the way."""
    duration, joints = course(state, trajectories)
    qs = joints(np.linspace(0.0, 1.0, max(2, int(np.ceil(duration / _LOOK_S)) + 1)))
    left, right = (state.robot.joints.group(f"{side}_arm") for side in state.robot.sides)
    first: Array | None = None
    for k, q in enumerate(qs):
        T_left_right = se3.inverse(model.fk("left", q[left])) @ model.fk("right", q[right])
        first = T_left_right if first is None else first
        position, angle = se3.pose_error(T_left_right, first)
        if position > GRIP_POSITION or angle > GRIP_ANGLE:
            text = (
                f"the hands that hold {name} leave their grip by {1e3 * position:.2f} mm, {np.degrees(angle):.2f} deg "
                f"at {k / (len(qs) - 1) * duration:.2f} s"
            )
            raise GripError(text)


def _pose(start: Mapping[str, Array], state: PlanState, name: str) -> Array:
    """T_world_object (4, 4) of what stands or is carried."""
    if name not in state.objects:
        raise UnknownNameError("object", name, state.objects)
    side = state.carrier(name)
    return state.objects[name] if side is None else start[side] @ state.held[side].T_tcp_object
