"""The spatial annotation of an asset as a checked document: what is printed, and what every asset is held against."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from bimanual_core.asset import Asset
from bimanual_core.errors import BimanualError
from bimanual_core.se3 import is_transform

#: How far from unit length an axis may be, and from a right angle two axes.
UNIT_WITHIN = 1e-3


def _rigid(matrix: list[list[float]]) -> list[list[float]]:
    if not is_transform(np.asarray(matrix, dtype=float)):
        raise ValueError("not a finite rigid transform (4, 4)")
    return matrix


def _unit(axis: list[float] | None) -> list[float] | None:
    if axis is not None and (len(axis) != 3 or not abs(np.linalg.norm(axis) - 1.0) < UNIT_WITHIN):
        raise ValueError(f"not a unit vector (3,): {axis}")
    return axis


Transform = Annotated[list[list[float]], AfterValidator(_rigid)]
Axis = Annotated[list[float] | None, AfterValidator(_unit)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ContactDocument(_Strict):
    """A contact point: its frame (z approach, y opening), the width [m] between the fingers and how far to open."""

    id: int = Field(ge=0)
    T_object_contact: Transform
    width: float = Field(gt=0.0, le=2.0)
    group: str
    description: str = Field(min_length=1)
    opening: float | None = Field(default=None, gt=0.0)

    @model_validator(mode="after")
    def _opens_wide_enough(self) -> ContactDocument:
        if self.opening is not None and self.opening <= self.width:
            raise ValueError(f"opening {self.opening:g} m is not beyond the width {self.width:g} m")
        return self


class PointDocument(_Strict):
    """A functional point: z is up when the object is placed or used by it."""

    id: int = Field(ge=0)
    name: str = Field(min_length=1)
    description: str
    T_object_point: Transform


class StableDocument(_Strict):
    """A pose in which the object rests on a level surface."""

    name: str = Field(min_length=1)
    T_surface_object: Transform


class AssetDocument(_Strict):
    """An asset without its geometry: class and id, what it weighs, and its annotation."""

    class_name: str = Field(min_length=1)
    asset_id: str = Field(min_length=1)
    description: str = Field(min_length=1)
    size: list[float] = Field(min_length=3, max_length=3)
    parts: int = Field(ge=1)
    mass: float = Field(gt=0.0)
    friction: float = Field(ge=0.0, le=5.0)
    restitution: float = Field(ge=0.0, le=1.0)
    contacts: list[ContactDocument]
    functional: list[PointDocument]
    stable: list[StableDocument]
    function_axis: Axis = None
    approach_axis: Axis = None
    lateral_axis: Axis = None
    orientation_point: Transform | None = None
    joint: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _ids_are_unique(self) -> AssetDocument:
        for what, names in (
            ("contact", [c.id for c in self.contacts]),
            ("functional point", [p.id for p in self.functional]),
            ("stable pose", [p.name for p in self.stable]),
        ):
            if len(set(names)) < len(names):
                raise ValueError(f"two {what}s share an id or a name: {names}")
        return self


def document_of(asset: Asset) -> AssetDocument:
    """The document of an asset. Raises BimanualError naming the asset and what of it is not valid."""
    note = asset.annotation
    values = {
        "class_name": asset.class_name,
        "asset_id": asset.asset_id,
        "description": asset.description,
        "size": [round(asset.reach(axis) + asset.reach(-axis), 6) for axis in np.eye(3)],
        "parts": len(asset.shapes),
        "mass": round(asset.mass, 6),
        "friction": asset.friction,
        "restitution": asset.restitution,
        "contacts": [
            {
                "id": c.id,
                "T_object_contact": _rows(c.T_object_contact),
                "width": c.width,
                "group": c.group,
                "description": c.description,
                "opening": c.opening,
            }
            for c in note.contacts
        ],
        "functional": [
            {
                "id": i,
                "name": note.functional_names.get(i, ""),
                "description": note.functional_descriptions.get(i, ""),
                "T_object_point": _rows(T),
            }
            for i, T in note.functional.items()
        ],
        "stable": [{"name": p.name, "T_surface_object": _rows(p.T_surface_object)} for p in note.stable],
        "function_axis": _row(note.function_axis),
        "approach_axis": _row(note.approach_axis),
        "lateral_axis": _row(note.lateral_axis),
        "orientation_point": None if note.orientation_point is None else _rows(note.orientation_point),
        "joint": None
        if asset.slide is None
        else {
            "name": asset.slide.joint,
            "axis": _row(asset.slide.axis),
            "limits": list(asset.slide.limits),
            "damping": asset.slide.damping,
        },
    }
    try:
        return AssetDocument.model_validate(values)
    except ValidationError as error:
        raise BimanualError(f"asset {asset.class_name}/{asset.asset_id}: {first_problem(error)}") from None


def first_problem(error: ValidationError) -> str:
    """What a validation found first, on one line: where, what, and how many more there are."""
    problems = error.errors(include_url=False, include_input=False)
    where = ".".join(str(part) for part in problems[0]["loc"]) or "the whole"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{where}: {problems[0]['msg']}{more}"


def _rows(T: ArrayLike) -> list[list[float]]:
    return [[float(v) for v in row] for row in np.asarray(T)]


def _row(axis: ArrayLike | None) -> list[float] | None:
    return None if axis is None else [float(v) for v in np.asarray(axis)]
