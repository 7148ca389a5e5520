"""Objects with a part that slides, such as a cabinet with its drawer: to the planner these are two bodies.

What stands keeps the object's name; what slides is called ``object/joint``, is held by its own contacts, and moves with
the hand that holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bimanual_core.asset import Annotation, Asset, Slide
from bimanual_core.observation import ObjectState

Array = NDArray[np.float64]


def part_name(name: str, slide: Slide) -> str:
    """What the sliding part of object ``name`` is called."""
    return f"{name}/{slide.joint}"


def parts_of(name: str, asset: Asset) -> dict[str, Asset]:
    """The rigid assets of an object by body, what stands first; both are given in the object's frame at joint 0."""
    slide = asset.slide
    if slide is None:
        return {name: asset}
    return {name: _share(asset, slide, moving=False), part_name(name, slide): _share(asset, slide, moving=True)}


def poses_of(states: Iterable[ObjectState], assets: Mapping[str, Asset]) -> dict[str, Array]:
    """Where the bodies of objects are in the world (4, 4); ``assets`` are those of the objects, by name."""
    poses = {}
    for state in states:
        poses[state.name] = state.T_world_object
        slide = assets[state.name].slide
        if slide is not None:
            shift = np.eye(4)
            shift[:3, 3] = state.joints.get(slide.joint, 0.0) * slide.axis
            poses[part_name(state.name, slide)] = state.T_world_object @ shift
    return poses


def lies_in(part: Asset, T_part_object: Array) -> bool:
    """Whether an object at a pose (4, 4) in a sliding part lies in it: its origin is over one of the part's shapes, and
    below the part's upper end."""
    x, y, z = T_part_object[:3, 3]
    return bool(z < part.reach((0, 0, 1))) and any(
        -shape.reach((-1, 0, 0)) < x < shape.reach((1, 0, 0))
        and -shape.reach((0, -1, 0)) < y < shape.reach((0, 1, 0))
        and shape.reach((0, 0, 1)) <= z
        for shape in part.shapes
    )


def _share(asset: Asset, slide: Slide, moving: bool) -> Asset:
    """What of an asset stands, or slides, at joint position 0."""
    note = asset.annotation
    return replace(
        asset,
        shapes=tuple(s for i, s in enumerate(asset.shapes) if (i in slide.shapes) == moving),
        visuals=tuple(v for i, v in enumerate(asset.visuals) if (i in slide.visuals) == moving),
        annotation=_annotation(note, slide, moving),
        slide=None,
    )


def _annotation(note: Annotation, slide: Slide, moving: bool) -> Annotation:
    functional = {i: T for i, T in note.functional.items() if (i in slide.functional) == moving}
    return replace(
        note,
        contacts=tuple(c for c in note.contacts if (c.id in slide.contacts) == moving),
        functional=functional,
        functional_names={i: note.functional_names[i] for i in functional if i in note.functional_names},
        functional_descriptions={
            i: note.functional_descriptions[i] for i in functional if i in note.functional_descriptions
        },
    )
