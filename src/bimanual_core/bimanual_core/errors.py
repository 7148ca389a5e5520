"""The one error base of the project and the partition of error codes.

Every action result, service reply and report carries an ``error_code`` from this table and a filled
``error_msg`` that gives the value, the limit and the valid choices.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

Point = tuple[float, float, float]


class ErrorCode(IntEnum):
    """Codes shared by reports in process and results on the wire; 0 is success."""

    NONE = 0
    # 1-99: the request itself, wherever it is refused
    INVALID_REQUEST = 1
    UNKNOWN_NAME = 2
    CANCELLED = 3
    TIMEOUT = 4
    INTERNAL = 5  # a bug: the node's log has the traceback
    NOT_CONFIRMED = 6  # a person has yet to do something; the words say what
    # 100-199: planner and skills
    PLAN_UNREACHABLE = 100
    PLAN_LIMIT = 101
    PLAN_SINGULAR = 102
    PLAN_COLLISION = 103
    PLAN_START_INVALID = 104
    GRASP_MISSED = 110
    GRASP_LOST = 111
    EXECUTION_FAILED = 120
    # 200-299: policy
    POLICY_CHECKPOINT = 200  # missing, unreadable, or of another robot or version
    POLICY_CHUNK_INVALID = 201  # of the wrong shape, not finite or far outside the joint limits
    POLICY_LATE = 202  # no chunk in time
    POLICY_CAMERA_LOST = 203
    POLICY_FAILED = 204  # the policy raised
    # 300-399: agent
    AGENT_ENDPOINT = 300  # the model's endpoint: down, slow, wrong key, unknown model
    AGENT_REPLY = 301  # no reply that can be read, or refusals
    AGENT_BUDGET = 302  # calls, tokens or time ran out before the task was done
    AGENT_UNFINISHED = 303  # the run ended and the task is not done
    # 400-499: simulator and controllers
    SIM_NOT_READY = 400
    SCENE_UNSTABLE = 401  # objects did not stay where the scene put them
    SCENE_UNSOLVABLE = 402  # no scene of a task's seed that can be reached and stays as it is put
    CONTROL_REJECTED = 410
    CONTROL_PATH_TOLERANCE = 411
    CONTROL_GOAL_TOLERANCE = 412
    CONTROL_PREEMPTED = 413
    CONTROL_LEASED = 414
    CONTROL_STOPPED = 415
    CONTROL_WORKSPACE = 416
    CONTROL_ARM_DISTANCE = 417
    NODE_SILENT = 420
    # 500-599: hardware, 600-699: data
    HARDWARE_NOT_READY = 500
    HARDWARE_FAULT = 501
    DATA_INVALID = 600
    DATA_WRITE_FAILED = 601


class BimanualError(Exception):
    """Base of every error a user may see: one line with value, limit and valid choices."""

    code: ErrorCode = ErrorCode.INVALID_REQUEST
    #: Where in the world [m] what the message tells of is, by the message's own words for it.
    places: Mapping[str, Point] = MappingProxyType({})

    def __init__(self, message: str, code: ErrorCode | None = None, places: Mapping[str, Point] | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        if places is not None:
            self.places = places


class UnknownNameError(BimanualError):
    """A name that is not in a registry, a robot or a scene; lists what exists."""

    code = ErrorCode.UNKNOWN_NAME

    def __init__(self, kind: str, name: str, known: object) -> None:
        choices = ", ".join(sorted(str(k) for k in known)) or "none"  # type: ignore[attr-defined]
        super().__init__(f"unknown {kind} {name!r}; choices: {choices}")


class ConfigError(BimanualError):
    """A configuration file that does not fit its schema; names the file and the key."""


class SilentNodeError(BimanualError):
    """A node of the graph stopped talking; names the node and the topic that went quiet."""

    code = ErrorCode.NODE_SILENT
