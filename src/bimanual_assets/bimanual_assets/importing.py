"""Assets from folders in RoboTwin's format: one folder a class, one ``model_data*.json`` with meshes an id.

Only what a user names is read, nothing outside the named folder, and nothing larger than the limits below.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bimanual_assets.catalog import add_class
from bimanual_assets.draft import POSES_OF_ANYTHING
from bimanual_assets.grips import between_fingers
from bimanual_assets.materials import material
from bimanual_assets.mesh_files import mesh_parts, mesh_visuals
from bimanual_assets.resting import resting
from bimanual_assets.schema import document_of, first_problem
from bimanual_core.asset import Annotation, Asset, ContactPoint, Shape, StablePose
from bimanual_core.errors import BimanualError
from bimanual_core.se3 import from_rotation, is_transform

Array = NDArray[np.float64]
#: Largest annotation file [bytes], sizes of an object [m], and points of a kind.
MOST_JSON, SMALLEST, LARGEST, MOST_POINTS = 1_000_000, 0.001, 3.0, 200
_CLASS_NAME = re.compile(r"[A-Za-z0-9][\w-]{0,63}")
_DATA_FILE = re.compile(r"model_data(\d*)\.json")
#: Their functional points and targets look down where ours look up: half a turn about x.
_DOWN_TO_UP = from_rotation(np.diag([1.0, -1.0, -1.0]))
#: Density of what has no material [kg/m^3].
_MATERIAL = "plastic"

Matrix = list[list[float]]


class _ModelData(BaseModel):
    """What is read of ``model_data*.json``; other keys are left alone."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    scale: list[float] = Field(min_length=3, max_length=3)
    contact_points_pose: list[Matrix] = Field(max_length=MOST_POINTS)
    functional_matrix: list[Matrix] = Field(default_factory=list, max_length=MOST_POINTS)
    target_pose: list[Matrix] = Field(default_factory=list, max_length=MOST_POINTS)
    orientation_point: list[Any] = Field(default_factory=list, max_length=4)
    contact_points_group: list[list[int]] = Field(default_factory=list, max_length=MOST_POINTS)
    contact_points_mask: list[bool] = Field(default_factory=list, max_length=MOST_POINTS)


class _Point(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: int
    description: str = ""


class _PointsInfo(BaseModel):
    """What is read of ``points_info.json``."""

    model_config = ConfigDict(extra="ignore")

    contact_points: list[_Point] = Field(default_factory=list, max_length=MOST_POINTS)
    functional_points: list[_Point] = Field(default_factory=list, max_length=MOST_POINTS)


@dataclass(frozen=True)
class Imported:
    """What a folder gave: the ids of each class, and of what was left out the reason by file."""

    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def register_folder(folder: Path, keep_going: bool = False) -> Imported:
    """Add the classes of ``folder`` to the catalogue: it is a class's folder or holds some.

    Every asset is read and checked at once. Raises BimanualError for the first that is broken, naming the file, the
    value and the limit; with ``keep_going`` it is left out instead and the reason is told.
    """
    root = folder.expanduser().resolve()
    if not root.is_dir():
        raise BimanualError(f"{folder} is no folder of assets")
    found = Imported()
    for place in _class_folders(root):
        assets: dict[str, Asset] = {}
        for asset_id, data_file in _data_files(place):
            try:
                assets[asset_id] = read_asset(root, place, asset_id, data_file)
            except BimanualError as error:
                if not keep_going:
                    raise
                found.left_out[str(data_file)] = str(error)
        if assets:
            _add(place.name, assets)
            found.classes[place.name] = tuple(assets)
    if not found.classes and not found.left_out:
        raise BimanualError(f"{folder} holds no model_data*.json, in itself or in a folder of it")
    return found


def read_asset(root: Path, place: Path, asset_id: str, data_file: Path) -> Asset:
    """One asset of the class folder ``place`` below ``root``. Raises BimanualError naming the file."""
    data = _parse(_ModelData, _inside(root, data_file))
    scale = np.asarray(data.scale)
    if not np.all(np.abs(scale) < 1e6) or not np.all(scale > 0):
        raise BimanualError(f"{data_file}: scale {data.scale} must be three positive numbers")
    number = asset_id if _DATA_FILE.fullmatch(data_file.name)[1] else ""  # type: ignore[index]
    shapes = mesh_parts(_inside(root, _mesh_file(place, "collision", number)), scale)
    _require_size(data_file, shapes)
    visuals = mesh_visuals(_inside(root, _mesh_file(place, "visual", number)), scale)
    info_file = place / "points_info.json"
    info = _parse(_PointsInfo, _inside(root, info_file)) if info_file.exists() else _PointsInfo()
    stuff = material(_MATERIAL)
    asset = Asset(
        place.name,
        asset_id,
        shapes,
        _annotation(data_file, data, info, shapes, scale),
        stuff.density,
        stuff.friction,
        stuff.restitution,
        description=f"a {re.sub(r'^[0-9]+[_-]', '', place.name).replace('_', ' ').replace('-', ' ')}",
        visuals=visuals,
    )
    document_of(asset)
    return asset


def _annotation(file: Path, data: _ModelData, info: _PointsInfo, shapes: tuple[Shape, ...], scale: Array) -> Annotation:
    group_of = {i: f"group{n}" for n, group in enumerate(data.contact_points_group) for i in group}
    masked = {
        i
        for group, used in zip(data.contact_points_group, data.contact_points_mask, strict=False)
        if not used
        for i in group
    }
    words = {point.id: point.description for point in info.contact_points}
    contacts = []
    for i, matrix in enumerate(data.contact_points_pose):
        T = _frame(file, f"contact_points_pose[{i}]", matrix, scale)
        if i in masked:
            continue
        # They come along -y and open along z; ours come along z and open along y.
        T = T @ from_rotation(np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, -1.0, 0.0]]))
        try:
            low, high = between_fingers(shapes, T)
        except BimanualError as error:
            raise BimanualError(f"{file}: contact_points_pose[{i}]: {error}") from None
        contacts.append(ContactPoint(i, T, high - low, group_of.get(i, ""), words.get(i) or f"contact point {i}"))
    functional: dict[int, Array] = {}
    names: dict[int, str] = {}
    for key, kind, matrices in (
        ("functional_matrix", "functional", data.functional_matrix),
        ("target_pose", "target", data.target_pose),
    ):
        for i, matrix in enumerate(matrices):
            number = len(functional)
            functional[number] = _frame(file, f"{key}[{i}]", matrix, scale) @ _DOWN_TO_UP
            names[number] = f"{kind} {i}"
    facing = None
    if data.orientation_point:
        nested = np.ndim(data.orientation_point[0]) == 2
        matrix = data.orientation_point[0] if nested else data.orientation_point
        facing = _frame(file, "orientation_point", matrix, scale)
    texts = {point.id: point.description for point in info.functional_points}
    return Annotation(
        tuple(contacts), functional, names, texts, orientation_point=facing, stable=tuple(_stable(shapes))
    )


