"""Assets and their spatial annotation.

Geometry is a few convex shapes in the object frame, by which an object collides and weighs; visuals are what is seen of
it; the annotation says where and how it is held and used. The catalogue of assets is ``bimanual_assets``; a scene names
an asset by (class, id, scale).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bimanual_core.solid import MassProperties, combined, moments_of

Array = NDArray[np.float64]
Rgb = tuple[float, float, float]

_SIZES = {"box": 3, "cylinder": 2, "sphere": 1, "mesh": 3}


@dataclass(frozen=True, eq=False)
class Shape:
    """A convex shape: ``box`` (size = full x, y, z), ``cylinder`` (size = radius, length along z), ``sphere`` (size =
    radius) or ``mesh``, all in metres, placed at ``T_object_shape`` (4, 4).

    A mesh is a closed convex polyhedron of ``vertices`` (N, 3) whose bounding box, of full x, y, z ``size``, is centred
    on the shape's frame, and triangles ``faces`` (M, 3), counter-clockwise seen from outside. ``density`` [kg/m^3] is
    that of this part where it is not the asset's.
    """

    kind: str
    size: tuple[float, ...]
    T_object_shape: Array = field(default_factory=lambda: np.eye(4))
    rgb: Rgb | None = None
    vertices: Array | None = None
    faces: NDArray[np.int64] | None = None
    density: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in _SIZES:
            raise ValueError(f"unknown shape {self.kind!r}; choices: {', '.join(_SIZES)}")
        if len(self.size) != _SIZES[self.kind] or not all(np.isfinite(s) and s > 0 for s in self.size):
            raise ValueError(f"{self.kind} needs {_SIZES[self.kind]} positive sizes [m], got {self.size}")
        if (self.kind == "mesh") != (self.vertices is not None and self.faces is not None):
            raise ValueError(f"{self.kind}: vertices and faces belong to a mesh, and to nothing else")
        if self.vertices is not None and self.faces is not None:
            self._require_mesh(self.vertices, self.faces)

    def _require_mesh(self, vertices: Array, faces: NDArray[np.int64]) -> None:
        """Raises ValueError for arrays that no mesh of this size has."""
        if vertices.ndim != 2 or vertices.shape[1] != 3 or not np.all(np.isfinite(vertices)):
            raise ValueError(f"mesh: vertices must be finite and (N, 3), got {vertices.shape}")
        if faces.ndim != 2 or faces.shape[1] != 3 or faces.min() < 0 or faces.max() >= len(vertices):
            raise ValueError(f"mesh: faces must be (M, 3) and name {len(vertices)} vertices, got {faces.shape}")
        half = np.asarray(self.size) / 2
        off = max(np.abs(vertices.max(axis=0) - half).max(), np.abs(vertices.min(axis=0) + half).max())
        if off > 1e-6:
            raise ValueError(
                f"mesh: the vertices' box is off the size {self.size} about the shape's frame by {off:g} m"
            )

    @property
    def volume(self) -> float:
        """Volume [m^3]."""
        if self.kind == "box":
            return float(np.prod(self.size))
        if self.kind == "cylinder":
            return float(np.pi * self.size[0] ** 2 * self.size[1])
        if self.kind == "sphere":
            return float(4 / 3 * np.pi * self.size[0] ** 3)
        return moments_of("mesh", self.size, self.vertices, self.faces)[0]

    @property
    def polyhedron(self) -> tuple[Array, NDArray[np.int64]]:
        """Vertices (N, 3) [m] and faces (M, 3) of a mesh; raises ValueError for other shapes."""
        if self.vertices is None or self.faces is None:
            raise ValueError(f"a {self.kind} is no mesh")
        return self.vertices, self.faces

    def reach(self, direction: ArrayLike) -> float:
        """How far [m] the shape reaches along the unit ``direction`` (3,) from the object's origin."""
        towards = np.asarray(direction, dtype=float)
        local, middle = self.T_object_shape[:3, :3].T @ towards, float(towards @ self.T_object_shape[:3, 3])
        if self.vertices is not None:
            return middle + float(np.max(self.vertices @ local))
        if self.kind == "box":
            return middle + float(np.abs(local) @ np.asarray(self.size) / 2)
        if self.kind == "sphere":
            return middle + self.size[0]
        radius, length = self.size
        return middle + float(radius * np.hypot(local[0], local[1]) + abs(local[2]) * length / 2)

    def mass_properties(self, density: float) -> MassProperties:
        """Mass, centre and inertia in the object frame; ``density`` [kg/m^3] is the asset's."""
        volume, centre, inertia = moments_of(self.kind, self.size, self.vertices, self.faces)
        own = density if self.density is None else self.density
        R, t = self.T_object_shape[:3, :3], self.T_object_shape[:3, 3]
        return MassProperties(own * volume, R @ centre + t, own * (R @ inertia @ R.T))


@dataclass(frozen=True, eq=False)
class Visual:
    """What is seen of an object, in its frame: triangles ``faces`` (M, 3) over ``vertices`` (N, 3) [m] with unit
    ``normals`` (N, 3) and, where there is a ``texture`` (H, W, 3) uint8, its coordinates ``uv`` (N, 2) in [0, 1]."""

    vertices: Array
    faces: NDArray[np.int64]
    normals: Array
    rgb: Rgb = (0.7, 0.7, 0.7)
    uv: Array | None = None
    texture: NDArray[np.uint8] | None = None
    roughness: float = 0.7
    metallic: float = 0.0


