"""Classes of failed episodes, from what the performer reported and the judge saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bimanual_core.errors import ErrorCode

UNREACHABLE, PLAN, GRASP, COLLISION = "unreachable", "plan", "grasp slip", "collision"
TIMEOUT, CONTROL, OTHER = "timeout", "control", "other"
#: All classes, in the order in which they are told.
FAILURE_CLASSES = (UNREACHABLE, PLAN, GRASP, COLLISION, TIMEOUT, CONTROL, OTHER)

_BY_CODE = {
    ErrorCode.TIMEOUT: TIMEOUT,
    ErrorCode.PLAN_UNREACHABLE: UNREACHABLE,
    ErrorCode.SCENE_UNSOLVABLE: UNREACHABLE,
    ErrorCode.GRASP_MISSED: GRASP,
    ErrorCode.GRASP_LOST: GRASP,
    ErrorCode.CONTROL_ARM_DISTANCE: COLLISION,
    ErrorCode.CONTROL_WORKSPACE: CONTROL,
}
_BY_LAYER = {"plan": PLAN, "grasp": GRASP, "control": CONTROL}


def failure_class(success: bool, error_code: int, layer: str, timed_out: bool, arm_arm_contacts: int) -> str:
    """The class of an episode, empty for a success.

    Arms that touched, or that the guard held apart, are a collision whatever followed from it. Otherwise the first
    failure that was reported decides, by its code, by its layer where the code says less (a plan that would collide is
    a failure of planning: nothing collided). What reported no failure ran out of time, or ended beside its goal
    (other).
    """
    if success:
        return ""
    if arm_arm_contacts:
        return COLLISION
    if error_code in _BY_CODE:
        return _BY_CODE[ErrorCode(error_code)]
    if ErrorCode.PLAN_UNREACHABLE <= error_code < ErrorCode.GRASP_MISSED:
        return PLAN
    if ErrorCode.CONTROL_REJECTED <= error_code < ErrorCode.NODE_SILENT:
        return CONTROL
    if layer in _BY_LAYER:
        return _BY_LAYER[layer]
    return TIMEOUT if timed_out and not error_code else OTHER


def count_failures(classes: Iterable[str]) -> dict[str, int]:
    """How many there are of each class, in the order of FAILURE_CLASSES, without those of which there are none."""
    counts = Counter(classes)
    return {name: counts[name] for name in FAILURE_CLASSES if counts[name]}
