"""Conditions of a task as data: what success, and each stage on the way to it, asks of a sample.

Positions are in the world [m], heights above the table top [m].
"""

from __future__ import annotations

from dataclasses import dataclass

from bimanual_core.robot import SIDES
from bimanual_tasks.objects import Triple

ORIGIN = -1
AXES = "xyz"
#: Either side; which one does not matter.
ANY = "any"
#: The fields that a kind cannot do without.
NEEDED: dict[str, tuple[str, ...]] = {
    "near": ("object", "eps"),
    "height": ("object",),
    "side": ("object", "side"),
    "axis": ("object", "axis", "along"),
    "turned": ("object", "eps"),
    "touches": ("object", "other"),
    "rests": ("object",),
    "held": ("object", "side"),
    "gripper_open": ("side",),
    "gripper_closed": ("side",),
    "joint": ("object", "joint"),
}
CONDITION_KINDS = tuple(NEEDED)
#: Kinds whose ``side`` may be either.
EITHER = ("side", "held")


@dataclass(frozen=True)
class Condition:
    """One condition.

    near: functional point ``point`` of ``object`` (-1: its origin) less that of ``other`` (without one: the middle of
    the table top) differs from ``offset`` by less than ``eps`` in world x, y, z; only ``axes`` are looked at, and with
    ``radius`` x and y together are less than that away.
    height: that point is between ``low`` and ``high`` above the table top.
    side: |x| of that point is over ``beyond`` on ``side`` (left: x < 0).
    axis: ``axis`` of the object and ``along`` in the world have a dot product of at least ``dot``.
    turned: the orientation of ``object`` (to ``other``, if given) is that of ``rpy_deg``, within ``eps[0]`` in each
    component of the quaternion.
    touches: ``object`` and ``other`` are in touch (``table`` is a name too).
    rests: ``object`` touches ``other`` (without one: the table), and no finger touches it.
    held: all fingers of the gripper of ``side`` touch ``object``.
    gripper_open, gripper_closed: the gripper of ``side`` is open by more, or less, than ``fraction`` of its largest
    opening.
    joint: the joint ``joint`` of an articulated ``object`` is between ``low`` and ``high`` [rad or m].

    ``side`` is left, right, for some kinds any, or a tag of the task that is a side.
    """

    kind: str
    object: str = ""
    point: int = ORIGIN
    other: str = ""
    other_point: int = ORIGIN
    offset: Triple = (0.0, 0.0, 0.0)
    eps: Triple = (0.0, 0.0, 0.0)
    axes: str = AXES
    radius: float = 0.0
    low: float = -1000.0
    high: float = 1000.0
    beyond: float = 0.0
    axis: Triple = (0.0, 0.0, 0.0)
    along: Triple = (0.0, 0.0, 0.0)
    dot: float = 0.9
    rpy_deg: Triple = (0.0, 0.0, 0.0)
    joint: str = ""
    side: str = ""
    fraction: float = 0.8

    def __post_init__(self) -> None:
        if self.kind not in NEEDED:
            raise ValueError(f"unknown condition {self.kind!r}; choices: {', '.join(CONDITION_KINDS)}")
        for name in NEEDED[self.kind]:
            value = getattr(self, name)
            if name != "eps" and (not value or value == (0.0, 0.0, 0.0)):
                raise ValueError(f"condition {self.kind} needs {name}")
        if not self.axes or set(self.axes) - set(AXES):
            raise ValueError(f"condition {self.kind}: axes {self.axes!r} are not some of {AXES}")
        self._check_limits()

    def _check_limits(self) -> None:
        tight = [self.eps[AXES.index(axis)] for axis in (self.axes if self.kind == "near" else "x")]
        if self.kind in ("near", "turned") and min(tight) <= 0 and not self.radius > 0:
            raise ValueError(f"condition {self.kind} needs an object and positive eps, got {self.object!r}, {self.eps}")
        if self.low > self.high:
            raise ValueError(f"condition {self.kind}: nothing is between {self.low} and {self.high}")
        if not 0.0 <= self.fraction <= 1.0 or not -1.0 <= self.dot <= 1.0 or self.beyond < 0.0:
            raise ValueError(
                f"condition {self.kind}: fraction {self.fraction} is not in 0..1, dot {self.dot} not in -1..1, or "
                f"beyond {self.beyond} is negative"
            )

    def check_side(self, sides: tuple[str, ...]) -> None:
        """Raises ValueError if ``side`` is none of ``sides`` (tags included) nor, where that makes sense, any."""
        if "side" not in NEEDED[self.kind]:
            return
        choices = (*SIDES, *sides, *((ANY,) if self.kind in EITHER else ()))
        if self.side not in choices:
            raise ValueError(f"condition {self.kind}: side {self.side!r}; choices: {', '.join(choices)}")


@dataclass(frozen=True)
class Stage:
    """A part of the task on the way to success; it is done once all of ``when`` held in one sample, and stays done."""

    name: str
    when: tuple[Condition, ...]

    def __post_init__(self) -> None:
        if not self.when:
            raise ValueError(f"stage {self.name!r} has no condition")
