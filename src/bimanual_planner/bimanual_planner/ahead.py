"""What a request looked ahead along without doing it, so that the next request goes on as was foreseen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bimanual_core.skill import Skill


@dataclass(frozen=True, eq=False)
class Ahead:
    """What was chosen for skills that were looked ahead along and not done: tried first when they are asked for."""

    names: tuple[tuple[str, str, str], ...] = ()
    choices: Mapping[tuple[int, str], Any] = field(default_factory=dict)

    @classmethod
    def of(cls, lists: Mapping[str, Sequence[Skill]], choices: Mapping[tuple[int, str], Any]) -> Ahead:
        return cls(_names(lists), choices)

    def first(self, lists: Mapping[str, Sequence[Skill]]) -> dict[tuple[int, str], Any]:
        """The choices, if ``lists`` are the beginning of what was looked ahead along or begin with it."""
        asked = _names(lists)
        shorter = min(len(self.names), len(asked))
        return dict(self.choices) if self.names[:shorter] == asked[:shorter] else {}


def _names(lists: Mapping[str, Sequence[Skill]]) -> tuple[tuple[str, str, str], ...]:
    """Side, name and actor of every skill, index by index."""
    rows = zip(*([(side, skill.name, skill.actor) for skill in listed] for side, listed in lists.items()), strict=True)
    return tuple(entry for row in rows for entry in row)
