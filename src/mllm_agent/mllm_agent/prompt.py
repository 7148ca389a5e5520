"""What a model is told, as one message: the goal, the world, what it may do, how to answer, and what came of it so far.

Models see nothing else between two calls, so every call says everything; of what was done the last steps are told.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from mllm_agent.actions import KINDS, POSE_FORMAT, Parameters
from mllm_agent.view import View, object_words, pose_words

#: Steps (plan and feedback) that are told again.
STEPS_TOLD = 3

_SCHEMA = """Answer with one JSON object and nothing else. It has exactly these four fields:
{
  "visual_state_description": "what you see: objects, where they are, what each gripper holds",
  "reasoning_and_reflection": "why the last plan went as it did, and what follows from that",
  "language_plan": "the steps from here to the goal, in words",
  "executable_plan": [{"action_id": "...", "action_name": "...", "parameters": {...}}, ...]
}"""

_EXAMPLE = """Example for another task (put the cup, which stands on the right, on the tray in the middle):
{
  "visual_state_description": "The cup stands at x 0.21, on the right. Both grippers are empty and open.",
  "reasoning_and_reflection": "Nothing was done yet. The right arm is nearer to the cup.",
  "language_plan": "Grasp the cup with the right arm, lift it, set it on the tray, back off, go home.",
  "executable_plan": [
    {"action_id": "2.2", "action_name": "grasp_actor", "parameters": {"actor": "cup", "arm_tag": "right"}},
    {"action_id": "2.4", "action_name": "move_by_displacement", "parameters": {"arm_tag": "right", "z": 0.06}},
    {"action_id": "2.3", "action_name": "place_actor", "parameters": {"actor": "cup", "arm_tag": "right",
      "target_pose": [0.0, -0.1, 0.755, 0.0, 0.0, 0.0, 1.0], "functional_point_id": 0, "pre_dis": 0.05, "dis": 0.0}},
    {"action_id": "2.4", "action_name": "move_by_displacement",
      "parameters": {"arm_tag": "right", "z": -0.08, "move_axis": "arm"}},
    {"action_id": "2.8", "action_name": "back_to_origin", "parameters": {"arm_tag": "right"}}
  ]
}"""


@dataclass(frozen=True)
class Goal:
    """What is to be done: the task's name (may be empty), the sentence, and what the task says of itself."""

    instruction: str
    task: str = ""
    description: str = ""


@dataclass(frozen=True)
class Step:
    """One planning call that is over: the actions asked for, and what the model is told of them."""

    actions: str
    feedback: str


def prompt(goal: Goal, view: View, steps: Sequence[Step], most_actions: int, calls_left: int, problem: str = "") -> str:
    """The message of one planning call; ``problem`` says why the last reply to it could not be used."""
    parts = [
        "You plan for a robot with two arms at a table. You decide which arm does what; the robot's planner finds the "
        "motions.",
        _goal(goal, calls_left),
        _world(view),
        _rules(most_actions),
        "Actions, with their parameters:\n" + "\n".join(action_words(kind) for kind in KINDS),
        _SCHEMA,
        _EXAMPLE,
        _history(steps),
    ]
    if problem:
        parts.append(f"Your last answer could not be used: {problem}. Answer again, with the JSON object only.")
    return "\n\n".join(part for part in parts if part)


def _goal(goal: Goal, calls_left: int) -> str:
    name = f"Task: {goal.task}" + (f" ({goal.description})" if goal.description else "") if goal.task else ""
    left = f"You are asked {calls_left} more times at most, this one included."
    return "\n".join(line for line in (name, f"Goal: {goal.instruction}", left) if line)


def _world(view: View) -> str:
    lines = [
        "World frame: x to the right, y away from the robot, z up; metres. The robot stands on the side of negative y "
        "and looks along y; its left arm works where x < 0, its right arm where x > 0. Table top: z = 0.74.",
        f"Poses are {POSE_FORMAT}.",
        "Arms now (pose of the point between the finger tips; its z axis points out of the gripper):",
    ]
    for side in view.sides:
        lines.append(f"- {side}: {pose_words(view.poses[side])}, gripper open by {view.openings[side]:.2f} of 1")
    lines.append("Objects now:")
    for state in view.objects.values():
        lines += object_words(state)
    if not view.objects:
        lines.append("- none")
    for number, picture in enumerate(view.pictures, start=1):
        lines.append(f"Picture {number}: {picture.note}.")
    return "\n".join(lines)


def _rules(most_actions: int) -> str:
    return "\n".join(
        [
            "Rules:",
            f"- Of a plan the first {most_actions} actions are executed, one after the other; then you see the new "
            "state and plan again. Give the whole plan all the same: grasps are chosen such that all of it can follow.",
            "- The first action that fails ends the plan, and you are told why.",
            "- The arms must not hit each other, the table or objects. Move an arm that is not needed out of the way, "
            "back off before you go home, and do not bring both grippers to one place, but to hand something over.",
            "- An arm reaches little beyond its own side of the table. What it cannot reach the other arm must take, "
            "or be handed.",
            "- An object is held by contact points and placed by functional points; place only what that arm holds.",
            '- arm_tag is "left" or "right"; "both" only where it is listed.',
            "- When the goal is reached, answer with an empty executable_plan.",
        ]
    )


@cache
def action_words(kind: type[Parameters]) -> str:
    """One line of an action: id, name, parameters with type, default and meaning."""
    fields = kind.model_json_schema()["properties"]
    listed = []
    for name, schema in fields.items():
        field = kind.model_fields[name]
        default = "" if field.is_required() else f" = {_json_word(field.default)}"
        meaning = f" ({field.description})" if field.description else ""
        listed.append(f"{name}: {_type(schema)}{default}{meaning}")
    return f"- {kind.ID} {kind.NAME}: {kind.__doc__}\n  " + "; ".join(listed)


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(f'"{choice}"' for choice in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_type(choice) for choice in schema["anyOf"])
    if schema.get("minItems") == 7:
        return "pose"
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("type") == "number" and "maximum" in schema:
        return f"number {schema['minimum']:g} to {schema['maximum']:g}"
    return {"integer": "whole number", "boolean": "true | false", "string": "text"}.get(schema["type"], schema["type"])


def _json_word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else json.dumps(value)


def _history(steps: Sequence[Step]) -> str:
    if not steps:
        return ""
    first = max(0, len(steps) - STEPS_TOLD)
    parts = [f"What you asked for and what came of it, the last {len(steps) - first} of {len(steps)} steps:"]
    for number, step in enumerate(steps[first:], start=first + 1):
        parts.append(f"Step {number}\nactions: {step.actions}\nfeedback:\n{step.feedback}")
    return "\n".join(parts)
