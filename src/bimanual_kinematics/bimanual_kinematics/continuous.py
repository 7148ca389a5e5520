"""Collisions along a motion, without gaps: adaptive dynamic checking (Schwarzer, Saha & Latombe, 2005), pair by pair.

Two parts that are d_a and d_b apart at the ends of an interval stay further apart than m in between if together they
move by less than d_a + d_b - 2 m. Only the joints between two parts move them against each other. Most pairs are
settled by bounds on distance that are computed for all at once; the others are measured, and where that does not
settle them their interval is halved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pinocchio as pin
from numpy.typing import NDArray

from bimanual_kinematics.model import RobotModel
from bimanual_kinematics.placements import JointPlacements

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
#: Flat joints (N, D) at shares (N,) in [0, 1] of a motion's time.
Motion = Callable[[Array], Array]

#: Intervals that the whole motion is cut into first, and how often one is halved at most.
FIRST, HALVINGS = 8, 14
#: Each interval's way is measured along this many chords.
_CHORDS = 4


@dataclass(frozen=True, eq=False)
class Touch:
    """Pair ``index`` comes nearer than was asked for at ``share`` of the motion's time, at joints ``q_full`` (nq,)."""

    share: float
    index: int
    q_full: Array


@dataclass(frozen=True, eq=False)
class _Look:
    """Configurations (N, nq) at ``shares`` (N,), and where the boxes about all parts are in the world then."""

    shares: Array
    q_full: Array
    R: Array
    t: Array


