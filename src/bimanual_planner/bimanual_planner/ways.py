"""Ways to do a skill from a state, best first: the grasps, wrist branches and headings that have a path.

A way is a list of steps and a ``choice`` that names it, so that a later search can try the same one first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bimanual_assets.grasps import Grasp, grasp_candidates
from bimanual_core import se3
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.skill import Skill
from bimanual_kinematics.ik import ik_batch, ik_solutions, turned_near
from bimanual_kinematics.model import RobotModel
from bimanual_planner.approach_cost import TIGHT_MARGIN, approach_cost
from bimanual_planner.lines import screw_step
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import Held, PlanState
from bimanual_planner.steps import Step

Array = NDArray[np.float64]
#: Openings that differ by less are one [m].
_SAME_OPENING = 1e-3


@dataclass(frozen=True, eq=False)
class Way:
    """Steps of one arm for one skill, and what was chosen (contact, tilt, heading, ...), comparable by ``==``."""

    steps: list[Step]
    choice: Any = None


def ways(skill: Skill, side: str, state: PlanState, scene: PlanningScene, first: Any = None) -> Iterator[Way]:
    """Ways to do ``skill``, the one whose choice equals ``first`` at the front.

    Raises BimanualError: a request that makes no sense in this state, or, once no way is left, why there is none.
    """
    return _WAYS[skill.name](skill, side, state, scene, first)


def _hold(skill: Skill, side: str, state: PlanState, scene: PlanningScene, first: Any) -> Iterator[Way]:
    yield Way([])


def _delay(skill: Skill, side: str, state: PlanState, scene: PlanningScene, first: Any) -> Iterator[Way]:
    yield Way([Step(seconds=skill.seconds)])


def _gripper(skill: Skill, side: str, state: PlanState, scene: PlanningScene, first: Any) -> Iterator[Way]:
    opening = skill.gripper_pos * state.robot.arm(side).gripper.max_opening
    held = state.held.get(side)
    let_go = held.name if held is not None and opening > held.width else ""
    yield Way([Step(opening=opening, let_go=let_go)])


def _home(skill: Skill, side: str, state: PlanState, scene: PlanningScene, first: Any) -> Iterator[Way]:
    """Home on a line in joint space, or the wrist and elbow or the shoulder first where the line would collide."""
    q, home = state.arm_q(side), np.array(state.robot.arm(side).home)
    corners: dict[str, list[Array]] = {
        "direct": [],
        "shoulder last": [np.concatenate([q[:1], home[1:]])],
        "shoulder first": [np.concatenate([home[:1], q[1:]])],
        "upper arm first": [np.concatenate([q[:1], home[1:3], q[3:]])],
    }
    for choice in sorted(corners, key=lambda name: name != first):
        points = [q, *corners[choice], home]
        yield Way([joint_line(a, b) for a, b in pairwise(points)], choice)


def _displace(skill: Skill, side: str, state: PlanState, scene: PlanningScene, first: Any) -> Iterator[Way]:
    T_goal = scene.model.fk(side, state.arm_q(side)).copy()
    displacement = np.asarray(skill.displacement)
    T_goal[:3, 3] += displacement if skill.move_axis == "world" else T_goal[:3, :3] @ displacement
    yield Way([screw_step(scene.model, side, state.arm_q(side), T_goal, scene.config)])


def _move_to(skill: Skill, side: str, state: PlanState, scene: PlanningScene, first: Any) -> Iterator[Way]:
    target = _required(skill.target)
    q = state.arm_q(side)
    solutions = ik_solutions(scene.model, side, target, q)
    for solution in solutions:
        yield Way([joint_line(q, solution)])
    if not solutions:
        raise _unreachable(side, "the pose", target[None])


def _grasp(skill: Skill, side: str, state: PlanState, scene: PlanningScene, first: Any) -> Iterator[Way]:
    arm, config = state.robot.arm(side), scene.config
    widest = arm.gripper.max_opening - config.spare_opening
    actor = scene.grasped(skill.actor)
    T_world_object = scene.object_pose(state, actor)
    candidates = grasp_candidates(
        scene.asset(actor), skill.contact_ids, skill.group, skill.grasp_dis, T_world_object[:3, :3]
    )
    grasps = [g for g in candidates if g.width <= widest]
    if not grasps:
        raise BimanualError(
            f"{side} arm: {skill.actor} has no contact point {skill.contact_ids or skill.group or 'at all'} that is "
            f"at most {1000 * widest:.0f} mm wide",
            ErrorCode.PLAN_UNREACHABLE,
        )
    T_grasp = T_world_object @ np.array([g.T_object_tcp for g in grasps])
    T_pre = T_grasp @ se3.make_T((0.0, 0.0, -skill.pre_grasp_dis))
    found = False
    for i, q_pre in _best_first(side, grasps, T_pre, T_grasp, state, scene, first):
        open_to = grasps[i].opening
        open_to = None if open_to is None else min(open_to, arm.gripper.max_opening)
        held = Held(actor, se3.inverse(grasps[i].T_object_tcp), grasps[i].width, open_to)
        steps = _approach(side, state, scene, q_pre, T_grasp[i])
        if steps is None:
            continue
        opening = _opening_before(held, state.opening(side), arm.gripper.max_opening, config.spare_opening)
        if opening is not None:
            steps.insert(0, Step(opening=opening))
        found = True
        yield Way([*steps, Step(opening=max(0.0, held.width - config.squeeze), take=held)], grasps[i].key)
    if not found:
        raise _unreachable(side, f"{len(grasps)} grasps of {skill.actor}", T_grasp)


def _best_first(
    side: str, grasps: list[Grasp], T_pre: Array, T_grasp: Array, state: PlanState, scene: PlanningScene, first: Any
) -> list[tuple[int, Array]]:
    """(index, joints before the approach) of grasps at the poses (N, 4, 4) that have joints, the least cost first and
    the grasp whose key is ``first`` before all."""
    q, model = state.arm_q(side), scene.model
    found = list(_approaches(side, T_pre, T_grasp, state, scene))
    goals = _nearest_joints(model, side, T_grasp, found)
    with scene.checks(state, {side: Step(path=q[None])}) as free:
        roomy = [free(state.with_arm(side, q_pre).q, TIGHT_MARGIN) for _, q_pre in found]
    costs = [
        approach_cost(model, side, q, q_pre, goal, grasps[i].preference, room)
        for (i, q_pre), goal, room in zip(found, goals, roomy, strict=True)
    ]
    # Rounded, so that noise of the measured pose does not reorder grasps that are as good.
    order = sorted(range(len(found)), key=lambda k: (grasps[found[k][0]].key != first, round(costs[k], 2)))
    return [found[k] for k in order]


def _nearest_joints(model: RobotModel, side: str, T_goal: Array, found: list[tuple[int, Array]]) -> list[Array]:
    """Joints at the goal of each approach: those nearest to the ones before it, or these where that is not known."""
    at = ik_batch(model, side, T_goal)
    if at is None:
        return [q_pre for _, q_pre in found]
    goals = []
    for i, q_pre in found:
        turned = turned_near(model, side, at[i], q_pre)
        goals.append(turned[np.nanargmin(np.abs(turned - q_pre).max(axis=1))])
    return goals


def _opening_before(held: Held, now: float, widest: float, spare: float) -> float | None:
    """How far to open [m] to grasp, None to leave the hand as it is: a hand that is open widely enough stays so, which
    is how to reach in between neighbours, unless the contact itself says how far."""
    if held.opening is None and now >= held.width + 2 * spare:
        return None
    wanted = widest if held.opening is None else held.opening
    return wanted if abs(now - wanted) > _SAME_OPENING else None


def _place(skill: Skill, side: str, state: PlanState, scene: PlanningScene, first: Any) -> Iterator[Way]:
    held = state.held.get(side)
    if held is None or held.name != skill.actor:
        holds = "nothing" if held is None else held.name
        raise BimanualError(f"the {side} arm holds {holds}, so it cannot place {skill.actor}")
    functional = scene.asset(skill.actor).annotation.functional
    if skill.functional_id not in functional:
        raise BimanualError(
            f"{skill.actor} has no functional point {skill.functional_id}; choices: {sorted(functional)}"
        )
    yaws, T_object = _headings(skill, functional[skill.functional_id], scene.object_pose(state, skill.actor), scene)
    order = sorted(range(len(yaws)), key=lambda i: yaws[i] != first)
    yaws = [yaws[i] for i in order]
    T_place = T_object[order] @ se3.inverse(held.T_tcp_object)
    T_pre = T_place.copy()
    T_pre[:, 2, 3] += skill.pre_dis
    opening = state.robot.arm(side).gripper.max_opening if held.opening is None else held.opening
    into = scene.receiver(state, skill.actor, T_object[0]) if skill.is_open else ""
    release = [Step(opening=opening, let_go=skill.actor, into=into)] if skill.is_open else []
    found = False
    for i, q_pre in _approaches(side, T_pre, T_place, state, scene):
        steps = _approach(side, state, scene, q_pre, T_place[i])
        if steps is not None:
            found = True
            yield Way([*steps, *release], yaws[i])
    if not found:
        raise _unreachable(side, f"{len(yaws)} ways to place {skill.actor}", T_place)


def _headings(skill: Skill, functional: Array, T_now: Array, scene: PlanningScene) -> tuple[list[float], Array]:
    """Yaws about the target's z and object poses (N, 4, 4), nearest to the present heading first."""
    count = 1 if skill.constrain == "align" else scene.config.free_yaws
    yaws = [float(yaw) for yaw in np.arange(count) * 2 * np.pi / count]
    poses = []
    for yaw in yaws:
        turn = se3.from_rotation(se3.rotation_about((0, 0, 1), yaw), (0.0, 0.0, skill.dis))
        poses.append(_required(skill.target) @ turn @ se3.inverse(functional))
    # Rounded, so that noise of the measured pose does not reorder headings that are equally near.
    order = sorted(range(count), key=lambda i: round(se3.pose_error(poses[i], T_now)[1], 2))
    return [yaws[i] for i in order], np.array([poses[i] for i in order])


