"""One motion of several controllers: started together or not at all, ended as one."""

from __future__ import annotations

from collections.abc import Mapping

from bimanual_control.goal import GoalHandle
from bimanual_core.errors import ErrorCode
from bimanual_core.motion import MotionReport, PartReport


class MotionHandle:
    """The goals of a motion by part, or why it was refused.

    A part that misses what it was asked (see ``FAILURES``) ends the others; a stop, a preemption or a cancel reaches
    each part by itself.
    """

    FAILURES = frozenset(
        {
            ErrorCode.CONTROL_PATH_TOLERANCE,
            ErrorCode.CONTROL_GOAL_TOLERANCE,
            ErrorCode.CONTROL_WORKSPACE,
            ErrorCode.CONTROL_ARM_DISTANCE,
            ErrorCode.TIMEOUT,
        }
    )

    def __init__(self, goals: Mapping[str, GoalHandle], refused: Mapping[str, PartReport]) -> None:
        self.goals = dict(goals)
        self._refused = dict(refused)
        for goal in self.goals.values():
            goal.on_done(self._part_ended)

    @property
    def rejected(self) -> bool:
        """Whether nothing was started."""
        return bool(self._refused)

    @property
    def done(self) -> bool:
        return all(goal.done for goal in self.goals.values())

    def cancel(self, reason: str = "cancelled by its sender") -> None:
        """Cancel every part that still runs."""
        for goal in self.goals.values():
            goal.cancel(reason)

    def report(self, stamp_ns: int) -> MotionReport:
        """How every part ended. Raises RuntimeError while one runs."""
        return MotionReport(stamp_ns, self._refused or {part: goal.report for part, goal in self.goals.items()})

    def _part_ended(self, ended: GoalHandle) -> None:
        if ended.error_code in self.FAILURES:
            for goal in self.goals.values():
                goal.cancel(f"{ended.part} failed: {ended.error_msg}")
