"""Fingerprints by which two runs of a seed are known to be the same: of the scene, and of what moved in it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

import numpy as np

from bimanual_core.observation import JointSample, ObjectSnapshot
from bimanual_core.scene import SceneSpec

#: Hexadecimal digits that are kept: 64 bits.
DIGITS = 16


def scene_digest(scene: SceneSpec) -> str:
    """The fingerprint of a scene: every number and name of it counts."""
    text = json.dumps(asdict(scene), sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


class TrajectoryDigest:
    """The fingerprint of all samples it was given: measured joints and poses of objects, to the last bit.

    Stamps do not count: a world's time goes on from episode to episode.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def update(self, snapshot: ObjectSnapshot, joints: JointSample) -> None:
        """Take in one sample."""
        self._hash.update(np.ascontiguousarray(joints.position, dtype=float).tobytes())
        for name, state in sorted(snapshot.objects.items()):
            self._hash.update(name.encode())
            self._hash.update(np.ascontiguousarray(state.T_world_object, dtype=float).tobytes())
            self._hash.update(np.array([state.joints[joint] for joint in sorted(state.joints)], dtype=float).tobytes())

    @property
    def digest(self) -> str:
        """The fingerprint so far."""
        return self._hash.hexdigest()[:DIGITS]


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no fingerprint")
