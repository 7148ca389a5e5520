"""One SAPIEN scene: robot, surroundings, objects and cameras of a :class:`SceneSpec`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from bimanual_core.observation import ObjectState
from bimanual_core.robot import CameraSpec, RobotSpec
from bimanual_core.scene import SceneSpec
from bimanual_sim_bridge.cameras import CameraRig
from bimanual_sim_bridge.contacts import ContactCounters, ContactWatch
from bimanual_sim_bridge.engine import new_scene
from bimanual_sim_bridge.joint_backend import SapienJointBackend
from bimanual_sim_bridge.lights import Lights
from bimanual_sim_bridge.poses import from_sapien
from bimanual_sim_bridge.robot_model import RobotFiles, build_robot
from bimanual_sim_bridge.scene_objects import build_object
from bimanual_sim_bridge.settings import SimSettings
from bimanual_sim_bridge.surroundings import add_surroundings, show_surroundings

Array = NDArray[np.float64]


class SapienScene:
    """A scene from its building to :meth:`close`; it steps and shows, and knows nothing of time or controllers."""

    def __init__(
        self,
        robot: RobotSpec,
        files: RobotFiles,
        spec: SceneSpec,
        cameras: Iterable[CameraSpec],
        settings: SimSettings,
    ) -> None:
        """Raises BimanualError without a Vulkan device if there are ``cameras``, UnknownNameError for an asset."""
        cameras = list(cameras)
        render = bool(cameras)
        self.spec = spec
        self._scene = new_scene(settings, render)
        surroundings = add_surroundings(self._scene, spec.table)
        self._lights = Lights(self._scene, spec.look, settings.shadows, spec.seed) if render else None
        self._articulation = build_robot(self._scene, robot, files, settings)
        self._links = {link.name: link.entity for link in self._articulation.get_links()}
        self._objects = {item.name: build_object(self._scene, item, render) for item in spec.objects}
        if render:
            show_surroundings(self._scene, spec.table, spec.look)
        bodies = {name: built.bodies for name, built in self._objects.items()}
        self._contacts = ContactWatch(robot, self._articulation, surroundings.values(), bodies)
        self.joints = SapienJointBackend(robot, self._articulation)
        self.cameras = CameraRig(self._scene, cameras, self._links, settings.shadows, spec.look, self._lights)
        self.cameras.warm_up()

    @property
    def counters(self) -> ContactCounters:
        """Contacts that should not happen, since the scene was built."""
        return self._contacts.counters

    def step(self, stamp_ns: int) -> None:
        """One physics tick, which ends at ``stamp_ns``."""
        self._scene.step()
        self.joints.stamp_ns = stamp_ns
        if self._lights is not None:
            self._lights.ticks += 1
        self._contacts.update(self._scene.get_contacts(), stamp_ns)

    def link_pose(self, name: str) -> Array:
        """Pose (4, 4) of a link of the robot in the world."""
        return from_sapien(self._links[name].pose)

    def object_states(self) -> dict[str, ObjectState]:
        """The objects as they are now, in the order of the scene's specification."""
        return {
            item.name: ObjectState(
                item.name,
                item.class_name,
                item.asset_id,
                item.scale,
                self._objects[item.name].T_world_object,
                self._contacts.touched_by(item.name),
                item.fixed,
                self._objects[item.name].joints,
            )
            for item in self.spec.objects
        }

    def object_twists(self) -> dict[str, Array]:
        """Velocity (6,) of each object in the world (of its fastest part): linear [m/s], then angular [rad/s]."""
        return {item.name: self._objects[item.name].twist for item in self.spec.objects}

    def close(self) -> None:
        """Let go of everything SAPIEN holds for this scene."""
        self.cameras.drop_started()
        self._scene.clear()
