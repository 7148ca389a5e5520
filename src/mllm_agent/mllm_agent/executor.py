"""One action at a time, chosen such that the rest of the plan stays possible as far as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bimanual_core.errors import ErrorCode
from bimanual_core.protocols import Skills
from bimanual_core.robot import other_side
from bimanual_core.skill import Skill, SkillReport
from mllm_agent import feedback
from mllm_agent.actions import Action
from mllm_agent.view import pose_words

#: Actions that are looked ahead along.
FARTHEST_AHEAD = 16
#: Actions that the other arm could do instead.
_EITHER_ARM = ("grasp_actor", "move_to_pose")


@dataclass(frozen=True)
class Outcome:
    """What came of an action."""

    success: bool
    text: str


class Executor:
    """Does actions through ``skills``."""

    def __init__(self, skills: Skills) -> None:
        self._skills = skills
        self._dead_end: Action | None = None

    def do(self, action: Action, rest: Sequence[Action]) -> Outcome:
        """Do ``action`` such that ``rest`` can follow, up to the first action of it that cannot be planned."""
        if action.skill is None:
            pose = pose_words(self._skills.arm_pose(action.sides[0]))
            return Outcome(True, feedback.succeeded(action, f"The {action.sides[0]} arm is at {pose}."))
        report = self._execute(action, [later for later in rest if later.skill is not None][:FARTHEST_AHEAD])
        if report.success:
            return Outcome(True, feedback.succeeded(action))
        if report.error_code == ErrorCode.PLAN_UNREACHABLE and report.layer == "plan" and len(action.sides) == 1:
            return Outcome(False, feedback.unreachable(action, report, self._other_can(action)))
        return Outcome(False, feedback.failed(action, report))

    def _execute(self, action: Action, rest: list[Action]) -> SkillReport:
        if self._dead_end is action:
            self._dead_end = None
        if self._dead_end in rest:
            rest = rest[: rest.index(self._dead_end)]
        while True:
            row = [action, *rest]
            left, right = ([step.skill_of(side) for step in row] for side in ("left", "right"))
            report = self._skills.execute(left, right, ahead=len(rest))
            if report.layer != "plan" or not 0 < report.failed_index <= len(rest):
                return report
            # What comes later cannot be planned: its own turn will say why, unless a new plan comes before.
            self._dead_end = rest[report.failed_index - 1]
            rest = rest[: report.failed_index - 1]

    def _other_can(self, action: Action) -> bool | None:
        """Whether the other arm could do it, which is planned and not done; None where that makes no sense."""
        if action.skill is None or action.skill.name not in _EITHER_ARM:
            return None
        other: Skill = replace(action.skill)
        lists: dict[str, list[Skill]] = {"left": [], "right": []}
        lists[other_side(action.sides[0])].append(other)
        return self._skills.execute(lists["left"], lists["right"], ahead=1).success
