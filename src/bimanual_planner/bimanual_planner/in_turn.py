"""Motions after one another as one: every arm waits where it is until its next part begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bimanual_core.motion import JointTrajectory

Trajectories = Mapping[str, JointTrajectory]


def delayed(trajectory: JointTrajectory, start: float) -> JointTrajectory:
    """The trajectory after a wait of ``start`` [s] at its first point."""
    start = _whole(start)
    if start <= 0.0:
        return trajectory
    still = np.zeros((1, len(trajectory.joints)))
    acc = trajectory.accelerations
    return JointTrajectory(
        trajectory.joints,
        np.concatenate([[0.0], trajectory.times + start]),
        np.vstack([trajectory.positions[:1], trajectory.positions]),
        np.vstack([still, trajectory.velocities]),
        None if acc is None else np.vstack([still, acc]),
    )


def in_turn(sides: Sequence[str], parts: Sequence[tuple[float, Trajectories]]) -> dict[str, JointTrajectory]:
    """Trajectories by side, in the order of ``sides``, from parts that begin at times [s] and start from rest.

    An arm's parts must not overlap, and each begins where the one before ended.
    """
    found: dict[str, JointTrajectory] = {}
    for begin, part in parts:
        for side, trajectory in part.items():
            found[side] = _then(found[side], trajectory, begin) if side in found else delayed(trajectory, begin)
    return {side: found[side] for side in sides if side in found}


def _then(first: JointTrajectory, second: JointTrajectory, begin: float) -> JointTrajectory:
    skip = 1 if begin <= first.duration else 0  # the point at which both meet is one point
    begin = max(_whole(begin), first.duration)
    acc = None
    if first.accelerations is not None and second.accelerations is not None:
        acc = np.vstack([first.accelerations, second.accelerations[skip:]])
    return JointTrajectory(
        first.joints,
        np.concatenate([first.times, second.times[skip:] + begin]),
        np.vstack([first.positions, second.positions[skip:]]),
        np.vstack([first.velocities, second.velocities[skip:]]),
        acc,
    )


def _whole(seconds: float) -> float:
    """Whole nanoseconds: a part that begins between two of them would have each of its points rounded its own way, and
    its jerk would pass the limit by that."""
    return round(seconds, 9)
