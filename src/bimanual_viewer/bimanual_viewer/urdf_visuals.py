"""What a URDF looks like: the visual elements of its links."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bimanual_core.se3 import from_rotation, rotation_from_rpy
from bimanual_description import resolve_packages

Array = NDArray[np.float64]
Rgb = tuple[float, float, float]
GREY: Rgb = (0.7, 0.7, 0.7)


@dataclass(frozen=True, eq=False)
class Visual:
    """One visual of ``link``: ``box`` (size = full x, y, z [m]), ``cylinder`` (radius, length along z), ``sphere``
    (radius) or ``mesh`` (size = scale factors of the GLB in ``file``), at ``T_link_visual``."""

    link: str
    kind: str
    size: tuple[float, ...]
    T_link_visual: Array
    rgb: Rgb = GREY
    file: Path | None = None


def visuals(urdf: str) -> list[Visual]:
    """Every visual of ``urdf``. Meshes that are no GLB of an installed description are left out."""
    robot = ET.fromstring(resolve_packages(urdf))
    colours = {
        m.attrib["name"]: c for m in robot.iter("material") if (c := _colour(m)) is not None and "name" in m.attrib
    }
    return [
        visual
        for link in robot.findall("link")
        for element in link.findall("visual")
        for visual in _visual(link.attrib["name"], element, colours)
    ]


def _visual(link: str, element: ET.Element, colours: dict[str, Rgb]) -> Iterator[Visual]:
    origin, material, geometry = element.find("origin"), element.find("material"), element.find("geometry")
    T = from_rotation(rotation_from_rpy(_numbers(origin, "rpy", "0 0 0")), _numbers(origin, "xyz", "0 0 0"))
    rgb = GREY if material is None else _colour(material) or colours.get(material.get("name", ""), GREY)
    shape = None if geometry is None else next(iter(geometry), None)
    if shape is None:
        return
    if shape.tag == "box":
        yield Visual(link, "box", _numbers(shape, "size", "0 0 0"), T, rgb)
    elif shape.tag == "cylinder":
        yield Visual(link, "cylinder", (float(shape.attrib["radius"]), float(shape.attrib["length"])), T, rgb)
    elif shape.tag == "sphere":
        yield Visual(link, "sphere", (float(shape.attrib["radius"]),), T, rgb)
    elif shape.tag == "mesh":
        file = Path(shape.attrib["filename"].removeprefix("file://"))
        if file.suffix == ".glb" and file.is_file():
            yield Visual(link, "mesh", _numbers(shape, "scale", "1 1 1"), T, rgb, file)


def _colour(material: ET.Element) -> Rgb | None:
    element = material.find("color")
    if element is None:
        return None
    r, g, b, *_ = _numbers(element, "rgba", "0.7 0.7 0.7 1")
    return r, g, b


def _numbers(element: ET.Element | None, key: str, default: str) -> tuple[float, ...]:
    return tuple(float(v) for v in (default if element is None else element.get(key, default)).split())
