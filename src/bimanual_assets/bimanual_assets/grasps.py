"""Grasp candidates of an asset: its contact points, tilted and deepened within what a parallel gripper can do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_core.asset import Asset, ContactPoint
from bimanual_core.se3 import from_rotation, make_T, rotation_about

Array = NDArray[np.float64]

#: Finger tips beyond the grasp point, along the approach [m]: shallow, so that the palm stays clear of the object.
GRIP_DEPTH = 0.012
#: Approach tilts from vertical [deg], preferred first, for contacts that are level and from above as the object lies.
LEVEL_TILTS = (60.0, 65.0, 70.0, 55.0, 75.0, 50.0, 45.0, 80.0)
DOWN_TILTS = (15.0, 30.0, -15.0, -30.0, 0.0, 45.0, -45.0)
#: Shares of the annotated height along a long object, preferred first.
LEVEL_HEIGHTS = (0.7, 1.0)


@dataclass(frozen=True, eq=False)
class Grasp:
    """A way to hold an object: ``T_object_tcp`` (4, 4) and the object's ``width`` [m] between the fingers; ``opening``
    [m] is how far to open around it, where the contact says so; ``preference`` counts from the best tilt and height."""

    contact_id: int
    tilt_deg: float
    height_share: float
    flipped: bool
    T_object_tcp: Array
    width: float
    opening: float | None = None
    preference: int = 0

    @property
    def key(self) -> tuple[int, float, float, bool]:
        """What tells this grasp from the asset's others."""
        return self.contact_id, self.tilt_deg, self.height_share, self.flipped


def grasp_candidates(
    asset: Asset,
    contact_ids: tuple[int, ...] = (),
    group: str = "",
    extra_depth: float = 0.0,
    R_world_object: Array | None = None,
) -> list[Grasp]:
    """Candidates of the contacts named by id or group (all when neither), in order of preference.

    ``R_world_object`` (3, 3) is how the object lies, as annotated when None: the sides of a bottle that lies are held
    from above.
    """
    R = np.eye(3) if R_world_object is None else R_world_object
    contacts = [
        c
        for c in asset.annotation.contacts
        if (not contact_ids or c.id in contact_ids) and (not group or c.group == group)
    ]
    ranked = [item for c in contacts for item in _variants(c, extra_depth, R)]
    ranked.sort(key=lambda item: item[0])
    return [grasp for _, grasp in ranked]


def _variants(contact: ContactPoint, extra_depth: float, R: Array) -> list[tuple[int, Grasp]]:
    level = abs(R[2] @ contact.T_object_contact[:3, 2]) < 0.5
    found: list[tuple[int, Grasp]] = []
    for share in LEVEL_HEIGHTS if level else (1.0,):
        T_object_contact = contact.T_object_contact.copy()
        T_object_contact[2, 3] *= share
        for tilt in LEVEL_TILTS if level else DOWN_TILTS:
            T_tilted = T_object_contact @ from_rotation(_tilt(R @ T_object_contact[:3, :3], tilt, level))
            for flipped in (False, True):
                turn = from_rotation(rotation_about((0, 0, 1), np.pi if flipped else 0.0))
                T_object_tcp = T_tilted @ turn @ make_T((0.0, 0.0, GRIP_DEPTH + extra_depth))
                rank = len(found) // 2  # a hand turned over holds as well
                grasp = Grasp(contact.id, tilt, share, flipped, T_object_tcp, contact.width, contact.opening, rank)
                found.append((len(found), grasp))
    return found


def _tilt(R_world_contact: Array, tilt_deg: float, level: bool) -> Array:
    """Turn about the opening that brings the approach to ``tilt_deg`` from straight down."""
    if not level:
        return rotation_about((0, 1, 0), np.radians(tilt_deg))
    angle = np.pi / 2 - np.radians(tilt_deg)
    downward = R_world_contact @ rotation_about((0, 1, 0), angle) @ np.array([0.0, 0.0, 1.0])
    return rotation_about((0, 1, 0), angle if downward[2] < 0 else -angle)
