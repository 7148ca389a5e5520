"""Results of several files put together, such as those of machines that each did some of the tasks or seeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_tasks.episode import EpisodeResult
from bimanual_tasks.results import Evaluation, ResultsFile

#: Settings in which all files must agree: rates of different ones have no mean. Tasks may differ.
COMMON = ("policy", "world", "randomisation", "robot")


def merge_results(paths: Iterable[Path | str]) -> dict[Evaluation, list[EpisodeResult]]:
    """Results by evaluation, tasks by name, seeds in order; a seed that several files have counts once.

    Raises BimanualError for a file that is missing or damaged, for files of different settings, for a task in two
    variants, and for a seed whose results contradict each other.
    """
    found: dict[Evaluation, dict[int, EpisodeResult]] = {}
    said: dict[str, tuple[str, Path]] = {}
    for path in map(Path, paths):
        for evaluation, result in ResultsFile(path).all():
            _require_same(evaluation, path, said)
            seeds = found.setdefault(evaluation, {})
            _require_no_contradiction(evaluation, seeds.get(result.seed), result, path)
            seeds[result.seed] = result
    if not found:
        raise BimanualError("there is no result in the files to merge", ErrorCode.DATA_INVALID)
    ordered = sorted(found, key=lambda evaluation: evaluation.task)
    return {evaluation: [found[evaluation][seed] for seed in sorted(found[evaluation])] for evaluation in ordered}


def _require_same(evaluation: Evaluation, path: Path, said: dict[str, tuple[str, Path]]) -> None:
    """``said`` has the value of each setting and the file it was found in first."""
    settings = {name: getattr(evaluation, name) for name in COMMON}
    settings[f"variant of {evaluation.task}"] = evaluation.variant
    for name, value in settings.items():
        first, where = said.setdefault(name, (value, path))
        if value != first:
            raise BimanualError(
                f"cannot merge: {path} has results with {name} {value!r}, {where} with {name} {first!r}; results of "
                "different settings do not add up",
                ErrorCode.DATA_INVALID,
            )


def _require_no_contradiction(
    evaluation: Evaluation, known: EpisodeResult | None, result: EpisodeResult, path: Path
) -> None:
    if known is None or replace(known, wall_seconds=0.0) == replace(result, wall_seconds=0.0):
        return
    raise BimanualError(
        f"cannot merge: {path} has another result for {evaluation.task} seed {result.seed} than was found before "
        f"({_told(result)}; {_told(known)}); were they made by different versions?",
        ErrorCode.DATA_INVALID,
    )


def _told(result: EpisodeResult) -> str:
    outcome = "success" if result.success else f"{result.failure}: {result.reason}"
    return f"{outcome} after {result.seconds:g} s, motion {result.trajectory or 'unknown'}"
