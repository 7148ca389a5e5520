"""The oracle: what a task's expert program would do, told in the words of a model.

The expert runs once over skills that only record what it asks for, and find out whether it can be planned; its lists
of two arms become a sequence of actions. Each call gets the actions that are left, as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.protocols import Skills, World
from bimanual_core.se3 import xyz_quat
from bimanual_core.skill import Skill, SkillReport
from bimanual_tasks.assets import find_asset
from bimanual_tasks.registry import Expert
from bimanual_tasks.task import Task
from mllm_agent.actions import BOTH, KINDS
from mllm_agent.providers.base import ProviderError, Reply, Request

Array = NDArray[np.float64]
RawAction = dict[str, Any]
#: Skills that both arms may do in one action.
_TOGETHER = ("back_to_origin", "move_by_displacement")
_IDS = {kind.NAME: kind.ID for kind in KINDS}


class ScriptedProvider:
    """The expert of ``task`` as a model that needs no pictures. Looks at ``world`` when it is first asked."""

    name = "scripted"
    sees = False

    def __init__(self, expert: Expert, task: Task, skills: Skills, world: World) -> None:
        self.model = f"expert of {task.name}"
        self._expert = expert
        self._task = task
        self._skills = skills
        self._world = world
        self._actions: list[RawAction] | None = None

    def ask(self, request: Request, seconds_left: float, cancelled: Callable[[], bool]) -> Reply:
        """The actions of the expert that have not been done. Raises ProviderError if it has no plan for the scene."""
        if self._actions is None:
            self._actions = self._record()
        left = self._actions[request.done :]
        names = ", ".join(f"{a['parameters']['arm_tag']} {a['action_name']}" for a in left)
        plan = {
            "visual_state_description": "The poses of the objects are known.",
            "reasoning_and_reflection": f"{request.done} of {len(self._actions)} actions of the program are done.",
            "language_plan": names or "Everything is done.",
            "executable_plan": left,
        }
        return Reply(json.dumps(plan))

    def close(self) -> None:
        """Nothing is held."""

    def _record(self) -> list[RawAction]:
        recorder = _Recorder(self._skills, self._world)
        try:
            report = self._expert(recorder, self._world, self._task)
        except BimanualError as error:
            raise self._planless(str(error)) from None
        if not report.success:
            raise self._planless(report.error_msg)
        return recorder.actions

    def _planless(self, why: str) -> ProviderError:
        return ProviderError(f"the expert of {self._task.name} has no plan: {why}", ErrorCode.AGENT_REPLY)


class _Recorder:
    """``Skills`` that plan what is asked for, move nothing, and keep it as actions."""

    def __init__(self, skills: Skills, world: World) -> None:
        self._skills = skills
        self._world = world
        self.actions: list[RawAction] = []

    def execute(
        self, left: Sequence[Skill], right: Sequence[Skill], sync: str = "proportional", ahead: int = 0
    ) -> SkillReport:
        """Keep the lists as a sequence if it can be planned from here; otherwise report why not."""
        rows = in_sequence(left, right)
        lists = [[row.get(side, Skill("hold")) for row in rows] for side in ("left", "right")]
        report = self._skills.execute(lists[0], lists[1], sync, ahead=len(rows))
        if report.success:
            self.actions += [self._action(row) for row in rows]
            return SkillReport(report.asked, report.asked)
        return report

    def arm_pose(self, side: str) -> Array:
        return self._skills.arm_pose(side)

    def _action(self, row: dict[str, Skill]) -> RawAction:
        side, skill = next(iter(row.items()))
        parameters: dict[str, Any] = {"arm_tag": BOTH if len(row) == 2 else side}
        if skill.name not in _IDS:
            raise BimanualError(f"the skill {skill.name!r} is no action; actions: {', '.join(_IDS)}")
        parameters |= _PARAMETERS.get(skill.name, lambda skill: {})(skill)
        if skill.name == "grasp_actor" and (skill.contact_ids or skill.group):
            parameters["contact_point_id"] = list(skill.contact_ids) or self._group(skill)
        return {"action_id": _IDS[skill.name], "action_name": skill.name, "parameters": parameters}

    def _group(self, skill: Skill) -> list[int]:
        """The contact points of a group, which actions do not know."""
        state = self._world.objects().objects[skill.actor]
        contacts = find_asset(state.class_name, state.asset_id, state.scale).annotation.contacts
        return [contact.id for contact in contacts if contact.group == skill.group]


def in_sequence(left: Sequence[Skill], right: Sequence[Skill]) -> list[dict[str, Skill]]:
    """The lists of two arms, index by index, as rows of one arm each, left before right, or of both doing the same."""
    rows: list[dict[str, Skill]] = []
    for index in range(max(len(left), len(right))):
        row = {side: listed[index] for side, listed in (("left", left), ("right", right)) if index < len(listed)}
        row = {side: skill for side, skill in row.items() if skill.name != "hold"}
        if len(row) == 2 and _same(row["left"], row["right"]):
            rows.append(row)
        else:
            rows += [{side: skill} for side, skill in row.items()]
    return rows


def _same(left: Skill, right: Skill) -> bool:
    moves = (left.displacement, left.move_axis) == (right.displacement, right.move_axis)
    return left.name == right.name and left.name in _TOGETHER and moves


def _pose(T: Array | None) -> list[float]:
    if T is None:
        raise BimanualError("a target pose is missing")
    xyz, quat_xyzw = xyz_quat(T)
    return [float(value) for value in (*xyz, *quat_xyzw)]


_PARAMETERS: dict[str, Callable[[Skill], dict[str, Any]]] = {
    "grasp_actor": lambda s: {"actor": s.actor, "pre_grasp_dis": s.pre_grasp_dis, "grasp_dis": s.grasp_dis},
    "place_actor": lambda s: {
        "actor": s.actor,
        "target_pose": _pose(s.target),
        "functional_point_id": s.functional_id,
        "pre_dis": s.pre_dis,
        "dis": s.dis,
        "is_open": s.is_open,
        "constrain": s.constrain,
    },
    "move_by_displacement": lambda s: {**dict(zip("xyz", s.displacement, strict=True)), "move_axis": s.move_axis},
    "move_to_pose": lambda s: {"target_pose": _pose(s.target)},
    "close_gripper": lambda s: {"pos": s.gripper_pos},
    "open_gripper": lambda s: {"pos": s.gripper_pos},
}