def _approaches(
    side: str, T_pre: Array, T_goal: Array, state: PlanState, scene: PlanningScene
) -> Iterator[tuple[int, Array]]:
    """(index, joints before the approach) of the poses (N, 4, 4) that both have joints, nearest branch first."""
    q = state.arm_q(side)
    before, at = ik_batch(scene.model, side, T_pre), ik_batch(scene.model, side, T_goal)
    for i in range(len(T_pre)):
        if before is None or at is None:
            branches = ik_solutions(scene.model, side, T_pre[i], q)
        elif np.isfinite(at[i, :, 0]).any():
            branches = [b for b in turned_near(scene.model, side, before[i], q) if np.isfinite(b[0])]
        else:
            continue
        branches.sort(key=lambda b: float(np.abs(b - q).max()))
        for branch in branches[: scene.config.branches]:
            yield i, branch


def _approach(side: str, state: PlanState, scene: PlanningScene, q_pre: Array, T_goal: Array) -> list[Step] | None:
    """Through joint space to ``q_pre``, then straight to the goal; None where the straight part has no joints."""
    try:
        straight = screw_step(scene.model, side, q_pre, T_goal, scene.config)
    except BimanualError:
        return None  # one candidate of many: the caller says so when none is left
    lengths = straight.lengths
    moves = lengths is not None and lengths[-1] > 1e-6
    return [joint_line(state.arm_q(side), q_pre), *([straight] if moves else [])]


def joint_line(q: Array, q_goal: Array) -> Step:
    """A straight line in joint space."""
    return Step(path=np.array([q, q_goal]))


def _required(target: Array | None) -> Array:
    if target is None:
        raise BimanualError("the skill needs a target pose")
    return target


def _unreachable(side: str, what: str, poses: Array) -> BimanualError:
    near = np.round(poses[0, :3, 3], 3).tolist()
    return BimanualError(
        f"{side} arm: none of {what} near {near} m has joints for approach and goal", ErrorCode.PLAN_UNREACHABLE
    )


_WAYS = {
    "hold": _hold,
    "delay": _delay,
    "open_gripper": _gripper,
    "close_gripper": _gripper,
    "back_to_origin": _home,
    "move_by_displacement": _displace,
    "move_to_pose": _move_to,
    "grasp_actor": _grasp,
    "place_actor": _place,
}
