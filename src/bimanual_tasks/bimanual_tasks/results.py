"""Results of an evaluation: a JSON-lines file to resume from, and the report of ``eval --json``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_tasks.episode import EpisodeResult
from bimanual_tasks.failures import count_failures
from bimanual_tasks.randomise import EASY
from bimanual_tasks.wilson import wilson_interval

#: What lines of older files mean that do not say it.
UNSAID = {"randomisation": EASY, "robot": "cobot_magic"}


@dataclass(frozen=True)
class Evaluation:
    """What makes results comparable; lines of another evaluation in the same file are left alone."""

    policy: str
    task: str
    variant: str
    world: str
    randomisation: str = EASY
    robot: str = UNSAID["robot"]

    def as_dict(self) -> dict[str, str]:
        return asdict(self)

    @classmethod
    def of_line(cls, line: dict[str, Any]) -> Evaluation:
        """The evaluation that a line of a results file belongs to. Raises BimanualError if the line does not say."""
        values = {item.name: line.get(item.name, UNSAID.get(item.name)) for item in fields(cls)}
        for name, value in values.items():
            if not isinstance(value, str):
                raise BimanualError(f"result: {name} is {value!r}, expected str", ErrorCode.DATA_INVALID)
        return cls(**values)  # type: ignore[arg-type]


class ResultsFile:
    """Appends one line per finished episode, so that a killed evaluation loses at most the running one."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def load(self, evaluation: Evaluation) -> dict[int, EpisodeResult]:
        """Results of ``evaluation`` by seed; none where there is no file. Raises as :meth:`all`."""
        if not self.path.exists():
            return {}
        return {result.seed: result for belongs, result in self.all() if belongs == evaluation}

    def all(self) -> Iterator[tuple[Evaluation, EpisodeResult]]:
        """Every result with the evaluation it belongs to. A last line cut off by a kill is ignored; any line that is
        not a result raises BimanualError naming it, and so does a file that cannot be read."""
        for number, line in enumerate(self._lines(), start=1):
            try:
                values = json.loads(line)
                if not isinstance(values, dict):
                    raise BimanualError(f"expected an object, found {line[:40]!r}")
                found = Evaluation.of_line(values), EpisodeResult.from_dict(values)
            except (json.JSONDecodeError, BimanualError) as error:
                raise BimanualError(f"{self.path}: line {number}: {error}", ErrorCode.DATA_INVALID) from None
            yield found

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
    ``reject_rate`` is the share of seeds whose first scene was of no use: out of reach, or not stable. ``failures``
    counts classes of failures; ``mean_seconds`` [s] is the world's time to success, ``mean_wall_seconds`` ours for all
    episodes."""
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
        "reject_rate": _mean([float(r.resampled > 0) for r in results]),
        "mean_stage_score": _mean([r.stage_score for r in results]),
        "failures": count_failures(r.failure for r in results),
        "disagreements": sum(bool(r.disagreement) for r in results),
        "unintended_contacts": sum(r.unintended_contacts for r in results),
        "arm_arm_contacts": sum(r.arm_arm_contacts for r in results),
        "mean_seconds": _mean([r.seconds for r in results if r.success]),
        "mean_wall_seconds": _mean([r.wall_seconds for r in results]),
        "per_seed": [r.as_dict() for r in sorted(results, key=lambda r: r.seed)],
    }


def overall_report(reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One task's report as it is; several as {tasks, mean_success_rate, failures, arm_arm_contacts}."""
    if len(reports) == 1:
        return reports[0]
    classes = (name for report in reports for name, count in report["failures"].items() for _ in range(count))
    return {
        "tasks": {r["task"]: r for r in reports},
        "mean_success_rate": mean_rate(reports),
        "failures": count_failures(classes),
        "arm_arm_contacts": sum(r["arm_arm_contacts"] for r in reports),
    }


def mean_rate(reports: Sequence[Mapping[str, Any]]) -> float:
    """The mean of the tasks' success rates, in [0, 1]; every task counts alike."""
    return sum(float(r["success_rate"]) for r in reports) / len(reports) if reports else 0.0


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0