def _stable(shapes: tuple[Shape, ...]) -> Iterator[StablePose]:
    """The poses with an axis of the mesh up in which the object rests, y first: meshes have y up."""
    for name, up in POSES_OF_ANYTHING.items():
        try:
            yield resting(shapes, material(_MATERIAL).density, name, up)
        except BimanualError:
            continue  # it does not rest so: one of six tries


def _frame(file: Path, name: str, matrix: Any, scale: Array) -> Array:
    try:
        T = np.array(matrix, dtype=float)
    except (TypeError, ValueError):
        T = np.full((4, 4), np.nan)
    if T.shape != (4, 4) or not np.all(np.isfinite(T)):
        raise BimanualError(f"{file}: {name} must be 4 rows of 4 finite numbers")
    # what was written with three digits becomes a rotation again
    u, _, vt = np.linalg.svd(T[:3, :3])
    R = u @ vt
    if np.abs(R - T[:3, :3]).max() > 0.02 or not is_transform(from_rotation(R)):
        raise BimanualError(f"{file}: {name} is no rigid transform: its first three columns are no right-handed frame")
    return from_rotation(R, T[:3, 3] * scale)


def _parse(model: type[BaseModel], file: Path) -> Any:
    size = file.stat().st_size
    if size > MOST_JSON:
        raise BimanualError(f"{file} has {size} bytes; at most {MOST_JSON}")
    try:
        return model.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BimanualError(f"{file} is not JSON: {str(error)[:100]}") from None
    except ValidationError as error:
        raise BimanualError(f"{file}: {first_problem(error)}") from None


def _class_folders(root: Path) -> list[Path]:
    if any(_data_files(root)):
        return [root]
    places = [place for place in sorted(root.iterdir()) if place.is_dir()]
    if (root / "mobility.urdf").exists():
        raise BimanualError(f"{root} is articulated (mobility.urdf); only rigid assets are imported")
    return [_inside(root, place) for place in places if any(_data_files(place))]


def _data_files(place: Path) -> list[tuple[str, Path]]:
    """Ids and files of a class's folder, by number; ``model_data.json`` alone is id 0."""
    found = []
    for file in place.glob("model_data*.json"):
        match = _DATA_FILE.fullmatch(file.name)
        if match is not None:
            found.append((match[1] or "0", file))
    return sorted(found, key=lambda item: int(item[0]))


def _mesh_file(place: Path, kind: str, number: str) -> Path:
    names = [f"base{number}.glb", f"textured{number}.obj", f"base{number}.obj"]
    candidates = [folder / name for folder in (place / kind, place) for name in names]
    for file in candidates:
        if file.exists():
            return file
    choices = ", ".join(str(file.relative_to(place)) for file in candidates)
    raise BimanualError(f"{place}: no {kind} mesh of id {number or '0'}; looked for {choices}")


def _inside(root: Path, file: Path) -> Path:
    """The real file, which lies below ``root``. Raises BimanualError for one that a link leads out."""
    real = file.resolve()
    if not real.is_relative_to(root):
        raise BimanualError(f"{file} leads out of {root}; only files below the named folder are read")
    return real


def _require_size(file: Path, shapes: tuple[Shape, ...]) -> None:
    size = [max(s.reach(a) for s in shapes) + max(s.reach(-a) for s in shapes) for a in np.eye(3)]
    if not SMALLEST <= max(size) <= LARGEST:
        raise BimanualError(
            f"{file}: the object is {' x '.join(f'{s:.4g}' for s in size)} m at its scale; its longest side must be "
            f"within [{SMALLEST:g}, {LARGEST:g}] m"
        )


def _add(name: str, assets: dict[str, Asset]) -> None:
    if not _CLASS_NAME.fullmatch(name):
        raise BimanualError(f"folder name {name[:40]!r} is no class name: letters, digits, _ and -, at most 64")
    try:
        add_class(name, "object", assets.__getitem__, tuple(assets))
    except ValueError:
        raise BimanualError(f"class {name!r} exists already; rename the folder") from None
