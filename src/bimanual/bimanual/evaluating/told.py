"""What ``eval`` tells a person: a line per episode with the time that is left, a summary per task and over all."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from bimanual.output import note
from bimanual_tasks.episode import EpisodeResult
from bimanual_tasks.results import Evaluation, mean_rate


class Progress:
    """Episodes of one task as they come; ``place`` says which of how many tasks it is."""

    def __init__(self, evaluation: Evaluation, wanted: int, place: tuple[int, int], already: int = 0) -> None:
        """``already`` of the ``wanted`` episodes were done earlier and come first."""
        self._evaluation = evaluation
        self._wanted = wanted
        self._already = already
        self._of = f"task {place[0]} of {place[1]}: " if place[1] > 1 else ""
        self._began = time.monotonic()
        self._done = self._succeeded = 0

    def show(self, result: EpisodeResult) -> None:
        """One more episode."""
        self._done += 1
        self._succeeded += result.success
        outcome = "success" if result.success else f"FAILED ({result.failure}): {result.reason}"
        outcome += f" (but {result.disagreement})" if result.disagreement else ""
        note(
            f"[{self._done}/{self._wanted}] {self._of}{self._evaluation.task} ({self._evaluation.variant}) seed "
            f"{result.seed}: {outcome}  {result.seconds:5.1f} s simulated, {result.wall_seconds:5.1f} s wall  "
            f"{self._succeeded}/{self._done} so far{self._left()}"
        )

    def _left(self) -> str:
        new = self._done - self._already
        if new <= 0 or self._done >= self._wanted:
            return ""
        minutes, seconds = divmod(round((self._wanted - self._done) * (time.monotonic() - self._began) / new), 60)
        return f", {minutes}:{seconds:02d} left"


def summarise(report: Mapping[str, Any]) -> None:
    """Tell how a task went, from its report."""
    low, high = report["ci95"]
    note(
        f"{report['task']} ({report['variant']}, {report['randomisation']}, {report['policy']}, {report['world']}): "
        f"{report['succeeded']} of {report['episodes']} succeeded, 95% interval {low:.2f}-{high:.2f}, mean stage score "
        f"{report['mean_stage_score']:.2f}; failures: {failures_of(report)}; {report['arm_arm_contacts']} arm-arm "
        f"contacts, {report['unintended_contacts']} unintended in all; {report['disagreements']} disagree with their "
        f"instruction; {report['resampled']} scenes drawn again ({100 * report['reject_rate']:.1f}% of the seeds), "
        f"{report['rejected']} draws rejected by the task's rules"
    )


def summarise_all(reports: Sequence[Mapping[str, Any]], overall: Mapping[str, Any]) -> None:
    """Tell how all tasks went together; nothing where there is one."""
    if len(reports) < 2:
        return
    worst = min(reports, key=lambda report: report["success_rate"])
    note(
        f"mean over {len(reports)} tasks: {100 * mean_rate(reports):.1f}%, lowest {100 * worst['success_rate']:.1f}% "
        f"({worst['task']}); failures: {failures_of(overall)}; {overall['arm_arm_contacts']} arm-arm contacts"
    )


def failures_of(report: Mapping[str, Any]) -> str:
    """Classes of failures and how many of each, in words."""
    return ", ".join(f"{count} {name}" for name, count in report["failures"].items()) or "none"
