"""Timed motions that stay clear of everything: all arms together or, where they would meet, one after the other."""

from __future__ import annotations

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import JointTrajectory
from bimanual_kinematics.continuous import Motion
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState
from bimanual_planner.timed_paths import Paths, course, one_after_the_other, time_paths


def clear_motion(
    scene: PlanningScene, state: PlanState, paths: Paths, sync: str
) -> tuple[dict[str, JointTrajectory], tuple[str, ...]]:
    """Trajectories by side that start together and touch nothing, and the order of arms that wait for each other.

    Raises BimanualError (PLAN_COLLISION) naming the pair, its depth and where, or as ``time_paths``.
    """
    together = None
    if paths.straight and sync == "proportional":
        # All joints keep to the line whatever its timing is, and most lines that are in the way of something end here,
        # before they cost a timing.
        hit = _touch(scene, state, paths.line(state))
    else:
        together = time_paths(state.robot, paths, sync, scene.config)
        duration, joints = course(state, together)
        hit = _touch(scene, state, joints, duration)
    if hit is None:
        return together or time_paths(state.robot, paths, sync, scene.config), ()
    words, joins_arms = hit
    if joins_arms and len(paths.sides) > 1 and not paths.coupled:
        for order in (paths.sides, paths.sides[::-1]):
            sequenced = one_after_the_other(state.robot, paths, order, scene.config)
            duration, joints = course(state, sequenced)
            if _touch(scene, state, joints, duration) is None:
                return sequenced, order
        words += "; one after the other collides too"
    raise BimanualError(words, ErrorCode.PLAN_COLLISION)


def _touch(
    scene: PlanningScene, state: PlanState, joints: Motion, duration: float | None = None
) -> tuple[str, bool] | None:
    """The first touch found, in words, and whether it is one of two arms; ``duration`` [s] of what is timed."""
    hit = scene.first_touch_of(state, {}, joints)
    if hit is None:
        return None
    share, collision = hit
    where = f"{100 * share:.0f}% of the way" if duration is None else f"{share * duration:.2f} of {duration:.2f} s"
    return f"{collision} at {where}", scene.joins_arms(collision)