@dataclass(frozen=True, eq=False)
class ContactPoint:
    """A place to grasp: ``T_object_contact`` has its origin at the grasp point between the fingers,
    z along the approach (out of the gripper, into the object) and y along the opening (as ``tcp``).

    The planner may tilt the approach within ``tilt_deg`` about the opening axis y and try both fingers' orders.
    ``opening`` [m] is how far to open before, where a gripper that is open all the way would hit something.
    """

    id: int
    T_object_contact: Array
    width: float  # of the object between the fingers [m]
    group: str = ""
    description: str = ""
    opening: float | None = None


@dataclass(frozen=True, eq=False)
class StablePose:
    """How an object rests on a level surface: ``T_surface_object`` (4, 4) in a frame on that surface, z up, below the
    object's centre of mass. Any turn about z and shift in x, y of it is as stable."""

    name: str
    T_surface_object: Array


@dataclass(frozen=True, eq=False)
class Annotation:
    """Spatial annotation: contact points, functional points (4, 4) in the object frame, and named axes.

    z of a functional point is up when the object is placed or used by it. Axes are unit vectors (3,) in the object
    frame: along ``function_axis`` the object acts, along ``approach_axis`` a gripper comes. ``orientation_point``
    (4, 4) says which way the object faces, x forward. Of ``stable`` poses the first is the usual one.
    """

    contacts: tuple[ContactPoint, ...] = ()
    functional: dict[int, Array] = field(default_factory=dict)
    functional_names: dict[int, str] = field(default_factory=dict)
    functional_descriptions: dict[int, str] = field(default_factory=dict)
    function_axis: Array | None = None
    approach_axis: Array | None = None
    orientation_point: Array | None = None
    stable: tuple[StablePose, ...] = ()

    @property
    def lateral_axis(self) -> Array | None:
        """Function axis x approach axis (3,), of unit length; None where one is missing or they are parallel."""
        if self.function_axis is None or self.approach_axis is None:
            return None
        lateral = np.cross(self.function_axis, self.approach_axis)
        length = float(np.linalg.norm(lateral))
        return lateral / length if length > 1e-9 else None


@dataclass(frozen=True, eq=False)
class Slide:
    """The part of an object that slides along the unit ``axis`` (3,), such as a drawer: which shapes, visuals, contacts
    and functional points of the asset, all given at joint position 0, move with it."""

    joint: str
    axis: Array
    limits: tuple[float, float]  # [m]
    damping: float = 5.0  # [N s/m]
    shapes: frozenset[int] = frozenset()
    visuals: frozenset[int] = frozenset()
    contacts: frozenset[int] = frozenset()
    functional: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        low, high = self.limits
        if not (low <= 0.0 <= high and low < high) or not self.shapes:
            raise ValueError(f"joint {self.joint!r}: limits {self.limits} must be around 0, and a shape must move")


@dataclass(frozen=True, eq=False)
class Asset:
    """An object class instance at scale 1 already applied: geometry, material and annotation.

    It is rigid but for the part that ``slide`` names; :meth:`at` gives the rigid asset it is at joint positions.
    """

    class_name: str
    asset_id: str
    shapes: tuple[Shape, ...]
    annotation: Annotation
    density: float = 500.0  # [kg/m^3]
    friction: float = 0.9
    restitution: float = 0.0
    rgb: Rgb = (0.7, 0.7, 0.7)
    description: str = ""
    visuals: tuple[Visual, ...] = ()  # what is seen; the shapes in their colours where there are none
    slide: Slide | None = None

    @property
    def mass(self) -> float:
        """Mass [kg] from density and the volume of the shapes (taken as disjoint)."""
        return sum((self.density if s.density is None else s.density) * s.volume for s in self.shapes)

    @property
    def mass_properties(self) -> MassProperties:
        """Mass, centre of mass and inertia about it, in the object frame."""
        return combined([shape.mass_properties(self.density) for shape in self.shapes])

    def reach(self, direction: ArrayLike) -> float:
        """How far [m] the object reaches along the unit ``direction`` (3,) from its origin."""
        return max(shape.reach(direction) for shape in self.shapes)

    def at(self, joints: Mapping[str, float]) -> Asset:
        """The rigid asset that this one is at positions [m] of its joints; 0 for a joint that is not given."""
        slide = self.slide
        if slide is None:
            return self
        shift = np.eye(4)
        shift[:3, 3] = joints.get(slide.joint, 0.0) * slide.axis
        old = self.annotation
        shapes = [
            replace(shape, T_object_shape=shift @ shape.T_object_shape) if i in slide.shapes else shape
            for i, shape in enumerate(self.shapes)
        ]
        visuals = [
            replace(visual, vertices=visual.vertices + shift[:3, 3]) if i in slide.visuals else visual
            for i, visual in enumerate(self.visuals)
        ]
        contacts = [
            replace(contact, T_object_contact=shift @ contact.T_object_contact)
            if contact.id in slide.contacts
            else contact
            for contact in old.contacts
        ]
        functional = {i: shift @ T if i in slide.functional else T for i, T in old.functional.items()}
        annotation = replace(old, contacts=tuple(contacts), functional=functional)
        return replace(self, shapes=tuple(shapes), visuals=tuple(visuals), annotation=annotation, slide=None)

    def stable_pose(self, name: str) -> StablePose:
        """The stable pose of that name; raises ValueError listing the ones there are."""
        for pose in self.annotation.stable:
            if pose.name == name:
                return pose
        names = ", ".join(pose.name for pose in self.annotation.stable) or "none"
        raise ValueError(f"{self.class_name}/{self.asset_id} has no stable pose {name!r}; choices: {names}")
