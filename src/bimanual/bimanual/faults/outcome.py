"""What became of one fault."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

#: Arms are at rest within this long [ms] of the world's time after the fault is detected.
REST_LIMIT_MS = 100.0


class Rest(str, Enum):
    """How the arms came to rest."""

    STOPPED = "stopped"  # the motion was ended: measured joints stand still
    UNHARMED = "unharmed"  # the motion went on to its goal: the fault is none of its business
    GONE = "gone"  # the process that moved them is gone, and with it the simulated world or the setpoints
    STILL = "still"  # they did not move


@dataclass
class Outcome:
    """One fault and what came of it. Times [ms]; ``rest_ms`` and ``onset_to_rest_ms`` are of the world's own time,
    ``detection_ms`` of wall time."""

    kind: str
    graph: str
    seed: int
    detail: str = ""
    detected_by: str = ""  # who noticed: driver, client, supervisor, watcher, safety, refusal, doctor
    words: str = ""
    detection_ms: float | None = None
    rest: Rest = Rest.STILL
    rested: bool = False
    rest_ms: float | None = None
    onset_to_rest_ms: float | None = None
    recovered: bool = False
    recovery_s: float | None = None
    not_run: str = ""
    failure: str = ""

    @property
    def detected(self) -> bool:
        return bool(self.detected_by)

    @property
    def named(self) -> bool:
        return bool(self.words)

    @property
    def rested_in_time(self) -> bool:
        return self.rested and (self.rest_ms is None or self.rest_ms <= REST_LIMIT_MS)

    @property
    def good(self) -> bool:
        """Whether all that is promised of a fault holds."""
        return self.detected and self.named and self.rested_in_time and self.recovered and not self.failure

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"good": self.good}
