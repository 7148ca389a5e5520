"""What a world executes: a synchronised motion of arms and grippers with its truthful report, or a stream of points."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class JointTrajectory:
    """A timed joint path: times (N,) [s] from its start, strictly increasing; positions, velocities and
    accelerations (N, n). The first point is where the joints are expected to be at time 0.

    Times are whole nanoseconds, as a ROS duration carries them. Raises BimanualError for a wrong shape, a value
    that is not finite or times that do not increase.
    """

    joints: tuple[str, ...]
    times: Array
    positions: Array
    velocities: Array
    accelerations: Array | None = None

    def __post_init__(self) -> None:
        times = np.round(np.asarray(self.times, dtype=float) * 1e9) / 1e9
        object.__setattr__(self, "times", times)
        shape = (len(times), len(self.joints))
        if times.ndim != 1 or len(times) == 0:
            raise BimanualError("trajectory has no points")
        for name in ("positions", "velocities", "accelerations"):
            value = getattr(self, name)
            if value is None and name == "accelerations":
                continue
            value = np.asarray(value, dtype=float)
            object.__setattr__(self, name, value)
            if value.shape != shape:
                raise BimanualError(f"trajectory {name} has shape {value.shape}, expected {shape}")
            if not np.all(np.isfinite(value)):
                row, column = np.argwhere(~np.isfinite(value))[0]
                raise BimanualError(f"trajectory {name}: point {row}, joint {self.joints[column]} is not finite")
        if not np.all(np.isfinite(times)) or times[0] < 0 or np.any(np.diff(times) <= 0):
            raise BimanualError("trajectory times must be finite, start at 0 or later and increase strictly")

    @property
    def duration(self) -> float:
        """Time of the last point [s]."""
        return float(self.times[-1])


@dataclass(frozen=True)
class GripperGoal:
    """Opening to reach [m] and the force it may press with [N] (None = the robot's default).

    Ends when reached, or stalled (something is held); a stall counts as success as in ParallelGripperCommand
    with ``allow_stalling``.
    """

    opening: float
    max_force: float | None = None


@dataclass(frozen=True, eq=False)
class Motion:
    """Trajectories and gripper goals by side that start together; all parts are optional."""

    arms: dict[str, JointTrajectory] = field(default_factory=dict)
    grippers: dict[str, GripperGoal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.arms and not self.grippers:
            raise BimanualError("motion is empty: it moves neither an arm nor a gripper")


@dataclass(frozen=True, eq=False)
class Stream:
    """Timed points by side that arms and grippers follow without a goal, as policies and people give them.

    Time 0 of every trajectory is ``start_ns``; points in the past are dropped. A newer stream replaces what is left of
    the one before it; the joints come to rest where the points end. A gripper's trajectory has one joint, its opening
    [m].
    """

    start_ns: int
    arms: dict[str, JointTrajectory] = field(default_factory=dict)
    grippers: dict[str, JointTrajectory] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.arms and not self.grippers:
            raise BimanualError("stream is empty: it moves neither an arm nor a gripper")

    @property
    def parts(self) -> dict[str, JointTrajectory]:
        """The trajectories by controller: ``left_arm``, ``left_gripper``, ..."""
        arms = {f"{side}_arm": trajectory for side, trajectory in self.arms.items()}
        return arms | {f"{side}_gripper": trajectory for side, trajectory in self.grippers.items()}


@dataclass(frozen=True)
class PartReport:
    """How one controller's part of a motion ended. ``stalled`` and ``position`` [m] are of grippers."""

    error_code: ErrorCode = ErrorCode.NONE
    error_msg: str = ""
    max_error: float = 0.0  # [rad], at the goal
    stalled: bool = False
    position: float | None = None

    @property
    def success(self) -> bool:
        return self.error_code == ErrorCode.NONE


@dataclass(frozen=True, eq=False)
class MotionReport:
    """How a motion ended, per part (``left_arm``, ``left_gripper``, ...) and the first failure of all."""

    stamp_ns: int
    parts: dict[str, PartReport] = field(default_factory=dict)

    @property
    def success(self) -> bool:
        return all(p.success for p in self.parts.values())

    @property
    def first_failure(self) -> tuple[str, PartReport] | None:
        for name, part in self.parts.items():
            if not part.success:
                return name, part
        return None
