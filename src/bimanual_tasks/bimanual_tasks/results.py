"""Results of an evaluation: a JSON-lines file to resume from, and the report of ``eval --json``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_tasks.episode import EpisodeResult
from bimanual_tasks.randomise import EASY
from bimanual_tasks.wilson import wilson_interval


@dataclass(frozen=True)
class Evaluation:
    """What makes results comparable; lines of another evaluation in the same file are left alone."""

    policy: str
    task: str
    variant: str
    world: str
    randomisation: str = EASY

    def as_dict(self) -> dict[str, str]:
        return asdict(self)

    def matches(self, line: dict[str, Any]) -> bool:
        """Whether a line of a results file belongs to it; lines that name no randomisation are of easy."""
        return all(
            line.get(key, EASY if key == "randomisation" else None) == value for key, value in asdict(self).items()
        )


class ResultsFile:
    """Appends one line per finished episode, so that a killed evaluation loses at most the running one."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def load(self, evaluation: Evaluation) -> dict[int, EpisodeResult]:
        """Results of ``evaluation`` by seed. A last line cut off by a kill is ignored; any line that is not a result
        raises BimanualError naming it."""
        if not self.path.exists():
            return {}
        found: dict[int, EpisodeResult] = {}
        for number, line in enumerate(self._lines(), start=1):
            try:
                values = json.loads(line)
                result = EpisodeResult.from_dict(values)
            except (json.JSONDecodeError, AttributeError, BimanualError) as error:
                raise BimanualError(f"{self.path}: line {number}: {error}", ErrorCode.DATA_INVALID) from None
            if evaluation.matches(values):
                found[result.seed] = result
        return found

    def append(self, evaluation: Evaluation, result: EpisodeResult) -> None:
        """Add one result. Raises BimanualError if the file cannot be written."""
        line = json.dumps({**evaluation.as_dict(), **result.as_dict()})
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as file:
                file.truncate(self._whole_bytes())
                file.write(line.encode() + b"\n")
        except OSError as error:
            raise BimanualError(f"cannot write {self.path}: {error}", ErrorCode.DATA_WRITE_FAILED) from None

    def _whole_bytes(self) -> int:
        """Length of the file up to the end of its last whole line."""
        return self.path.read_bytes().rfind(b"\n") + 1

    def _lines(self) -> list[str]:
        try:
            return self.path.read_bytes()[: self._whole_bytes()].decode().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BimanualError(f"cannot read {self.path}: {error}", ErrorCode.DATA_INVALID) from None


def task_report(evaluation: Evaluation, results: Sequence[EpisodeResult]) -> dict[str, Any]:
    """The object of ``eval --json`` for one task. ``rejected`` counts draws that the task's own rules dropped,
    ``reject_rate`` is the share of seeds whose first scene was of no use: out of reach, or not stable."""
    succeeded = sum(r.success for r in results)
    low, high = wilson_interval(succeeded, len(results))
    return {
        **evaluation.as_dict(),
        "episodes": len(results),
        "succeeded": succeeded,
        "success_rate": succeeded / len(results) if results else 0.0,
        "ci95": [round(low, 4), round(high, 4)],
        "rejected": sum(r.rejected for r in results),
        "resampled": sum(r.resampled > 0 for r in results),
        "reject_rate": round(sum(r.resampled > 0 for r in results) / len(results), 4) if results else 0.0,
        "mean_stage_score": round(sum(r.stage_score for r in results) / len(results), 4) if results else 0.0,
        "disagreements": sum(bool(r.disagreement) for r in results),
        "unintended_contacts": sum(r.unintended_contacts for r in results),
        "per_seed": [r.as_dict() for r in sorted(results, key=lambda r: r.seed)],
    }


def overall_report(reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One task's report as it is; several as {tasks, mean_success_rate}."""
    if len(reports) == 1:
        return reports[0]
    rates = [float(r["success_rate"]) for r in reports]
    return {"tasks": {r["task"]: r for r in reports}, "mean_success_rate": sum(rates) / len(rates) if rates else 0.0}
