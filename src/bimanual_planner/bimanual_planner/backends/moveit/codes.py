"""MoveIt's error codes (moveit_msgs/MoveItErrorCodes) in the project's codes and words."""

from __future__ import annotations

from bimanual_core.errors import BimanualError, ErrorCode

SUCCESS = 1

_START, _GOAL = ErrorCode.PLAN_START_INVALID, ErrorCode.PLAN_COLLISION
_MEANINGS: dict[int, tuple[ErrorCode, str]] = {
    0: (ErrorCode.INTERNAL, "no result"),
    99999: (ErrorCode.PLAN_UNREACHABLE, "failure without a reason"),
    -1: (ErrorCode.PLAN_UNREACHABLE, "no plan found"),
    -2: (ErrorCode.PLAN_COLLISION, "the plan it found does not hold: it collides or leaves the bounds"),
    -3: (ErrorCode.PLAN_COLLISION, "the scene changed while it planned"),
    -4: (ErrorCode.EXECUTION_FAILED, "a controller failed"),
    -5: (ErrorCode.NODE_SILENT, "no sensor data"),
    -6: (ErrorCode.TIMEOUT, "no plan found in time"),
    -7: (ErrorCode.CANCELLED, "preempted"),
    -10: (_START, "the start is in collision"),
    -11: (_START, "the start violates the path's constraints"),
    -12: (_GOAL, "the goal is in collision"),
    -13: (ErrorCode.INVALID_REQUEST, "the goal violates the path's constraints"),
    -14: (ErrorCode.PLAN_UNREACHABLE, "the goal's constraints cannot be met"),
    -15: (ErrorCode.UNKNOWN_NAME, "unknown planning group"),
    -16: (ErrorCode.INVALID_REQUEST, "the goal's constraints are invalid"),
    -17: (_START, "the joints given are invalid"),
    -18: (ErrorCode.UNKNOWN_NAME, "unknown link"),
    -19: (ErrorCode.UNKNOWN_NAME, "unknown object"),
    -21: (ErrorCode.INTERNAL, "a frame is not known"),
    -22: (ErrorCode.INTERNAL, "collisions cannot be checked"),
    -23: (ErrorCode.NODE_SILENT, "joint states are stale"),
    -24: (ErrorCode.NODE_SILENT, "sensor data are stale"),
    -25: (ErrorCode.NODE_SILENT, "no communication"),
    -26: (_START, "the start is invalid"),
    -27: (ErrorCode.PLAN_LIMIT, "the goal is invalid"),
    -28: (ErrorCode.INVALID_REQUEST, "the kind of goal is not known"),
    -29: (ErrorCode.INTERNAL, "it crashed"),
    -30: (ErrorCode.CANCELLED, "aborted"),
    -31: (ErrorCode.PLAN_UNREACHABLE, "no joints reach the goal"),
}


def error_of(code: int, words: str = "") -> BimanualError:
    """What MoveIt's ``code`` means; ``words`` are MoveIt's own, where its version has some."""
    ours, meaning = _MEANINGS.get(code, (ErrorCode.INTERNAL, "a code this version does not know"))
    own = f" ({words})" if words else ""
    return BimanualError(f"MoveIt: {meaning}, code {code}{own}", ours)
