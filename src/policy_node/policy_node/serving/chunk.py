"""From what a policy answers to what the controllers take: checked, clamped, slowed where it is too fast, timed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import JointTrajectory, Stream
from bimanual_core.rates import NS_PER_S
from bimanual_core.robot import RobotSpec

Array = NDArray[np.float64]

#: An action further outside the limits than this is a fault of the policy, not of rounding: arms [rad], grippers [m].
ARM_MARGIN, GRIPPER_MARGIN = 0.35, 0.05
#: Between two points a joint moves at most with this share of its speed limit: a cubic through points that are no
#: faster stays below the limit (2/3 would just do).
SPEED_SHARE = 0.62
#: The same for the first step where it is not known how fast the joint moves at its beginning (1/2 would just do).
UNSURE_SHARE = 0.48


@dataclass(frozen=True, eq=False)
class Path:
    """Points of all joints: stamps (N,) [ns], positions and velocities (N, D). The first is where the joints are
    commanded to be already."""

    stamps_ns: NDArray[np.int64]
    positions: Array
    velocities: Array

    @property
    def end_ns(self) -> int:
        return int(self.stamps_ns[-1])

    def at(self, stamp_ns: int) -> tuple[Array, Array]:
        """Position and velocity (D,) at ``stamp_ns``; at rest beyond the last point."""
        if stamp_ns >= self.end_ns:
            return self.positions[-1], np.zeros_like(self.positions[-1])
        i = int(np.clip(np.searchsorted(self.stamps_ns, stamp_ns, side="right") - 1, 0, len(self.stamps_ns) - 2))
        h = float(self.stamps_ns[i + 1] - self.stamps_ns[i]) / NS_PER_S
        u = max((stamp_ns - int(self.stamps_ns[i])) / NS_PER_S / h, 0.0)
        p0, p1 = self.positions[i], self.positions[i + 1]
        v0, v1 = self.velocities[i] * h, self.velocities[i + 1] * h
        c2, c3 = 3 * (p1 - p0) - 2 * v0 - v1, v0 + v1 - 2 * (p1 - p0)
        return p0 + u * (v0 + u * (c2 + u * c3)), (v0 + u * (2 * c2 + u * 3 * c3)) / h


def check_chunk(chunk: ArrayLike, robot: RobotSpec, least: int = 2) -> Array:
    """The chunk (T, D) as floats, T at least ``least``.

    Raises BimanualError (POLICY_CHUNK_INVALID) for another shape, a value that is not finite, and one further outside
    the limits than the margin.
    """
    try:
        actions = np.asarray(chunk, dtype=float)
    except (TypeError, ValueError) as error:
        raise _invalid(f"is no array of numbers: {error}") from None
    d = robot.joints.size
    if actions.ndim != 2 or actions.shape[1] != d or actions.shape[0] < least:
        raise _invalid(f"has shape {actions.shape}, expected (T, {d}) with T at least {least}")
    if not np.isfinite(actions).all():
        step, j = (int(i) for i in np.argwhere(~np.isfinite(actions))[0])
        raise _invalid(f"{robot.joints.names[j]} of action {step} is {actions[step, j]}")
    margin = _by_kind(robot, ARM_MARGIN, GRIPPER_MARGIN)
    far = (actions < robot.lower - margin) | (actions > robot.upper + margin)
    if far.any():
        step, j = (int(i) for i in np.argwhere(far)[0])
        raise _invalid(
            f"{robot.joints.names[j]} of action {step} is {actions[step, j]:.4f}, more than {margin[j]:g} outside "
            f"[{robot.lower[j]:.4f}, {robot.upper[j]:.4f}]"
        )
    return actions


class ChunkShaper:
    """Makes paths of chunks for one robot. ``clamped`` counts the actions that were outside the joint limits, and
    ``slowed`` those that were further away than a joint can go in a period. Points take up to ``reserve_s`` to reach
    the controllers: what is to be done first leaves that much time."""

    def __init__(self, robot: RobotSpec, reserve_s: float = 0.0) -> None:
        self.clamped = 0
        self.slowed = 0
        self._robot = robot
        self._reserve_s = reserve_s
        velocity = [np.append(arm.velocity, arm.gripper.velocity) for arm in robot.arms]
        acceleration = [np.append(arm.acceleration, np.inf) for arm in robot.arms]
        self._velocity, self._acceleration = np.concatenate(velocity), np.concatenate(acceleration)
        self._grippers = _by_kind(robot, 0.0, 1.0).astype(bool)

    def path(
        self, begin: tuple[int, Array, Array], stamps_ns: NDArray[np.int64], actions: Array, sure: bool = True
    ) -> Path:
        """From ``begin`` (stamp, position (D,), velocity (D,)) through ``actions`` (N, D) at ``stamps_ns`` (N,), all
        later than ``begin``, whose velocity is only a guess if not ``sure``. It is smooth, does not overshoot between
        points and keeps the speed limits."""
        begin_ns, position, velocity = begin
        within = np.clip(actions, self._robot.lower, self._robot.upper)
        self.clamped += int((within != actions).any(axis=1).sum())
        stamps = np.concatenate([[begin_ns], stamps_ns]).astype(np.int64)
        steps_s = np.diff(stamps)[:, None] / NS_PER_S
        points = self._slowed(np.vstack([position, within]), steps_s, velocity, sure)
        chords = np.diff(points, axis=0) / steps_s
        tangents = np.vstack([velocity, _tangents(chords), chords[-1:]])
        return Path(stamps, points, np.clip(tangents, -self._velocity, self._velocity))

    def halt(self, begin: tuple[int, Array, Array]) -> Path:
        """From ``begin`` to rest, as soon as the accelerations allow."""
        begin_ns, position, velocity = begin
        velocity = np.where(self._grippers, 0.0, velocity)
        seconds = max(float(np.max(np.abs(velocity) / self._acceleration)), 0.05)
        rest = np.clip(position + velocity * seconds / 2, self._robot.lower, self._robot.upper)
        stamps = np.array([begin_ns, begin_ns + round(seconds * NS_PER_S)])
        return Path(stamps, np.stack([position, rest]), np.stack([velocity, np.zeros_like(velocity)]))

    def _slowed(self, points: Array, steps_s: Array, velocity: Array, sure: bool) -> Array:
        """Points (N, D) no further apart than the speed limits allow; the gripper keeps its own pace."""
        spare_s = steps_s.copy()
        spare_s[0] = np.maximum(spare_s[0] - self._reserve_s, 0.0)
        most = np.where(self._grippers, np.inf, self._velocity * SPEED_SHARE * spare_s)
        if not sure:
            most[0] *= UNSURE_SHARE / SPEED_SHARE
        # Where the joint still moves the other way, the cubic of the first step peaks higher.
        against = velocity * (points[1] - points[0]) < 0
        most[0] = np.where(against, np.maximum(most[0] - np.abs(velocity) * spare_s[0] / 6, 0.0), most[0])
        if (np.abs(np.diff(points, axis=0)) <= most).all():
            return points
        out = points.copy()
        for k in range(1, len(points)):
            step = points[k] - out[k - 1]
            out[k] = out[k - 1] + np.clip(step, -most[k - 1], most[k - 1])
            self.slowed += int((np.abs(step) > most[k - 1]).any())
        return out


def stream_of(robot: RobotSpec, path: Path, after_ns: int) -> Stream:
    """The points of ``path`` later than ``after_ns`` as a stream that starts there."""
    later = path.stamps_ns > after_ns
    times = (path.stamps_ns[later] - after_ns) / NS_PER_S
    arms, grippers = {}, {}
    for arm in robot.arms:
        columns = robot.joints.group(f"{arm.side}_arm")
        arms[arm.side] = JointTrajectory(
            arm.joints, times, path.positions[later, columns], path.velocities[later, columns]
        )
        columns = robot.joints.group(f"{arm.side}_gripper")
        grippers[arm.side] = JointTrajectory(
            (arm.gripper.joint,), times, path.positions[later, columns], path.velocities[later, columns]
        )
    return Stream(after_ns, arms, grippers)


def _tangents(chords: Array) -> Array:
    """Slopes at the inner points (N - 1, D) of N chords: their harmonic mean, 0 where the direction turns, so that a
    cubic passes no point."""
    before, after = chords[:-1], chords[1:]
    same = before * after > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = 2 * before * after / (before + after)
    return np.where(same, mean, 0.0)


def _by_kind(robot: RobotSpec, arm: float, gripper: float) -> Array:
    return np.concatenate([np.append(np.full(a.dof, arm), gripper) for a in robot.arms])


def _invalid(why: str) -> BimanualError:
    return BimanualError(f"the policy's chunk is refused: {why}", ErrorCode.POLICY_CHUNK_INVALID)
