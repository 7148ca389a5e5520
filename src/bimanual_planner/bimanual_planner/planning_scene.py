"""The collision scene kept equal to a :class:`PlanState`, and what may touch on which step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bimanual_assets.catalog import get_asset
from bimanual_core import se3
from bimanual_core.asset import Asset
from bimanual_core.errors import UnknownNameError
from bimanual_core.observation import ObjectSnapshot
from bimanual_core.scene import TABLE_NAME
from bimanual_kinematics.clouds import RESOLUTION
from bimanual_kinematics.collision import CLOUD_NAME, Collision, CollisionScene
from bimanual_kinematics.continuous import Motion
from bimanual_kinematics.model import RobotModel
from bimanual_planner.config import PlannerConfig
from bimanual_planner.sliding import lies_in, parts_of, poses_of
from bimanual_planner.state import PlanState
from bimanual_planner.steps import Step, along, travel

Array = NDArray[np.float64]


class PlanningScene:
    """Table and objects of one snapshot, and the robot. Contacts allowed: the fingers that hold an object with it; on a
    straight step, the held object with the table and the other objects (it is lifted off or set on them); while its arm
    rests, with the table and the objects that nobody carries; and what slides with what it slides in."""

    def __init__(self, model: RobotModel, snapshot: ObjectSnapshot, config: PlannerConfig) -> None:
        """Raises UnknownNameError for an object whose asset the catalogue lacks."""
        self.model = model
        self.scene_id = snapshot.scene_id
        self.config = config
        self.table = snapshot.table
        self._whole = {o.name: get_asset(o.class_name, o.asset_id, o.scale) for o in snapshot.objects.values()}
        parts = {name: parts_of(name, asset) for name, asset in self._whole.items()}
        self._assets = {body: asset for bodies in parts.values() for body, asset in bodies.items()}
        self._scene = CollisionScene(model, snapshot.table)
        self._synced: PlanState | None = None
        for body, T_world_body in self.poses(snapshot).items():
            self._scene.set_object(body, self._assets[body], T_world_body)
        for standing, *sliding in parts.values():
            for part in sliding:
                self._scene.allow(standing, part)

    def poses(self, snapshot: ObjectSnapshot) -> dict[str, Array]:
        """Where the bodies of a snapshot of this scene's objects are in the world (4, 4), sliding parts included."""
        return poses_of(snapshot.objects.values(), self._whole)

    def grasped(self, name: str) -> str:
        """The body that a hand takes of an object: its sliding part, where that has all its contacts."""
        if self.asset(name).annotation.contacts:
            return name
        return next((body for body in self._assets if body.startswith(f"{name}/")), name)

    def inside(self, state: PlanState, body: str) -> dict[str, Array]:
        """Poses (4, 4) in a sliding part of the objects that lie in it and that no hand holds; none in other bodies."""
        if body in self._whole:
            return {}
        T_body_world = se3.inverse(self.object_pose(state, body))
        held = {held.name for held in state.held.values()}
        near = {name: T_body_world @ state.objects[name] for name in self._whole if name not in held}
        return {name: T for name, T in near.items() if not body.startswith(f"{name}/") and lies_in(self.asset(body), T)}

    def receiver(self, state: PlanState, name: str, T_world_object: Array) -> str:
        """The sliding part in a hand in which object ``name`` would lie at a pose in the world; empty for none."""
        at = state.with_object(name, T_world_object)
        at = replace(at, held={side: held for side, held in at.held.items() if held.name != name})
        return next((held.name for held in at.held.values() if name in self.inside(at, held.name)), "")

    def set_cloud(self, points: Array | None, resolution: float = RESOLUTION) -> None:
        """Keep clear of a point cloud (N, 3) in the world [m] from now on, in cubes of side ``resolution`` [m]; None
        takes it away. Points of the robot and of the scene's objects must not be among them.

        Raises BimanualError for points that are none, too many or not finite (see ``bimanual_kinematics.clouds``).
        """
        if points is not None:
            self._scene.set_cloud(points, resolution)
        elif CLOUD_NAME in self._scene.clouds:
            self._scene.remove_object(CLOUD_NAME)

    def asset(self, name: str) -> Asset:
        """The asset of a body; raises UnknownNameError listing the objects there are."""
        if name not in self._assets:
            raise UnknownNameError("object", name, self._assets)
        return self._assets[name]

    def object_pose(self, state: PlanState, name: str) -> Array:
        """Pose (4, 4) of an object, carried or standing; raises UnknownNameError."""
        self.asset(name)
        side = state.carrier(name) or state.container(name)
        if side is None:
            return state.objects[name]
        return self.model.fk(side, state.arm_q(side)) @ state.held[side].all_carried[name]

    def first_collision(
        self, state: PlanState, steps: dict[str, Step], spacing: float
    ) -> tuple[float, Collision] | None:
        """Fraction and pair of the first collision while ``steps`` run together, checked every ``spacing`` [rad]."""
        paths = {side: step.path for side, step in steps.items() if step.path is not None}
        if not paths:
            return None
        count = max(2, int(np.ceil(sum(travel(path) for path in paths.values()) / spacing)) + 1)
        qs = np.repeat(state.q[None], count, axis=0)
        for side, path in paths.items():
            qs[:, state.robot.joints.group(f"{side}_arm")] = along(path, count)
        hit = self.first_collision_of(state, steps, qs)
        return None if hit is None else (hit[0] / (count - 1), hit[1])

    def first_collision_of(
        self, state: PlanState, steps: dict[str, Step], qs: Array, margin: float | None = None
    ) -> tuple[int, Collision] | None:
        """Index and pair of the first collision among flat joints ``qs`` (N, D) that ``steps`` lead through.

        ``margin`` [m] is the clearance asked for, the configuration's when None.
        """
        self._sync(state)
        with self._scene.allowing(*self._support(state, steps)):
            return self._scene.check_path(qs, self.config.margin if margin is None else margin)

    @contextmanager
    def checks(self, state: PlanState, steps: dict[str, Step]) -> Iterator[Callable[[Array, float], bool]]:
        """``free(q, margin)`` for the length of a ``with`` block: whether flat joints (D,) that ``steps`` lead through
        keep ``margin`` [m]. For many questions about one state."""
        self._sync(state)
        with self._scene.allowing(*self._support(state, steps)):
            yield self._scene.is_free

    def depths(self, state: PlanState, q: Array) -> dict[frozenset[str], float]:
        """How deep [m] each pair overlaps that is nearer than the margin at flat joints ``q`` (D,), by its names."""
        self._sync(state)
        with self._scene.allowing(*self._support(state, {})):
            found = self._scene.collisions(q, self.config.margin)
        return {frozenset((collision.a, collision.b)): collision.depth for collision in found}

    def joins_arms(self, collision: Collision) -> bool:
        """Whether the two bodies of a collision belong to, or are held by, different arms."""
        return self._scene.joins_arms(collision)

    def first_touch_of(
        self, state: PlanState, steps: dict[str, Step], motion: Motion
    ) -> tuple[float, Collision] | None:
        """Share of the time and pair of the first touch found while all joints follow ``motion`` through ``steps``, or
        None: then nothing comes nearer than the configuration's ``kept_margin`` at any instant."""
        self._sync(state)
        with self._scene.allowing(*self._support(state, steps)):
            return self._scene.first_touch(motion, self.config.kept_margin)

    def _support(self, state: PlanState, steps: dict[str, Step]) -> list[tuple[str, str]]:
        pairs: set[tuple[str, str]] = set()
        carried = {held.name for held in state.held.values()}
        for side, held in state.held.items():
            step = steps.get(side)
            moves = step is not None and step.path is not None
            # What a hand holds at rest goes on standing on what does not move either.
            others = [name for name in state.objects if moves or name not in carried]
            near = {(held.name, other) for other in (TABLE_NAME, *others) if other != held.name}
            if step is None or not moves:
                pairs |= near
            elif step.straight:
                touched = self._touched_at_ends(state, steps)
                pairs |= {pair for pair in near if frozenset(pair) in touched}
        return sorted(pairs)

    def _touched_at_ends(self, state: PlanState, steps: dict[str, Step]) -> set[frozenset[str]]:
        """Pairs of bodies that touch, no more, where ``steps`` begin or end."""
        end = state
        for side, step in steps.items():
            end = end if step.path is None else end.with_arm(side, step.path[-1])
        found = [c for q in (state.q, end.q) for c in self._scene.collisions(q, self.config.margin)]
        return {frozenset((c.a, c.b)) for c in found if c.depth <= self.config.touch_depth}

    def _sync(self, state: PlanState) -> None:
        """Place the objects as ``state`` has them; states that differ in joints only share their dictionaries."""
        synced = self._synced
        if synced is not None and synced.objects is state.objects and synced.held is state.held:
            return
        self._synced = None  # should this stop half way
        carried = {name for held in state.held.values() for name in held.all_carried}
        for name, T_world_object in state.objects.items():
            if name not in carried:
                self._scene.set_object(name, self._assets[name], T_world_object)
            for side in state.robot.sides:
                holds = side in state.held and name in state.held[side].all_carried
                if not holds and self._scene.held.get(name) != side:
                    self._scene.release(side, name)
        for side, held in state.held.items():
            for name, T_tcp_object in held.all_carried.items():
                self._scene.attach(side, name, T_tcp_object)
        self._synced = state
