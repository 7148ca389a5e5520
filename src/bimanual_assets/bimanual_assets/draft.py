"""From parts to an asset: what every class does after it has made its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bimanual_assets import surfaces
from bimanual_assets.grips import Grips
from bimanual_assets.materials import material
from bimanual_assets.resting import resting
from bimanual_core.asset import Annotation, Asset, ContactPoint, Shape, StablePose, Visual
from bimanual_core.se3 import from_rotation

Array = NDArray[np.float64]
#: A functional point: its name, its frame in the object, and what it is for.
Point = tuple[str, Array, str]
#: Directions that may be up in a pose at rest, for things of which nothing is known.
POSES_OF_ANYTHING = {
    "y_up": (0.0, 1.0, 0.0),
    "z_up": (0.0, 0.0, 1.0),
    "x_up": (1.0, 0.0, 0.0),
    "y_down": (0.0, -1.0, 0.0),
    "z_down": (0.0, 0.0, -1.0),
    "x_down": (-1.0, 0.0, 0.0),
}


def at(x: float, y: float, z: float, R: ArrayLike | None = None) -> Array:
    """A frame (4, 4) at a place of the object, along its axes unless turned by ``R`` (3, 3)."""
    return from_rotation(np.eye(3) if R is None else R, (x, y, z))


def rigid(
    class_name: str,
    asset_id: str,
    description: str,
    made_of: str,
    parts: Sequence[Shape],
    visuals: Sequence[Visual],
    grips: Grips | None = None,
    points: Sequence[Point] = (),
    stable: Mapping[str, ArrayLike] | None = None,
    function_axis: ArrayLike | None = None,
    approach_axis: ArrayLike | None = None,
    facing: Array | None = None,
) -> Asset:
    """A rigid asset of convex ``parts``. ``stable`` names poses by the object's direction that is up in them, the
    usual one first (upright when left out); ``facing`` is the orientation point."""
    stuff = material(made_of)
    ups = stable or {"upright": (0.0, 0.0, 1.0)}
    annotation = Annotation(
        tuple(grips.contacts) if grips is not None else (),
        {i: T for i, (_, T, _) in enumerate(points)},
        {i: name for i, (name, _, _) in enumerate(points)},
        {i: words for i, (_, _, words) in enumerate(points)},
        None if function_axis is None else np.asarray(function_axis, dtype=float),
        None if approach_axis is None else np.asarray(approach_axis, dtype=float),
        facing,
        tuple(resting(parts, stuff.density, name, up) for name, up in ups.items()),
    )
    rgb = visuals[0].rgb if visuals else (0.7, 0.7, 0.7)
    coloured = tuple(shape if shape.rgb else replace(shape, rgb=rgb) for shape in parts)
    return Asset(
        class_name,
        asset_id,
        coloured,
        annotation,
        stuff.density,
        stuff.friction,
        stuff.restitution,
        rgb,
        description,
        tuple(visuals),
    )


def scaled(asset: Asset, scale: tuple[float, float, float]) -> Asset:
    """``asset``, made of meshes and boxes along its axes, stretched along them: geometry, annotation and the poses
    in which it rests."""
    if scale == (1.0, 1.0, 1.0):
        return asset
    factors = np.asarray(scale, dtype=float)
    shapes = tuple(_scaled_shape(shape, factors) for shape in asset.shapes)
    old = asset.annotation
    annotation = replace(
        old,
        contacts=tuple(_scaled_contact(contact, factors) for contact in old.contacts),
        functional={i: _scaled_frame(T, factors) for i, T in old.functional.items()},
        orientation_point=None if old.orientation_point is None else _scaled_frame(old.orientation_point, factors),
        stable=tuple(_scaled_pose(pose, shapes, asset.density, factors) for pose in old.stable),
    )
    visuals = tuple(surfaces.scaled(visual, factors) for visual in asset.visuals)
    slide = asset.slide
    if slide is not None:
        stretch = float(np.linalg.norm(slide.axis * factors))
        slide = replace(slide, limits=(slide.limits[0] * stretch, slide.limits[1] * stretch))
    return replace(asset, shapes=shapes, annotation=annotation, visuals=visuals, slide=slide)


def _scaled_shape(shape: Shape, factors: Array) -> Shape:
    """A part along the object's axes; a stretched convex mesh is one with the same faces."""
    x, y, z = np.asarray(shape.size) * factors
    T = from_rotation(np.eye(3), shape.T_object_shape[:3, 3] * factors)
    vertices = None if shape.vertices is None else surfaces.fixed(shape.vertices * factors)
    return replace(shape, size=(float(x), float(y), float(z)), T_object_shape=T, vertices=vertices)


def _scaled_pose(pose: StablePose, shapes: Sequence[Shape], density: float, factors: Array) -> StablePose:
    T = pose.T_surface_object
    if np.ptp(factors) < 1e-9:
        return replace(pose, T_surface_object=from_rotation(T[:3, :3], T[:3, 3] * factors))
    return resting(shapes, density, pose.name, T[2, :3])


def _scaled_contact(contact: ContactPoint, factors: Array) -> ContactPoint:
    stretch = float(np.linalg.norm(contact.T_object_contact[:3, 1] * factors))
    T = _scaled_frame(contact.T_object_contact, factors)
    opening = None if contact.opening is None else contact.opening * stretch
    return replace(contact, T_object_contact=T, width=contact.width * stretch, opening=opening)


def _scaled_frame(T: Array, factors: Array) -> Array:
    return from_rotation(T[:3, :3], T[:3, 3] * factors)
