"""Steps into timed motions: both arms proportionally or each at its own speed, then held against collisions."""

from __future__ import annotations

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import GripperGoal, JointTrajectory, Motion
from bimanual_planner.config import PlannerConfig
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState
from bimanual_planner.steps import Step, travel
from bimanual_planner.timed_paths import Paths, course, time_paths

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
    arms = {side: step.path for side, step in moving.items() if step.path is not None}
    lengths = {side: step.lengths for side, step in moving.items() if step.lengths is not None}
    return time_paths(state.robot, Paths(arms, lengths), sync, config)


def _collides(
    state: PlanState, steps: dict[str, Step], arms: dict[str, JointTrajectory], scene: PlanningScene
) -> str | None:
    """The first collision in time of timed arms that start together, in words."""
    duration, joints = course(state, arms)
    hit = scene.first_touch_of(state, steps, joints)
    return None if hit is None else f"{hit[1]} at {hit[0] * duration:.2f} of {duration:.2f} s"
