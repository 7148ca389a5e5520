"""The stages of a task, in order: each is done once its conditions held in one sample, and stays done."""

from __future__ import annotations

from collections.abc import Sequence

from bimanual_tasks.conditions import Stage
from bimanual_tasks.judging import Look, missing_of


class StageTracker:
    """Counts the stages that are done; a stage counts only after those before it."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._stages = tuple(stages)
        self.done = 0

    @property
    def reached(self) -> str:
        """Name of the last stage that is done, empty if none is."""
        return self._stages[self.done - 1].name if self.done else ""

    def update(self, look: Look) -> None:
        """Judge one sample; several stages may be done in it."""
        while self.done < len(self._stages):
            if any(missing_of(condition, look) for condition in self._stages[self.done].when):
                return
            self.done += 1
