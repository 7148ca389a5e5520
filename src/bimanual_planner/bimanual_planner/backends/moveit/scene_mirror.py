"""MoveIt's planning scene kept equal to what the planner believes, told only what changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_core.asset import Asset, Shape
from bimanual_core.scene import TABLE_NAME, TableSpec
from bimanual_core.se3 import from_rotation
from bimanual_planner.backends.moveit.client import MoveItClient
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Carried:
    """How MoveIt was told that a hand holds an object."""

    side: str
    T_tcp_object: Array
    touch_links: tuple[str, ...]

    def same(self, other: _Carried | None) -> bool:
        return (
            other is not None
            and (self.side, self.touch_links) == (other.side, other.touch_links)
            and np.array_equal(self.T_tcp_object, other.T_tcp_object)
        )


class SceneMirror:
    """The table, every object that stands free, and every object in a hand with the fingers that may touch it."""

    def __init__(self, client: MoveItClient) -> None:
        self._client = client
        self._scene_id: int | None = None
        self._standing: dict[str, Array] = {}
        self._carried: dict[str, _Carried] = {}
        self._assets: dict[str, Asset] = {}

    def update(self, scene: PlanningScene, state: PlanState) -> None:
        """Tell MoveIt what differs from the last update. Raises BimanualError where it refuses."""
        if scene.scene_id != self._scene_id:
            self._begin(scene.table)
        self._scene_id = None  # should MoveIt refuse something, all is told anew
        self._tell(scene, state)
        self._scene_id = scene.scene_id

    def _tell(self, scene: PlanningScene, state: PlanState) -> None:
        for name in [n for n in (*self._standing, *self._carried) if n not in state.objects and n != TABLE_NAME]:
            self._remove(name)
        for name in state.objects:
            carried = _carried(state, name)
            if carried is None:
                self._stand(name, scene.asset(name), state.objects[name])
            elif not carried.same(self._carried.get(name)):
                self._attach(name, scene.asset(name), carried, state.robot.arm(carried.side).tcp_frame)

    @contextmanager
    def resting(self, state: PlanState, straight: bool) -> Iterator[None]:
        """While the block lasts what is held may touch what it is lifted off or set on, if the motion is ``straight``.

        The rule of :class:`PlanningScene`: the held object with the table and with objects that nobody carries.
        """
        free = [TABLE_NAME, *(name for name in self._standing if name != TABLE_NAME)]
        pairs = [(held, other) for held in self._carried for other in free] if straight else []
        self._client.set_contacts(pairs, True)
        try:
            yield
        finally:
            self._client.set_contacts(pairs, False)

    def _stand(self, name: str, asset: Asset, T_world_object: Array) -> None:
        if name in self._carried:
            self._client.detach(name)
            del self._carried[name]
            self._client.move(name, T_world_object)
        elif name not in self._standing or not _same_shapes(asset, self._assets[name]):
            self._client.put(name, asset.shapes, T_world_object)
        elif not np.array_equal(self._standing[name], T_world_object):
            self._client.move(name, T_world_object)
        self._assets[name] = asset
        self._standing[name] = T_world_object

    def _attach(self, name: str, asset: Asset, carried: _Carried, link: str) -> None:
        self._client.attach(name, asset.shapes, link, carried.T_tcp_object, carried.touch_links)
        self._standing.pop(name, None)
        self._assets[name] = asset
        self._carried[name] = carried

    def _remove(self, name: str) -> None:
        if self._carried.pop(name, None) is not None:
            self._client.detach(name)
        self._standing.pop(name, None)
        self._client.remove(name)

    def _begin(self, table: TableSpec) -> None:
        """An empty scene with the table."""
        self._standing, self._carried, self._assets = {}, {}, {}
        self._client.clear()
        x, y = table.centre_xy
        T_world_table = from_rotation(np.eye(3), (x, y, table.top_z - table.size[2] / 2))
        self._client.put(TABLE_NAME, (Shape("box", table.size),), T_world_table)
        self._standing[TABLE_NAME] = T_world_table


def _carried(state: PlanState, name: str) -> _Carried | None:
    """Who carries an object and which fingers hold it: those of both hands while it is handed over, no other link."""
    side = state.carrier(name)
    if side is None:
        return None
    holders = [s for s in state.robot.sides if s in state.held and state.held[s].name == name]
    fingers = tuple(finger for s in holders for finger in state.robot.arm(s).gripper.finger_links)
    return _Carried(side, state.held[side].T_tcp_object, fingers)


def _same_shapes(a: Asset, b: Asset) -> bool:
    """Whether the shapes are alike; those of a mesh are only if they are the same ones."""
    return len(a.shapes) == len(b.shapes) and all(
        one is other
        or (
            (one.kind, one.size) == (other.kind, other.size)
            and one.kind != "mesh"
            and np.array_equal(one.T_object_shape, other.T_object_shape)
        )
        for one, other in zip(a.shapes, b.shapes, strict=True)
    )
