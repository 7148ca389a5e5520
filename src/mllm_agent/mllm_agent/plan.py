"""The structured reply of a model: four fields, the last of them the actions to execute."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mllm_agent.actions import problems
from mllm_agent.repair import ReplyError, read_object

#: Actions in one plan, and characters of each of the texts that come with it.
MOST_ACTIONS = 50
MOST_TEXT = 20_000


def _as_text(value: Any) -> Any:
    """Ids come as 2.2 too, and texts as lists of sentences."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return value


Text = Annotated[str, Field(max_length=MOST_TEXT), BeforeValidator(_as_text)]


class PlannedAction(BaseModel):
    """One action as the model wrote it; its parameters are checked when it is its turn."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
    action_id: Annotated[str, Field(max_length=20), BeforeValidator(_as_text)] = ""
    action_name: Annotated[str, Field(max_length=100)]
    parameters: dict[str, Any] = Field(default_factory=dict, max_length=30)


class Plan(BaseModel):
    """What a model answers."""

    model_config = ConfigDict(strict=True, extra="forbid")
    visual_state_description: Text
    reasoning_and_reflection: Text
    language_plan: Text
    executable_plan: Annotated[list[PlannedAction], Field(max_length=MOST_ACTIONS)]


def read_plan(reply: str) -> Plan:
    """The plan of a reply, repaired where it is sloppy. Raises ReplyError in words that the model can act on."""
    found = read_object(reply, "executable_plan")
    try:
        return Plan.model_validate(found)
    except ValidationError as error:
        raise ReplyError(problems(error, Plan)) from None
