"""The objects of a task as data: what they may be, where and how they may stand.

Positions are in the world (x right, y forward) [m], heights above the table top [m], yaw [rad].
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

Range = tuple[float, float]
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Kind:
    """What an object may be: a class, and the ids to draw from; without any, the class's own: those to learn from for
    collection, those that are held out for evaluation."""

    class_name: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class NearMiddle:
    """Objects with |x| below ``abs_x`` get y from the lower part of their range, up to ``y_max``."""

    abs_x: float
    y_max: float


@dataclass(frozen=True)
class Rejection:
    """A sample is drawn again if |x| is below ``abs_x_below``, if it is within ``clear_radius`` of ``clear_xy``, or
    nearer than ``apart`` to an object drawn before; 0 switches a rule off."""

    abs_x_below: float = 0.0
    clear_xy: tuple[float, float] = (0.0, 0.0)
    clear_radius: float = 0.0
    apart: float = 0.0


@dataclass(frozen=True)
class Case:
    """The ranges that another value of a tag puts in the place of an object's own; what is left out stays."""

    x: Range | None = None
    y: Range | None = None
    yaw: Range | None = None
    poses: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ObjectRange:
    """One object and the uniform ranges of its position and yaw.

    ``class_name`` and ``asset_id`` name one asset; ``kinds`` are several to draw from, class first. ``poses`` are
    stable poses of the asset by name, one of which is drawn and then turned by ``yaw``; without any it stands as it is.
    Where ``tag`` names a tag of the task, its value chooses among ``cases``. ``same_side_as`` and ``other_side_of``
    name an object drawn before: the x range, given for the right half of the table, is mirrored for the side of that
    object, or for the other one.
    """

    name: str
    x: Range
    y: Range
    class_name: str = ""
    asset_id: str = ""
    kinds: tuple[Kind, ...] = ()
    yaw: Range = (0.0, 0.0)
    poses: tuple[str, ...] = ()
    scale: Triple = (1.0, 1.0, 1.0)
    fixed: bool = False
    resize: bool = True  # whether hard randomisation may vary its size
    tag: str = ""
    cases: dict[str, Case] = field(default_factory=dict)
    same_side_as: str = ""
    other_side_of: str = ""
    near_middle: NearMiddle | None = None
    reject: Rejection = field(default_factory=Rejection)

    def __post_init__(self) -> None:
        if bool(self.class_name) == bool(self.kinds) or bool(self.class_name) != bool(self.asset_id):
            raise ValueError(f"object {self.name!r} needs either class_name and asset_id, or kinds")
        if self.same_side_as and self.other_side_of:
            raise ValueError(f"object {self.name!r} can follow the side of one object only")
        if bool(self.tag) != bool(self.cases):
            raise ValueError(f"object {self.name!r} needs a tag and its cases, or neither")
        self._check_ranges(self)
        for case in self.cases.values():
            self._check_ranges(case)

    def _check_ranges(self, ranges: ObjectRange | Case) -> None:
        for name in ("x", "y", "yaw"):
            limits = getattr(ranges, name)
            if limits is not None and limits[0] > limits[1]:
                raise ValueError(f"object {self.name!r}: range {name} [{limits[0]}, {limits[1]}] is empty")

    @property
    def choices(self) -> tuple[Kind, ...]:
        """What it may be, one kind if it is only one asset."""
        return self.kinds or (Kind(self.class_name, (self.asset_id,)),)

    def under(self, drawn: dict[str, str]) -> ObjectRange:
        """Its ranges under the tags that were ``drawn``."""
        if not self.tag:
            return self
        case = self.cases[drawn[self.tag]]
        ranges = {f.name: getattr(case, f.name) for f in fields(case) if getattr(case, f.name) is not None}
        return replace(self, **ranges)
