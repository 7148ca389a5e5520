"""Plans for whoever only wants to know, from plain values by name: nothing moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, UnknownNameError
from bimanual_core.motion import JointTrajectory
from bimanual_core.robot import RobotSpec
from bimanual_planner.backends import PlanningBackend, PlanRequest
from bimanual_planner.backends.request import WORLD
from bimanual_planner.planner import PlannedMotion
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState

Array = NDArray[np.float64]

#: An arm whose joints never are further than this from where they start does not move [rad].
_STAYS = 1e-6


def plan_request(
    state: PlanState,
    *,
    poses: Mapping[str, Array],
    frames: Mapping[str, str],
    joints: Mapping[str, float],
    objects: Mapping[str, Array],
    sync: str,
    method: str,
    budget: float,
    make_room: bool,
) -> PlanRequest:
    """The request of plain values: ``joints`` are [rad] by joint name; an empty frame is the world, an empty ``sync``
    proportional, an empty ``method`` auto; the rest is as in :class:`PlanRequest`.

    Raises BimanualError for what no backend could do, for a joint that no arm has and for an arm of which only some
    joints are given.
    """
    return PlanRequest(
        state,
        poses=poses,
        joints=joints_by_side(state.robot, joints),
        objects=objects,
        frames={side: frame for side, frame in frames.items() if frame not in ("", WORLD)},
        sync=sync or "proportional",
        method=method or "auto",
        make_room=make_room,
        budget=budget,
    )


def joints_by_side(robot: RobotSpec, joints: Mapping[str, float]) -> dict[str, Array]:
    """Joints (n,) [rad] by side of joints by name, left before right. Raises as :func:`plan_request`."""
    known = [name for arm in robot.arms for name in arm.joints]
    for name in joints:
        if name not in known:
            raise UnknownNameError("joint of an arm", name, known)
    by_side = {}
    for arm in robot.arms:
        missing = [name for name in arm.joints if name not in joints]
        if len(missing) == len(arm.joints):
            continue
        if missing:
            raise BimanualError(
                f"{arm.side} arm: joint {missing[0]!r} is missing; give all of {', '.join(arm.joints)}, or none"
            )
        by_side[arm.side] = np.array([joints[name] for name in arm.joints])
    return by_side


def plan(backend: PlanningBackend, scene: PlanningScene, request: PlanRequest) -> PlannedMotion:
    """What ``backend`` finds, arms left before right; an arm that is where it shall be has one point, at rest.

    Raises as :meth:`PlanningBackend.plan`.
    """
    found = backend.plan(scene, request)
    sides = [side for side in request.state.robot.sides if side in found.trajectories]
    return replace(found, trajectories={side: _at_rest(found.trajectories[side]) for side in sides})


def _at_rest(trajectory: JointTrajectory) -> JointTrajectory:
    """One point for a trajectory that stays where it is, any other as it is."""
    start = trajectory.positions[:1]
    if np.abs(trajectory.positions - start).max() > _STAYS:
        return trajectory
    rest = np.zeros_like(start)
    return JointTrajectory(trajectory.joints, np.zeros(1), start, rest, rest)
