"""The objects and the table in the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from viser import SceneApi

from bimanual_assets import get_asset
from bimanual_core.errors import BimanualError
from bimanual_core.observation import ObjectSnapshot, ObjectState
from bimanual_core.scene import TABLE_NAME
from bimanual_core.se3 import make_T, xyz_quat
from bimanual_viewer.shapes import MovingNode, add_shape, add_visual
from bimanual_viewer.state import Table

ROOT = "/objects"
Look = tuple[str, str, tuple[float, float, float], tuple[float, ...]]


@dataclass
class _Shown:
    look: Look
    handle: Any
    node: MovingNode
    label: Any


class ObjectScene:
    """Follows snapshots: objects come, go, move, and say what they touch."""

    def __init__(self, scene: SceneApi) -> None:
        self._scene = scene
        self._shown: dict[str, _Shown] = {}
        self._table: tuple[Table, Any] | None = None

    def update(self, snapshot: ObjectSnapshot) -> None:
        """Show the objects of ``snapshot`` and no others."""
        present = {name: _look(state) for name, state in snapshot.objects.items()}
        for name in [name for name, shown in self._shown.items() if present.get(name) != shown.look]:
            self._shown.pop(name).handle.remove()
        for name, state in snapshot.objects.items():
            shown = self._shown.get(name)
            if shown is None:
                shown = self._shown[name] = self._add(state)
            shown.node.move(np.concatenate(xyz_quat(state.T_world_object)))
            touched = ", ".join(sorted(state.contacts - {TABLE_NAME}))
            words = f"{name}: touches {touched}" if touched else name
            if shown.label.text != words:
                shown.label.text = words

    def show_table(self, table: Table) -> None:
        """The table as it stands in this scene."""
        if self._table is not None:
            if self._table[0] == table:
                return
            self._table[1].remove()
        handle = self._scene.add_frame("/table", show_axes=False)
        add_shape(self._scene, "/table/top", "box", table.size, make_T(table.xyz), table.rgb)
        self._table = (table, handle)

    def _add(self, state: ObjectState) -> _Shown:
        root = f"{ROOT}/{state.name.replace('/', '_')}"
        handle = self._scene.add_frame(root, show_axes=False)
        top = 0.0
        try:
            asset = get_asset(state.class_name, state.asset_id, state.scale).at(state.joints)
        except BimanualError:
            handle.show_axes, handle.axes_length, handle.axes_radius = True, 0.06, 0.003  # known by its pose only
        else:
            for number, visual in enumerate(asset.visuals):
                add_visual(self._scene, f"{root}/{number}", visual)
            for number, shape in enumerate(() if asset.visuals else asset.shapes):
                rgb = shape.rgb or asset.rgb
                add_shape(self._scene, f"{root}/{number}", shape.kind, shape.size, shape.T_object_shape, rgb)
            top = asset.reach((0.0, 0.0, 1.0))
        label = self._scene.add_label(f"{root}/name", state.name, position=(0.0, 0.0, top + 0.03))
        return _Shown(_look(state), handle, MovingNode(handle), label)


def _look(state: ObjectState) -> Look:
    """What an object looks like: drawn anew when that changes."""
    return state.class_name, state.asset_id, state.scale, tuple(round(v, 3) for v in state.joints.values())
