"""What touches what: objects' contacts by name, and counters of contacts that should not happen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import sapien
from numpy.typing import NDArray

from bimanual_core.robot import RobotSpec

_SHORTEST_IMPULSE = 1e-7  # [N s] below this in one tick bodies are near, not in touch
_LOG_LENGTH = 100


@dataclass
class ContactCounters:
    """Contacts since the scene was loaded, counted each time a pair of bodies comes into touch.

    ``arm_object`` counts objects touched by anything but fingers; ``log`` names the first pairs with their stamps.
    """

    arm_arm: int = 0
    arm_self: int = 0
    arm_table: int = 0
    arm_object: int = 0
    log: list[str] = field(default_factory=list)

    @property
    def unintended(self) -> int:
        """All of them."""
        return self.arm_arm + self.arm_self + self.arm_table + self.arm_object


@dataclass(frozen=True, eq=False)
class _Body:
    name: str
    kind: str  # arm, finger, base, surroundings, object
    side: str = ""


class ContactWatch:
    """Reads the contacts of a scene after each tick."""

    def __init__(
        self,
        robot: RobotSpec,
        articulation: sapien.physx.PhysxArticulation,
        surroundings: Iterable[sapien.Entity],
        objects: Mapping[str, Sequence[sapien.physx.PhysxRigidBaseComponent]],
    ) -> None:
        self.counters = ContactCounters()
        self._bodies: dict[object, _Body] = {}
        for link in articulation.get_links():
            self._bodies[link] = _link_body(robot, link)
        for entity in surroundings:
            self._bodies[_rigid_body(entity)] = _Body(entity.name, "surroundings")
        for name, bodies in objects.items():
            self._bodies.update(dict.fromkeys(bodies, _Body(name, "object")))
        self._verdicts: dict[tuple[_Body, _Body], str] = {}
        self._touching: set[tuple[_Body, _Body]] = set()

    def update(self, contacts: Iterable[sapien.physx.PhysxContact], stamp_ns: int) -> None:
        """Take in the contacts of the tick that ended at ``stamp_ns``."""
        now = set()
        for contact in contacts:
            first, second = contact.bodies
            pair = (self._bodies[first], self._bodies[second])
            if pair not in now and any(_presses(point.impulse) for point in contact.points):
                now.add(pair)
                if pair not in self._touching:
                    self._count(pair, stamp_ns)
        self._touching = now

    def touched_by(self, name: str) -> frozenset[str]:
        """Names of the bodies (links, objects, table...) that object ``name`` touches."""
        found = [b.name for a, b in self._touching if a.name == name and a.kind == "object"]
        found += [a.name for a, b in self._touching if b.name == name and b.kind == "object"]
        return frozenset(found)

    def _count(self, pair: tuple[_Body, _Body], stamp_ns: int) -> None:
        verdict = self._verdicts.get(pair)
        if verdict is None:
            verdict = self._verdicts[pair] = _verdict(*pair) or _verdict(pair[1], pair[0])
        if not verdict:
            return
        counters = self.counters
        setattr(counters, verdict, getattr(counters, verdict) + 1)
        if len(counters.log) < _LOG_LENGTH:
            counters.log.append(f"{verdict}: {pair[0].name} and {pair[1].name} at {stamp_ns * 1e-9:.3f} s")


def _presses(impulse: NDArray[np.float32]) -> bool:
    """Whether an impulse (3,) [N s] says touch. This is asked hundreds of times a second: plain numbers are fastest."""
    x, y, z = impulse.tolist()
    return abs(x) > _SHORTEST_IMPULSE or abs(y) > _SHORTEST_IMPULSE or abs(z) > _SHORTEST_IMPULSE


def _verdict(a: _Body, b: _Body) -> str:
    """The counter of a contact, empty for one that may happen; called both ways round."""
    on_arm = a.kind in ("arm", "finger")
    if on_arm and b.kind in ("arm", "finger"):
        return "arm_arm" if a.side != b.side else "arm_self"
    if on_arm and b.kind == "base":
        return "arm_self"
    if on_arm and b.kind == "surroundings":
        return "arm_table"
    if a.kind in ("arm", "base") and b.kind == "object":
        return "arm_object"
    return ""


def _link_body(robot: RobotSpec, link: sapien.physx.PhysxArticulationLinkComponent) -> _Body:
    """An arm begins behind its first joint; what stands still with the base is the base."""
    movers = {arm.joints[0]: arm.side for arm in robot.arms}
    fingers = {f for arm in robot.arms for f in arm.gripper.finger_links}
    above: sapien.physx.PhysxArticulationLinkComponent | None = link
    while above is not None:
        side = movers.get(above.joint.name)
        if side is not None:
            return _Body(link.name, "finger" if link.name in fingers else "arm", side)
        above = above.parent
    return _Body(link.name, "base")


def _rigid_body(entity: sapien.Entity) -> sapien.physx.PhysxRigidBaseComponent:
    found = entity.find_component_by_type(sapien.physx.PhysxRigidBaseComponent)
    return found
