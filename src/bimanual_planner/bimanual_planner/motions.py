"""Steps into timed motions: both arms proportionally or each at its own speed, then held against collisions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import GripperGoal, JointTrajectory, Motion
from bimanual_planner.config import PlannerConfig
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState
from bimanual_planner.steps import Step, along, travel
from bimanual_planner.timed_paths import course
from bimanual_planner.timing import time_path

Array = NDArray[np.float64]
_WAYPOINT_STEP = 0.1  # [rad] between waypoints of a line in joint space
_STILL = 1e-6  # [rad] a path shorter than this is no motion


def motions(state: PlanState, steps: dict[str, Step], sync: str, scene: PlanningScene) -> list[Motion]:
    """The motion that runs ``steps`` together, or, where the timed arms would collide, one arm after the other.

    Raises BimanualError naming the pair when neither goes. Grippers move with the first motion.
    """
    moving = {s: step for s, step in steps.items() if step.path is not None and travel(step.path) > _STILL}
    grippers = {s: GripperGoal(step.opening) for s, step in steps.items() if step.opening is not None}
    if not moving:
        return [Motion({}, grippers)] if grippers else []
    together = _timed(state, moving, sync, scene.config)
    hit = _collides(state, steps, together, scene)
    if hit is None:
        return [Motion(together, grippers)]
    if len(moving) == 1:
        raise BimanualError(f"timed motion: {hit}", ErrorCode.PLAN_COLLISION)
    for order in (("left", "right"), ("right", "left")):
        found = _one_after_the_other(state, moving, order, sync, scene)
        if found is not None:
            return [Motion(found[0], grippers), *(Motion(arms, {}) for arms in found[1:])]
    raise BimanualError(f"both arms together: {hit}; one after the other collides too", ErrorCode.PLAN_COLLISION)


def _one_after_the_other(
    state: PlanState, moving: dict[str, Step], order: tuple[str, ...], sync: str, scene: PlanningScene
) -> list[dict[str, JointTrajectory]] | None:
    found = []
    for side in order:
        alone = {side: moving[side]}
        arms = _timed(state, alone, sync, scene.config)
        if _collides(state, alone, arms, scene) is not None:
            return None
        found.append(arms)
        state = moving[side].after(side, state, scene.model.fk)
    return found


def _timed(state: PlanState, moving: dict[str, Step], sync: str, config: PlannerConfig) -> dict[str, JointTrajectory]:
    if sync == "independent" or len(moving) == 1:
        timed = {}
        for side, step in moving.items():
            timed.update(_together(state, {side: step}, config))
        return timed
    return _together(state, moving, config)


def _together(state: PlanState, moving: dict[str, Step], config: PlannerConfig) -> dict[str, JointTrajectory]:
    """One timing for all arms of ``moving``: they start and arrive together."""
    arms = [state.robot.arm(side) for side in moving]
    paths, lengths = _waypoints(moving)
    joints = tuple(joint for arm in arms for joint in arm.joints)
    trajectory = time_path(
        np.hstack(paths),
        joints,
        np.concatenate([config.speeds(arm.velocity) for arm in arms]),
        np.concatenate([config.accelerations(arm.acceleration) for arm in arms]),
        tcp_lengths=np.column_stack(lengths) if lengths else None,
        tcp_speed=config.tcp_speed if lengths else None,
        jerk=np.concatenate([config.jerks(arm.jerk) for arm in arms]),
    )
    split, start = {}, 0
    for side, arm in zip(moving, arms, strict=True):
        columns = slice(start, start + arm.dof)
        split[side] = _columns(trajectory, arm.joints, columns)
        start += arm.dof
    return split


def _waypoints(moving: dict[str, Step]) -> tuple[list[Array], list[Array]]:
    """Paths (N, n) by arm with one N, and the tcp lengths (N,) of the straight ones."""
    steps = list(moving.values())
    if len(steps) == 1 and steps[0].straight and steps[0].path is not None and steps[0].lengths is not None:
        return [steps[0].path], [steps[0].lengths]
    given = [step.path for step in steps if step.path is not None]
    count = max(5, *(len(path) for path in given), *(int(travel(path) / _WAYPOINT_STEP) + 1 for path in given))
    lengths = [
        np.interp(np.linspace(0, 1, count), _shares(step.path), step.lengths)
        for step in steps
        if step.path is not None and step.lengths is not None
    ]
    return [along(path, count) for path in given], lengths


def _shares(path: Array) -> Array:
    """Share of a path's joint travel at each of its points."""
    moved = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(path, axis=0)).max(axis=1))])
    return moved / moved[-1]


def _columns(trajectory: JointTrajectory, joints: tuple[str, ...], columns: slice) -> JointTrajectory:
    accelerations = trajectory.accelerations
    return JointTrajectory(
        joints,
        trajectory.times,
        trajectory.positions[:, columns],
        trajectory.velocities[:, columns],
        None if accelerations is None else accelerations[:, columns],
    )


def _collides(
    state: PlanState, steps: dict[str, Step], arms: dict[str, JointTrajectory], scene: PlanningScene
) -> str | None:
    """The first collision in time of timed arms that start together, in words."""
    duration, joints = course(state, arms)
    hit = scene.first_touch_of(state, steps, joints)
    return None if hit is None else f"{hit[1]} at {hit[0] * duration:.2f} of {duration:.2f} s"
