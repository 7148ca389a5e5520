"""Out of a collision: the nearest free joints that a line reaches without getting any deeper into anything."""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray

from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState

Array = NDArray[np.float64]
#: Radii [rad] that are searched one after the other, and how many joints are tried in each.
RADII, TRIES = (0.02, 0.05, 0.1, 0.2, 0.4), 96
#: Looks along a line, and by how much a touch may get deeper in between by rounding [m].
LOOKS, ROUNDING = 20, 1e-4


def way_out(
    scene: PlanningScene, state: PlanState, seed: int = 0, deadline_s: float = math.inf
) -> dict[str, Array] | None:
    """Free joints (n,) by side, of the arms that have to move, near a ``state`` that collides; None if none were found
    before ``time.monotonic()`` has passed ``deadline_s``.

    One arm is moved where that is enough. The same ``seed`` gives the same joints.
    """
    depths = scene.depths(state, state.q)
    sides = state.robot.sides
    for radius in RADII:
        for moved in ((side,) for side in sides):
            found = _search(scene, state, moved, radius, depths, seed, deadline_s)
            if found is not None:
                return found
        if len(sides) > 1:
            found = _search(scene, state, sides, radius, depths, seed, deadline_s)
            if found is not None:
                return found
    return None


def _search(
    scene: PlanningScene,
    state: PlanState,
    sides: tuple[str, ...],
    radius: float,
    depths: dict[frozenset[str], float],
    seed: int,
    deadline_s: float,
) -> dict[str, Array] | None:
    draw = np.random.default_rng([seed, len(sides), round(1e3 * radius)])
    groups = [state.robot.joints.group(f"{side}_arm") for side in sides]
    columns = np.concatenate([np.arange(group.start, group.stop) for group in groups])
    lower, upper = (np.concatenate(ends) for ends in zip(*(scene.model.limits(s) for s in sides), strict=True))
    for _ in range(TRIES):
        if time.monotonic() > deadline_s:
            return None
        direction = draw.normal(size=len(columns))
        q = state.q.copy()
        q[columns] = np.clip(q[columns] + radius * direction / np.linalg.norm(direction), lower, upper)
        if not scene.depths(state, q) and _leads_out(scene, state, q, depths, deadline_s):
            return {side: q[group] for side, group in zip(sides, groups, strict=True)}
    return None


def _leads_out(
    scene: PlanningScene, state: PlanState, q: Array, depths: dict[frozenset[str], float], deadline_s: float
) -> bool:
    """Whether nothing but what touches already does so on the line to ``q``, and that no deeper; nothing does that is
    not known in time."""
    return all(
        time.monotonic() <= deadline_s and pair in depths and depth <= depths[pair] + ROUNDING
        for share in np.linspace(0.0, 1.0, LOOKS + 1)[1:-1]
        for pair, depth in scene.depths(state, state.q + share * (q - state.q)).items()
    )
