"""The tasks that exist: one YAML in ``tasks/`` each, and an expert module in ``experts/``, of the same name or
named by the YAML."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path

from bimanual_core.config import build, load_yaml
from bimanual_core.errors import ConfigError, UnknownNameError
from bimanual_core.protocols import Skills, World
from bimanual_core.skill import SkillReport
from bimanual_tasks.conditions import Condition, Stage
from bimanual_tasks.objects import ObjectRange
from bimanual_tasks.task import ArmRule, FirstGrasp, Instructions, Task

DEFAULT_VARIANT = "robotwin2"
FOLDER = Path(__file__).parent / "tasks"
EXPERTS = Path(__file__).parent / "experts"

#: An expert program: does the task once, from the scene as it is.
Expert = Callable[[Skills, World, Task], SkillReport]


@dataclass(frozen=True)
class _Variant:
    """What a published version of a task fixes."""

    step_limit: int
    objects: tuple[ObjectRange, ...]
    success: tuple[Condition, ...]
    hold_seconds: float = 0.5
    goal_xy: tuple[float, float] | None = None
    work_xy: tuple[tuple[float, float], ...] = ()
    nouns: dict[str, str] | None = None
    stages: tuple[Stage, ...] = ()
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    moves: tuple[str, ...] = ()
    first_grasps: tuple[FirstGrasp, ...] = ()


@dataclass(frozen=True)
class _TaskFile:
    """The schema of one YAML."""

    name: str
    description: str
    actors: dict[str, str]
    arms: dict[str, ArmRule]
    instructions: Instructions
    variants: dict[str, _Variant]
    nouns: dict[str, str] = field(default_factory=dict)
    expert: str = ""  # the module of experts/, where it is another task's


def task_names() -> list[str]:
    """All tasks, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def variants(name: str) -> list[str]:
    """The variants of a task, sorted; raises UnknownNameError listing the tasks."""
    return sorted(_load(name).variants)


def get_task(name: str, variant: str = "") -> Task:
    """A task in one variant (empty: robotwin2 where it has that, else its first). Raises UnknownNameError listing the
    choices, or ConfigError."""
    file = _load(name)
    variant = variant or (DEFAULT_VARIANT if DEFAULT_VARIANT in file.variants else min(file.variants))
    if variant not in file.variants:
        raise UnknownNameError(f"variant of {name}", variant, file.variants)
    chosen = file.variants[variant]
    shared = {name: getattr(file, name) for name in ("description", "actors", "arms", "instructions")}
    varied = {f.name: getattr(chosen, f.name) for f in fields(_Variant)}
    try:
        return Task(name=name, variant=variant, **{**shared, **varied, "nouns": chosen.nouns or file.nouns})
    except ValueError as error:
        raise ConfigError(f"{FOLDER / name}.yaml: variant {variant}: {error}") from None


@cache
def _load(name: str) -> _TaskFile:
    if name not in task_names():
        raise UnknownNameError("task", name, task_names())
    path = FOLDER / f"{name}.yaml"
    return build(_TaskFile, load_yaml(path), str(path))


def expert_names() -> list[str]:
    """The tasks that have an expert program, sorted."""
    return [name for name in task_names() if _program(name).is_file()]


def get_expert(name: str) -> Expert:
    """The expert program ``run(skills, world, task)`` of a task; raises UnknownNameError listing all that have one."""
    known = expert_names()
    if name not in known:
        raise UnknownNameError("expert", name, known)
    return importlib.import_module(f"bimanual_tasks.experts.{_program(name).stem}").run


def _program(name: str) -> Path:
    return EXPERTS / f"{_load(name).expert or name}.py"
