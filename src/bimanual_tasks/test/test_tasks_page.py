"""docs/tasks.md tells of the tasks, conditions and keys that there are."""

from pathlib import Path

from bimanual_tasks.conditions import CONDITION_KINDS
from bimanual_tasks.table import table

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "tasks.md").read_text(encoding="utf-8")


def test_the_page_has_the_tasks_and_conditions_that_there_are():
    assert table() in PAGE, "docs/tasks.md is out of date: put in what `python -m bimanual_tasks.table` prints"
    for kind in CONDITION_KINDS:
        assert f"`{kind}`" in PAGE, f"docs/tasks.md does not tell of condition {kind}"
