"""Where objects are held: contact frames, and what lies between the fingers there.

Contact frames follow ``bimanual_core.asset.ContactPoint``: z along the approach, y along the opening.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bimanual_assets.solids import halfspaces
from bimanual_core.asset import ContactPoint, Shape
from bimanual_core.errors import BimanualError
from bimanual_core.se3 import from_rotation

Array = NDArray[np.float64]
#: Finger pads in the contact frame [m]: half their width along x, and how far they reach along the approach, from well
#: behind the grasp point to the tips beyond it.
PAD_HALF_WIDTH, PAD_FROM, PAD_TO = 0.011, -0.035, 0.012
#: A gripper reaches this far to either side of what it holds [m]: fingers around more are no grasp.
HALF_OPENING = 0.055
_ACROSS = np.linspace(-PAD_HALF_WIDTH, PAD_HALF_WIDTH, 3)
_ALONG = np.linspace(PAD_FROM, PAD_TO, 12)


def frame(xyz: ArrayLike, approach: ArrayLike, opening: ArrayLike) -> Array:
    """A contact frame (4, 4) at ``xyz`` from its approach and opening (3,), which is made perpendicular to it."""
    z = np.asarray(approach, dtype=float)
    z = z / np.linalg.norm(z)
    y = np.asarray(opening, dtype=float)
    y = y - (y @ z) * z
    y = y / np.linalg.norm(y)
    return from_rotation(np.column_stack([np.cross(y, z), y, z]), xyz)


def between_fingers(shapes: Iterable[Shape], T_object_contact: Array) -> tuple[float, float]:
    """Ends [m] along the opening of the solid, around the contact's origin, that pads there close on.

    Raises BimanualError where there is nothing between them.
    """
    R, t = T_object_contact[:3, :3], T_object_contact[:3, 3]
    starts = np.array([[x, 0.0, z] for z in _ALONG for x in _ACROSS]) @ R.T + t
    low, high = np.inf, -np.inf
    for shape in shapes:
        ends = _ends(shape, starts, R[:, 1])
        for first, last in ends[(ends[:, 0] < ends[:, 1]) & (ends[:, 0] < HALF_OPENING) & (ends[:, 1] > -HALF_OPENING)]:
            low, high = min(low, first), max(high, last)
    if low > high:
        raise BimanualError(f"nothing between the fingers at {np.round(t, 4).tolist()} m")
    return float(low), float(high)


def _ends(shape: Shape, starts: Array, direction: Array) -> Array:
    """Where lines (N, 3) along ``direction`` enter and leave a convex shape: (N, 2) [m], first > last for a miss."""
    normals, offsets = halfspaces(shape)
    slopes = normals @ direction
    gaps = offsets - starts @ normals.T
    with np.errstate(divide="ignore", invalid="ignore"):
        at = gaps / slopes
    enter = np.where(slopes < -1e-12, at, -np.inf).max(axis=1)
    leave = np.where(slopes > 1e-12, at, np.inf).min(axis=1)
    outside = np.any((np.abs(slopes) <= 1e-12) & (gaps < 0), axis=1)
    return np.column_stack([np.where(outside, 1.0, enter), np.where(outside, -1.0, leave)])


class Grips:
    """Collects the contact points of an asset, numbered in their order; widths are read off its ``shapes``.

    The middle of what is held is put between the fingers, unless the contact says how far to ``open``.
    """

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._shapes = shapes
        self.contacts: list[ContactPoint] = []

    def add(
        self,
        xyz: ArrayLike,
        approach: ArrayLike,
        opening: ArrayLike,
        group: str,
        description: str,
        open_to: float | None = None,
        only: Sequence[Shape] | None = None,
    ) -> Grips:
        """One contact. ``only`` are the parts that the fingers close on where others are near."""
        T = frame(xyz, approach, opening)
        low, high = between_fingers(self._shapes if only is None else only, T)
        T[:3, 3] += (low + high) / 2 * T[:3, 1]
        self.contacts.append(
            ContactPoint(len(self.contacts), T, round(high - low, 6), group, description, opening=open_to)
        )
        return self

    def from_above(
        self,
        xyz: ArrayLike,
        yaws_deg: Iterable[float],
        group: str,
        words: str,
        open_to: float | None = None,
        only: Sequence[Shape] | None = None,
    ) -> Grips:
        """Approaches straight down; the opening is turned by ``yaws_deg`` from the object's y."""
        for yaw in yaws_deg:
            text = f"{words} from above, opening turned by {yaw:g} deg"
            self.add(xyz, (0, 0, -1), (-_sin(yaw), _cos(yaw), 0), group, text, open_to, only)
        return self

    def around(
        self, height: float, azimuths_deg: Iterable[float], group: str, words: str, only: Sequence[Shape] | None = None
    ) -> Grips:
        """Level approaches to the z axis, from the directions ``azimuths_deg`` about it (0: from +x)."""
        for azimuth in azimuths_deg:
            x, y = _cos(azimuth), _sin(azimuth)
            text = f"{words} from its side at {azimuth:g} deg"
            self.add((0, 0, height), (-x, -y, 0), (-y, x, 0), group, text, only=only)
        return self

    def rim(self, radius: float, top: float, depth: float, azimuths_deg: Iterable[float], thickness: float) -> Grips:
        """One finger inside a round vessel and one outside, from above; ``radius`` is the middle of its wall."""
        for azimuth in azimuths_deg:
            x, y = _cos(azimuth), _sin(azimuth)
            T = frame((radius * x, radius * y, top - depth), (0, 0, -1), (x, y, 0))
            text = f"rim at {azimuth:g} deg, from above"
            self.contacts.append(ContactPoint(len(self.contacts), T, thickness, "rim", text, opening=0.05))
        return self


def _cos(degrees: float) -> float:
    return round(float(np.cos(np.radians(degrees))), 12)


def _sin(degrees: float) -> float:
    return round(float(np.sin(np.radians(degrees))), 12)
