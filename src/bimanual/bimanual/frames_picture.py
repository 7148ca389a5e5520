"""docs/images/frames.png: the robot with the axes of its main frames, ``python -m bimanual.frames_picture``.

Rendered by the simulator, axes drawn over it: red x, green y, blue z.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bimanual_core.observation import CameraFrame
from bimanual_core.robot import CameraSpec, RobotSpec
from bimanual_core.scene import SceneSpec
from bimanual_description import load
from bimanual_kinematics.model import RobotModel
from bimanual_sim_bridge.world import SapienWorld

Array = NDArray[np.float64]
PICTURE = Path("docs") / "images" / "frames.png"
ROBOT = "cobot_magic"
# Beside and in front of the robot, so that no axis points at the eye.
EYE = CameraSpec(
    "frames", "world", (1.15, 0.75, 1.75), (0.0, 0.55, -2.35), 1200, 900, fovy_deg=52.0, simulation_only=True
)
AXIS_M = 0.14
COLOURS = ((220, 40, 40), (30, 150, 40), (40, 70, 230))


def frames_of(robot: RobotSpec) -> tuple[str, ...]:
    """The frames that a user of poses meets, left before right."""
    arms = [name for arm in robot.arms for name in (arm.base_frame, arm.tool_frame, arm.tcp_frame)]
    return ("world", "base_link", *arms, robot.camera("head").optical_frame)


def pixel(frame: CameraFrame, point: Array) -> tuple[float, float]:
    """Where a point (3,) of the world [m] is seen [px]; raises ValueError behind the camera."""
    T_camera_world = np.linalg.inv(frame.T_world_camera)
    x, y, z = T_camera_world[:3, :3] @ point + T_camera_world[:3, 3]
    if z <= 0.0:
        raise ValueError(f"{point} is behind the camera")
    u, v, _ = frame.K @ np.array([x / z, y / z, 1.0])
    return float(u), float(v)


def draw_axes(draw: ImageDraw.ImageDraw, frame: CameraFrame, name: str, T_world_frame: Array) -> None:
    """Three axes with the frame's name at their end."""
    origin = pixel(frame, T_world_frame[:3, 3])
    for axis, colour in enumerate(COLOURS):
        tip = pixel(frame, T_world_frame[:3, 3] + AXIS_M * T_world_frame[:3, axis])
        draw.line([origin, tip], fill=colour, width=4)
        draw.text(tip, "xyz"[axis], fill=colour, font=ImageFont.load_default(16), anchor="mm", stroke_width=2)
    place = (origin[0] + 8, origin[1] + 6)
    font = ImageFont.load_default(17)
    draw.text(place, name, fill=(20, 20, 20), font=font, stroke_width=3, stroke_fill=(255, 255, 255))


def picture() -> Image.Image:
    """The robot at home on an empty table."""
    robot = load(ROBOT)
    world = SapienWorld(dataclasses.replace(robot, cameras=(*robot.cameras, EYE)), [EYE.name])
    world.load_scene(SceneSpec())
    frame = world.observe([EYE.name]).cameras[EYE.name]
    model = RobotModel.of(robot)
    image = Image.fromarray(frame.rgb)
    draw = ImageDraw.Draw(image)
    for name in frames_of(robot):
        T_world_frame = np.eye(4) if name == "world" else model.frame(name, robot.home)
        draw_axes(draw, frame, name, T_world_frame)
    world.close()
    return image


if __name__ == "__main__":
    picture().save(PICTURE, optimize=True)