class ContinuousCheck:
    """For the ``pairs`` (two indices each) of ``geometry``, which the joints of ``model`` carry."""

    def __init__(
        self, model: RobotModel, geometry: pin.GeometryModel, data: pin.GeometryData, pairs: Sequence[tuple[int, int]]
    ) -> None:
        self._model = model
        self._geometry = geometry
        self._data = data
        self._placements = JointPlacements(model.pin_model)
        self._first, self._second = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
        items = list(geometry.geometryObjects)
        for item in items:
            item.geometry.computeLocalAABB()
        boxes = [item.geometry.aabb_local for item in items]
        self._joint = np.array([item.parentJoint for item in items])
        self._R = np.array([item.placement.rotation for item in items])
        centres = [item.placement.act((box.min_ + box.max_) / 2) for item, box in zip(items, boxes, strict=True)]
        self._centre = np.array(centres)
        self._half = np.array([(box.max_ - box.min_) / 2 for box in boxes])
        self._radius = np.linalg.norm(self._half, axis=1)
        self._moves = self._reaches()

    def first_touch(self, motion: Motion, margin: float) -> Touch | None:
        """The first instant found at which a pair is nearer than ``margin`` [m], or None if none ever is."""
        if not len(self._first):
            return None
        cells, pairs, count = *self._first_intervals(motion), FIRST
        for _ in range(HALVINGS):
            open_, touch = self._settle(motion, cells, count, pairs, margin)
            if touch is not None:
                return touch
            if not len(open_):
                return None
            cells, pairs, count = np.tile(2 * cells[open_], 2), np.tile(pairs[open_], 2), 2 * count
            cells[len(open_) :] += 1
        # Nearer than can be told apart from a touch.
        share = float(cells.min()) / count
        return Touch(share, int(pairs[np.argmin(cells)]), self._model.expansion @ motion(np.array([share]))[0])

    def _first_intervals(self, motion: Motion) -> tuple[Indices, Indices]:
        """Which of the FIRST intervals to look at, and for which pair: for two parts that rest, one is enough."""
        corners = motion(np.linspace(0.0, 1.0, FIRST * _CHORDS + 1)) @ self._model.expansion.T
        moving = np.any(self._moves[:, np.ptp(corners, axis=0) > 0.0] > 0.0, axis=1)
        moving_pairs, resting_pairs = np.flatnonzero(moving), np.flatnonzero(~moving)
        cells = np.concatenate([np.repeat(np.arange(FIRST), len(moving_pairs)), np.zeros(len(resting_pairs), np.intp)])
        return cells, np.concatenate([np.tile(moving_pairs, FIRST), resting_pairs])

    def _settle(
        self, motion: Motion, cells: Indices, count: int, pairs: Indices, margin: float
    ) -> tuple[Indices, Touch | None]:
        """Which intervals, ``cells`` of ``count`` equal ones, are open still for their pair; or the first touch."""
        look, a, b, ways = self._look(motion, cells, count)
        # The least that two parts of a pair must be apart at both ends together.
        needed = np.einsum("ij,ij->i", self._moves[pairs], ways) + 2.0 * margin
        bound_a, bound_b = np.split(self._bounds(look, np.concatenate([a, b]), np.tile(pairs, 2)), 2)
        open_ = np.flatnonzero(bound_a + bound_b <= needed)
        if not len(open_):
            return open_, None
        samples, measured = np.concatenate([a[open_], b[open_]]), np.tile(pairs[open_], 2)
        distances = self._measure(look, samples, measured)
        touching = np.flatnonzero(distances < margin)
        if len(touching):
            first = touching[int(np.argmin(look.shares[samples[touching]]))]
            sample = samples[first]
            return open_, Touch(float(look.shares[sample]), int(measured[first]), look.q_full[sample])
        exact_a, exact_b = np.split(distances, 2)
        return open_[exact_a + exact_b <= needed[open_]], None

    def _look(self, motion: Motion, cells: Indices, count: int) -> tuple[_Look, Indices, Indices, Array]:
        """Samples at all ends, the index of each interval's two, and how far each joint moves within it (M, nq)."""
        there, interval = _distinct(cells, count)
        nodes, place = _distinct(np.concatenate([there, there + 1]), count + 1)
        a, b = (ends[interval] for ends in np.split(place, 2))
        shares = nodes / count
        inner = (there + np.linspace(0.0, 1.0, _CHORDS + 1)[:, None]) / count
        flat = motion(np.concatenate([shares, inner.ravel()]))
        q_full = flat @ self._model.expansion.T
        chords = q_full[len(shares) :].reshape(_CHORDS + 1, len(there), -1)
        ways = np.abs(np.diff(chords, axis=0)).sum(axis=0)
        R, t = self._placements.at(q_full[: len(shares)])
        R_boxes = R[:, self._joint] @ self._R
        centres = t[:, self._joint] + np.einsum("ngij,gj->ngi", R[:, self._joint], self._centre)
        return _Look(shares, q_full[: len(shares)], R_boxes, centres), a, b, ways[interval]

    def _bounds(self, look: _Look, samples: Indices, pairs: Indices) -> Array:
        """A lower bound (M,) on the distance of each pair at its sample: from the ball about one part to the box about
        the other, both ways round."""
        # Neighbouring intervals share the sample between them.
        asked, place = _distinct(samples * len(self._first) + pairs, len(look.shares) * len(self._first))
        samples, pairs = np.divmod(asked, len(self._first))
        first, second = self._first[pairs], self._second[pairs]
        between = look.t[samples, second] - look.t[samples, first]
        bounds = np.maximum(
            self._ball_to_box(between, look.R[samples, first], self._half[first], self._radius[second]),
            self._ball_to_box(-between, look.R[samples, second], self._half[second], self._radius[first]),
        )
        found: Array = bounds[place]
        return found

    @staticmethod
    def _ball_to_box(to_ball: Array, R_box: Array, half: Array, radius: Array) -> Array:
        inside = np.abs(np.einsum("mij,mi->mj", R_box, to_ball))
        outside = np.maximum(inside - half, 0.0)
        distance: Array = np.sqrt(np.einsum("mj,mj->m", outside, outside)) - radius
        return distance

    def _measure(self, look: _Look, samples: Indices, pairs: Indices) -> Array:
        """Distance (M,) of each pair at its sample."""
        found = np.empty(len(samples))
        order = np.argsort(samples, kind="stable")
        placed = -1
        for k in order.tolist():
            sample = int(samples[k])
            if sample != placed:
                pin.updateGeometryPlacements(
                    self._model.pin_model, self._model.pin_data, self._geometry, self._data, look.q_full[sample]
                )
                placed = sample
            found[k] = pin.computeDistance(self._geometry, self._data, int(pairs[k])).min_distance
        return found

    def _reaches(self) -> Array:
        """How far (P, nq) the two parts of each pair move against each other at most, for each unit of each joint: the
        length of the chain, stretched, from the joint to the farther end of the part that it carries."""
        model = self._model.pin_model
        lengths = np.zeros((len(self._joint), model.nq))
        for part, joint in enumerate(self._joint.tolist()):
            length = float(np.linalg.norm(self._centre[part]) + self._radius[part])
            while joint > 0:
                column = model.joints[joint].idx_q
                prismatic = self._placements.prismatic[joint]
                lengths[part, column] = 1.0 if prismatic else length
                length += float(np.linalg.norm(model.jointPlacements[joint].translation))
                if prismatic:
                    length += float(max(abs(model.lowerPositionLimit[column]), abs(model.upperPositionLimit[column])))
                joint = self._placements.parents[joint]
        first, second = lengths[self._first], lengths[self._second]
        # A joint that carries both moves them together.
        moves: Array = np.where((first > 0.0) & (second > 0.0), 0.0, np.maximum(first, second))
        return moves


def _distinct(values: Indices, count: int) -> tuple[Indices, Indices]:
    """The distinct of ``values``, which are less than ``count``, in order, and where each value is among them."""
    present = np.zeros(count, dtype=bool)
    present[values] = True
    return np.flatnonzero(present), (np.cumsum(present) - 1)[values]
