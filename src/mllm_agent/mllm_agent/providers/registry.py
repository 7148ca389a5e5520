"""Providers by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bimanual_core.errors import BimanualError, UnknownNameError
from bimanual_core.protocols import Skills, World
from bimanual_tasks.registry import get_expert
from bimanual_tasks.task import Task
from mllm_agent.providers.base import Provider
from mllm_agent.providers.replay import ReplayProvider
from mllm_agent.providers.scripted import ScriptedProvider

NAMES = ("scripted", "openai", "replay")


@dataclass(frozen=True)
class ProviderSettings:
    """``base_url`` and ``model`` are of an endpoint (openai); ``replay`` is the log folder of an earlier run.

    Keys are no settings: they come from the environment, so that they stand in no command line, parameter or log.
    """

    name: str = "scripted"
    model: str = ""
    base_url: str = ""
    replay: str = ""
    pictures: bool = True
    timeout_s: float = 120.0

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise UnknownNameError("provider", self.name, NAMES)
        if self.name == "openai" and not self.model:
            raise BimanualError("provider openai needs a model: give the name under which the endpoint serves it")
        if self.name == "replay" and not self.replay:
            raise BimanualError("provider replay needs the log folder of an earlier run")
        if not 1.0 <= self.timeout_s <= 3600.0:
            raise BimanualError(f"timeout {self.timeout_s} s is outside [1, 3600]")


def make_provider(settings: ProviderSettings, task: Task | None, skills: Skills, world: World) -> Provider:
    """The provider; ``scripted`` needs a ``task`` with an expert. Raises ProviderError or BimanualError."""
    if settings.name == "replay":
        return ReplayProvider(Path(settings.replay).expanduser())
    if settings.name == "openai":
        from mllm_agent.providers.openai_chat import OpenAIProvider

        return OpenAIProvider(settings.model, settings.base_url, settings.pictures, settings.timeout_s)
    if task is None:
        raise BimanualError("provider scripted needs a task whose expert it can ask: load one")
    return ScriptedProvider(get_expert(task.name), task, skills, world)
