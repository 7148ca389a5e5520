"""Cameras on links or in the world: pictures are asked for first and fetched later, so that the renderer can work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import sapien
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode, UnknownNameError
from bimanual_core.look import SceneLook
from bimanual_core.observation import CameraFrame
from bimanual_core.robot import CameraSpec
from bimanual_core.se3 import R_link_optical, from_rotation, inverse, rotation_from_rpy
from bimanual_sim_bridge.lights import Lights
from bimanual_sim_bridge.poses import from_sapien, to_sapien
from bimanual_sim_bridge.sight import Sight

Array = NDArray[np.float64]
#: Our own: a third of the cost of SAPIEN's ``minimal`` where a processor draws.
_FAST_SHADER = str(Path(__file__).parent / "shaders" / "plain")
_SHADOW_SHADER = "default"
#: The camera that a scene's look may shift.
HEAD = "head"
_NOWHERE = (0.0, 0.0, 0.0)
_T_link_optical = from_rotation(R_link_optical)


class CameraRig:
    """The cameras of one scene. ``start`` some, then ``finish`` each before the next ``start`` of that camera.

    A frame carries the stamp and the pose of its ``start``. A camera before which nothing has changed gives its newest
    picture again: frames may share their arrays.
    """

    def __init__(
        self,
        scene: sapien.Scene,
        specs: Iterable[CameraSpec],
        links: Mapping[str, sapien.Entity],
        shadows: bool,
        look: SceneLook,
        lights: Lights | None,
    ) -> None:
        self._scene, self._lights = scene, lights
        self._specs = {spec.name: spec for spec in specs}
        sapien.render.set_camera_shader_dir(_SHADOW_SHADER if shadows else _FAST_SHADER)
        self._shifts = {name: _shift(spec, look) for name, spec in self._specs.items()}
        self._cameras = {
            name: _add_camera(scene, spec, links, self._shifts[name]) for name, spec in self._specs.items()
        }
        self._started: dict[str, tuple[int, Array]] = {}
        # Light that flickers, and shadows of what is out of sight, change pictures without anything moving in them.
        self._sight = None if shadows or look.flicker else Sight(scene)
        self._drawn: dict[str, tuple[NDArray[np.uint8], NDArray[np.uint16]]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._specs)

    @property
    def started(self) -> tuple[str, ...]:
        """Cameras whose picture was asked for and not fetched yet."""
        return tuple(self._started)

    def start(self, names: Iterable[str], stamp_ns: int) -> None:
        """Ask for pictures of this instant; returns at once.

        Raises UnknownNameError for a camera that is not rendered here and BimanualError if a picture is still to be
        fetched: the renderer holds one instant at a time.
        """
        names = list(names)
        for name in names:
            if name not in self._cameras:
                raise UnknownNameError("rendered camera", name, self._cameras)
        if not names:
            return
        if self._started:
            raise BimanualError(
                f"camera {next(iter(self._started))}: fetch its picture before the next one", ErrorCode.SIM_NOT_READY
            )
        if self._lights is not None:
            self._lights.flicker()
        self._scene.update_render()
        for name in self._changed(names):
            self._drawn.pop(name, None)
            self._cameras[name].take_picture()
        for name in names:
            self._started[name] = (stamp_ns, self._believed(name) @ _T_link_optical)

    def _changed(self, names: Iterable[str]) -> list[str]:
        """Those cameras that do not see what is in their newest picture; what they see now will be."""
        sight = self._sight
        if sight is None:
            return list(names)
        sight.look()
        changed = [name for name in names if not sight.unchanged(name, self._cameras[name])]
        for name in changed:
            sight.taken(name, self._cameras[name])
        return changed

    def _believed(self, name: str) -> Array:
        """Pose (4, 4) of a camera by the robot's description, as the frames on the graph have it."""
        T_world_camera, shift = from_sapien(self._cameras[name].get_global_pose()), self._shifts[name]
        return T_world_camera if shift is None else T_world_camera @ inverse(shift)

    def finish(self, name: str) -> CameraFrame:
        """The picture asked for by ``start``; waits for the renderer. Raises BimanualError if none was."""
        if name not in self._started:
            raise BimanualError(f"camera {name}: no picture was asked for", ErrorCode.SIM_NOT_READY)
        stamp_ns, T_world_camera = self._started.pop(name)
        if name not in self._drawn:
            camera = self._cameras[name]
            self._drawn[name] = _rgb(camera.get_picture("Color")), _depth(camera)
        return CameraFrame(name, stamp_ns, *self._drawn[name], self._specs[name].K, T_world_camera)

    def warm_up(self) -> None:
        """Render once, so that compiling shaders, seconds at a process's first picture, is over when time runs."""
        for name in self.names[:1]:
            self.start([name], 0)
            self.finish(name)

    def drop_started(self) -> None:
        """Fetch and forget what was asked for, so that the scene can go on or go away."""
        for name in self.started:
            self.finish(name)


def _shift(spec: CameraSpec, look: SceneLook) -> Array | None:
    """Where a camera really is (4, 4) in the frame in which the robot's description has it; None: right there."""
    if spec.name != HEAD or (look.head_shift_xyz, look.head_shift_rpy) == (_NOWHERE, _NOWHERE):
        return None
    return from_rotation(rotation_from_rpy(look.head_shift_rpy), look.head_shift_xyz)


def _add_camera(
    scene: sapien.Scene, spec: CameraSpec, links: Mapping[str, sapien.Entity], shift: Array | None
) -> sapien.render.RenderCameraComponent:
    camera = sapien.render.RenderCameraComponent(spec.width, spec.height)
    camera.set_fovy(float(np.radians(spec.fovy_deg)), compute_x=True)
    place = from_rotation(rotation_from_rpy(spec.rpy), spec.xyz)
    camera.near, camera.far, camera.name = spec.near, spec.far, spec.name
    camera.local_pose = to_sapien(place if shift is None else place @ shift)
    if spec.parent == "world":
        mount = sapien.Entity()
        mount.name = spec.name
        mount.add_component(camera)
        scene.add_entity(mount)
    elif spec.parent in links:
        links[spec.parent].add_component(camera)
    else:
        raise UnknownNameError(f"parent link of camera {spec.name}", spec.parent, links)
    return camera


def _rgb(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Contiguous (H, W, 3); three copies of planes are faster than one strided copy."""
    out = np.empty((*rgba.shape[:2], 3), dtype=np.uint8)
    for channel in range(3):
        out[..., channel] = rgba[..., channel]
    return out


def _depth(camera: sapien.render.RenderCameraComponent) -> NDArray[np.uint16]:
    """Contiguous (H, W) depth [mm]: -z of the renderer's camera frame, which looks backwards; 0 where there is none."""
    if "PositionSegmentation" in camera.get_picture_names():
        z_mm = camera.get_picture("PositionSegmentation")[..., 2]
        return np.negative(z_mm).astype(np.uint16)
    z = camera.get_picture("Position")[..., 2]
    return np.clip(np.rint(z * -1000.0), 0, np.iinfo(np.uint16).max).astype(np.uint16)
