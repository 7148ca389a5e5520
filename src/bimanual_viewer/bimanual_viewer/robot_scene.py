"""The robot in the page: one frame a link, moved by joint positions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from viser import SceneApi

from bimanual_description.joint_frames import MovingFrames, joint_frames
from bimanual_viewer.shapes import MovingNode, add_mesh, add_shape
from bimanual_viewer.urdf_visuals import visuals

ROOT = "/robot"


class RobotScene:
    """The links of ``urdf`` as nested frames; raises ConfigError or ParseError for a text that is no robot."""

    def __init__(self, scene: SceneApi, urdf: str) -> None:
        frames = joint_frames(urdf)
        looks = visuals(urdf)
        self._moving = MovingFrames(frames)
        self._sources = {frame.source for frame in self._moving.frames}
        parents = {frame.child: frame.parent for frame in frames}
        root = scene.add_frame(ROOT, show_axes=False)
        self._remove = root.remove
        self._nodes: dict[str, MovingNode] = {}
        for frame in frames:
            handle = scene.add_frame(_path(frame.child, parents), show_axes=False)
            node = MovingNode(handle)
            node.move(frame.rest)
            self._nodes[frame.child] = node
        for number, visual in enumerate(looks):
            name = f"{_path(visual.link, parents)}/visual{number}"
            if visual.file is not None:
                add_mesh(scene, name, visual.file, visual.size, visual.T_link_visual)
            else:
                add_shape(scene, name, visual.kind, visual.size, visual.T_link_visual, visual.rgb)

    def update(self, joints: Mapping[str, float]) -> None:
        """Move to positions by joint [rad; m]; joints of the robot that are missing leave it as it is."""
        if not self._sources <= joints.keys():
            return
        for frame, pose in zip(self._moving.frames, self._moving.poses(joints), strict=True):
            self._nodes[frame.child].move(np.asarray(pose))

    def remove(self) -> None:
        """Take it out of the scene."""
        self._remove()


def _path(link: str, parents: Mapping[str, str]) -> str:
    """The link's place in the tree of frames, from the root down."""
    names = [link]
    while names[-1] in parents:
        names.append(parents[names[-1]])
    return "/".join([ROOT, *reversed(names)])
