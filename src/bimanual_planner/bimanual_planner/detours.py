"""Ways around what is in the way, for motions that are free to take any path."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from bimanual_core.skill import Skill
from bimanual_kinematics.ik import ik_solutions
from bimanual_planner.joint_search import JointSearch
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.shortcuts import shortcut
from bimanual_planner.state import PlanState
from bimanual_planner.steps import Step
from bimanual_planner.ways import Way

Array = NDArray[np.float64]
MAX_CHECKS = 12_000
#: Skills that say where an arm ends and leave the path to the planner.
FREE_SKILLS = ("move_to_pose", "back_to_origin")
_GOALS = 2  # wrist branches tried
#: Clearance kept beyond the scene's margin where the ends have it [m]: room for rounding corners.
_SPARE = 0.005


def around(
    scene: PlanningScene,
    state: PlanState,
    goals: Mapping[str, Array],
    max_checks: int = MAX_CHECKS,
    seed: int = 0,
    deadline_s: float = math.inf,
    closer: float = 1.0,
) -> dict[str, Array] | None:
    """Corners (N, n) by side of a free path of all arms of ``goals`` (n,) together, or None within the budget: checks,
    and ``time.monotonic()`` before ``deadline_s``. ``closer`` times as many looks as usual are taken along it."""
    groups = [state.robot.joints.group(f"{side}_arm") for side in goals]
    columns = np.concatenate([np.arange(group.start, group.stop) for group in groups])
    start, end = state.q[columns], np.concatenate(list(goals.values()))
    lower, upper = (np.concatenate(ends) for ends in zip(*(scene.model.limits(s) for s in goals), strict=True))
    spacing, flat = scene.config.fine_step / closer, state.q.copy()
    moves = {side: Step(path=np.array([state.arm_q(side), goal])) for side, goal in goals.items()}
    with scene.checks(state, moves) as free:

        def keeps(q: Array, margin: float) -> bool:
            flat[columns] = q
            return free(flat, margin)

        wide = scene.config.margin + _SPARE
        margin = wide if keeps(start, wide) and keeps(end, wide) else scene.config.margin

        def valid(q: Array) -> bool:
            return keeps(q, margin)

        search = JointSearch(
            (lower, upper), valid, spacing=spacing, max_checks=max_checks, seed=seed, deadline_s=deadline_s
        )
        sizes = np.cumsum([group.stop - group.start for group in groups])
        arms = [slice(int(n) - (group.stop - group.start), int(n)) for n, group in zip(sizes, groups, strict=True)]
        corners = search.way(start, end, arms)
        if corners is None:
            return None
        corners = shortcut(corners, valid, spacing=spacing, rng=seed, deadline_s=deadline_s)
    return {side: corners[:, arm] for side, arm in zip(goals, arms, strict=True)}


def detours(skill: Skill, side: str, state: PlanState, scene: PlanningScene) -> Iterator[Way]:
    """Ways around for a skill that only names where the arm ends; none for any other."""
    if skill.name not in FREE_SKILLS:
        return
    goals = [np.array(state.robot.arm(side).home)]
    if skill.name == "move_to_pose" and skill.target is not None:
        goals = ik_solutions(scene.model, side, skill.target, state.arm_q(side), max_solutions=_GOALS)
    for goal in goals:
        if scene.first_collision_of(state, {}, state.with_arm(side, goal).q[None]) is not None:
            continue
        found = around(scene, state, {side: goal})
        if found is not None:
            yield Way([Step(path=found[side])], "around")
