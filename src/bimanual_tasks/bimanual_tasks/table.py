"""The table of tasks of docs/tasks.md: ``python -m bimanual_tasks.table`` prints it."""

from __future__ import annotations

from bimanual_tasks.registry import get_task, task_names, variants
from bimanual_tasks.task import Task

HEADER = ("| task | variant | steps | what is to be done | stages |", "|---|---|---|---|---|")


def table() -> str:
    """One row for each variant of each task, in Markdown."""
    rows = [_row(get_task(name, variant)) for name in task_names() for variant in variants(name)]
    return "\n".join((*HEADER, *rows))


def _row(task: Task) -> str:
    stages = ", ".join(stage.name for stage in task.stages)
    return f"| `{task.name}` | {task.variant} | {task.step_limit} | {task.description} | {stages} |"


if __name__ == "__main__":
    print(table())
