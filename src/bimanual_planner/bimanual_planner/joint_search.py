"""A free way of all joints at once, found the cheap way first.

Arms seldom have to get around each other: what is in the way is mostly in one's way. So each arm is led to its goal
alone, in its own few joints, while the others wait, which takes far fewer checks; shortcuts make them move together
again. All joints are searched at once where that does not do. Trees grow along edges that are looked at far apart; the
edges of the way that they find are looked at closely, and if that fails the search is repeated with close looks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bimanual_planner.sampling import Valid, rrt_connect
from bimanual_planner.shortcuts import line_is_free

Array = NDArray[np.float64]
#: Joints of one arm among all that are searched.
Group = slice
_COARSE = 0.1  # [rad] between looks while trees grow
_ALONE = 3_000  # checks for one arm's way


class JointSearch:
    """Searches between ``bounds`` for joints that are ``valid``, looked at ``spacing`` [rad] apart, as long as
    ``max_checks`` are not spent and ``time.monotonic()`` has not passed ``deadline_s``. Seeded."""

    def __init__(
        self,
        bounds: tuple[Array, Array],
        valid: Valid,
        *,
        spacing: float,
        max_checks: int,
        seed: int = 0,
        deadline_s: float = math.inf,
    ) -> None:
        self._bounds = bounds
        self._ask = valid
        self._spacing = spacing
        self._left = max_checks
        self._seed = seed
        self._deadline_s = deadline_s

    def way(self, start: Array, goal: Array, groups: Sequence[Group]) -> Array | None:
        """Corners (N, n) of a way between joints (n,) of arms that ``groups`` tell apart, or None within the budget.
        Both ends have to be valid."""
        if len(groups) > 1:
            every = self._left
            for order in (groups, groups[::-1]):
                found = self._in_turn(start, goal, order, every // 2)
                if found is not None:
                    return found
        return self._between(start, goal, slice(0, len(start)), self._left)

    def _in_turn(self, start: Array, goal: Array, order: Sequence[Group], kept: int) -> Array | None:
        """One arm after the other; ``kept`` checks are left for a search of all."""
        path = start[None]
        for group in order:
            end = path[-1].copy()
            end[group] = goal[group]
            if not self._valid(end):
                return None
            if not line_is_free(np.array([path[-1], end]), self._valid, self._spacing):
                found = self._between(path[-1], end, group, min(_ALONE, self._left - kept))
                if found is None:
                    return None
                path = np.vstack([path, found[1:-1]])
            path = np.vstack([path, end])
        return path

    def _between(self, start: Array, goal: Array, group: Group, checks: int) -> Array | None:
        """Corners (N, n) of a way on which only the joints of ``group`` move."""
        flat, least = start.copy(), self._left - checks

        def valid(q: Array) -> bool:
            flat[group] = q
            return self._valid(flat)

        for spacing in (max(_COARSE, self._spacing), self._spacing):
            if self._left <= least:
                return None
            corners = rrt_connect(
                start[group],
                goal[group],
                (self._bounds[0][group], self._bounds[1][group]),
                valid,
                spacing=spacing,
                max_checks=self._left - least,
                seed=self._seed,
                deadline_s=self._deadline_s,
            )
            if corners is None:
                return None
            if all(line_is_free(np.array(edge), valid, self._spacing) for edge in pairwise(corners)):
                path = np.repeat(start[None], len(corners), axis=0)
                path[:, group] = corners
                return path
        return None

    def _valid(self, q: Array) -> bool:
        self._left -= 1
        return self._ask(q)
