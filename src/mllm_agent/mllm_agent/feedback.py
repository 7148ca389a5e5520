"""What the model is told of each action, in words: only what the skills reported, with their numbers."""

from __future__ import annotations

import re

from bimanual_core.robot import other_side
from bimanual_core.skill import SkillReport
from mllm_agent.actions import Action
from mllm_agent.words import plain

STOP = "The rest of the plan was not executed."
_INDEX = re.compile(r"^index \d+: ")
_LAYERS = {
    "request": "it was refused",
    "plan": "no motion could be planned",
    "control": "the controllers ended the motion",
    "grasp": "the grasp failed",
}


def succeeded(action: Action, more: str = "") -> str:
    """An action that was done."""
    return f"{action}: succeeded." + (f" {more}" if more else "")


def refused(reason: str) -> str:
    """An action that was not tried; ``reason`` names it."""
    return f"{reason}. It was refused and nothing moved. {STOP}"


def failed(action: Action, report: SkillReport) -> str:
    """An action that did not succeed."""
    how = _LAYERS.get(report.layer, "it failed")
    moved = "" if report.layer in ("request", "plan") else " The arm may have moved part of the way."
    return f"{action}: FAILED, {how}: {_reason(report)}.{moved} {STOP}"


def unreachable(action: Action, report: SkillReport, other_can: bool | None) -> str:
    """An action that its arm cannot reach; ``other_can``: whether the other arm could (None: it makes no sense)."""
    side = action.sides[0]
    what = ", ".join(map(plain, action.parameters.objects)) or "the pose"
    text = f"{action}: refused before anything moved: the {side} arm cannot reach {what} so: {_reason(report)}."
    if other_can:
        text += f" The {other_side(side)} arm can: use arm_tag {other_side(side)!r}."
    elif other_can is not None:
        text += f" The {other_side(side)} arm cannot either: change the target or the parameters."
    return f"{text} {STOP}"


def only_first(executed: int, planned: int) -> str:
    """A plan that is longer than what is executed of it."""
    return f"Actions {executed + 1} to {planned} were not executed: of a plan the first {executed} actions are."


def empty_plan() -> str:
    """A plan without actions, while the task is not done."""
    return "The executable_plan is empty, but the goal is not reached. Nothing moved."


def not_done() -> str:
    """All that was asked for is done, and the goal is not reached."""
    return "The goal is not reached yet."


def _reason(report: SkillReport) -> str:
    return plain(_INDEX.sub("", report.error_msg)).rstrip(".")
