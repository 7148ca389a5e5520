"""The driver over rendered pictures: a depth camera beside the colour camera, both of one simulated scene."""

from dataclasses import replace

import numpy as np
import pytest
from software_camera import SoftwareCamera

from bimanual_core.intrinsics import pinhole
from bimanual_core.robot import CameraSpec
from bimanual_core.scene import SceneObject, SceneSpec
from bimanual_core.se3 import inverse, make_T, rotation_from_rpy
from bimanual_description import load
from bimanual_hardware.camera.device import DeviceSource
from bimanual_hardware.camera.source import Profile
from bimanual_ros.points import PointsBuilder
from bimanual_sim_bridge.world import SapienWorld

pytestmark = pytest.mark.sim
#: As a D435: depth is seen from 15 mm beside the colour lens, over a wider field.
BASELINE_M = 0.015
#: Rolled, so that the table's depth changes along rows and columns, and a shift along either would show.
RPY = (0.7, 1.0, 1.5708)
COLOUR = CameraSpec("head", "world", (0.0, -0.35, 1.3), RPY, width=160, height=120, simulation_only=True)
SIZE_DEPTH = (212, 120)
CUBE_TOP = np.array([0.05, 0.0, 0.79])


@pytest.fixture(scope="module")
def rendered():
    """Frames of the colour and of the depth camera."""
    beside = replace(COLOUR, name="front", width=SIZE_DEPTH[0], height=SIZE_DEPTH[1], fovy_deg=55.0)
    left = rotation_from_rpy(RPY)[:, 1]
    beside = replace(beside, xyz=tuple((np.array(COLOUR.xyz) + BASELINE_M * left).tolist()))
    robot = replace(load("cobot_magic"), cameras=(COLOUR, beside))
    world = SapienWorld(robot, ["head", "front"])
    world.load_scene(SceneSpec((SceneObject("cube", "cube", "red", make_T((*CUBE_TOP[:2], CUBE_TOP[2] - 0.025))),)))
    frames = world.observe(["head", "front"]).cameras
    world.close()
    return frames["head"], frames["front"]


@pytest.fixture(scope="module")
def driven(rendered):
    """What the driver makes of colour from one and depth from the other."""
    colour, depth = rendered
    T_colour_depth = inverse(colour.T_world_camera) @ depth.T_world_camera
    assert np.allclose(T_colour_depth[:3, :3], np.eye(3), atol=1e-6)
    camera = SoftwareCamera(
        "42",
        colour=(COLOUR.width, COLOUR.height),
        depth=SIZE_DEPTH,
        K_colour=colour.K,
        K_depth=depth.K,
        t_colour_depth=tuple(T_colour_depth[:3, 3]),
    )
    source = DeviceSource("42", Profile(COLOUR.width, COLOUR.height, 30), lambda: [camera.device])
    source.start()
    camera.send(1, 33.0, colour.rgb, depth.depth_mm)
    frame = source.next_frame(5.0)
    intrinsics = source.intrinsics
    source.stop()
    return frame, intrinsics


def test_the_baseline_is_that_of_the_scene(rendered):
    colour, depth = rendered
    shift = (inverse(colour.T_world_camera) @ depth.T_world_camera)[:3, 3]
    assert shift == pytest.approx([-BASELINE_M, 0.0, 0.0], abs=1e-6)


def test_colour_and_intrinsics_pass_unchanged(rendered, driven):
    colour, _ = rendered
    frame, intrinsics = driven
    assert np.array_equal(frame.rgb, colour.rgb)
    assert np.allclose(intrinsics.K, colour.K, atol=1e-4)
    assert np.allclose(pinhole(COLOUR).K, colour.K)


def test_aligned_depth_is_what_the_colour_camera_would_have_seen(rendered, driven):
    colour, _ = rendered
    frame, _ = driven
    truth = colour.depth_mm.astype(float)
    seen = (frame.depth_mm > 0) & (truth > 0)
    assert seen[2:-2, 2:-2].mean() > 0.9, "some is hidden from the depth camera, most is not"

    def errors(rows: int, columns: int) -> np.ndarray:
        """Deviations [mm] where the aligned depth is shifted by so much."""
        shifted = np.roll(frame.depth_mm, (rows, columns), axis=(0, 1)).astype(float)
        return np.abs(shifted - truth)[seen]

    # The library gives a pixel the nearest of what falls on it: a bias of half a pixel, and edges grow by one.
    assert np.all(np.percentile(errors(0, 0), [50, 95]) < [3.0, 10.0])
    mean = errors(0, 0).mean()
    assert mean < 8.0
    assert all(errors(*shift).mean() > mean for shift in ((0, 1), (0, -1), (1, 0), (-1, 0)))
    assert all(errors(*shift).mean() > 2.0 * mean for shift in ((0, 2), (0, -2), (2, 0), (-2, 0)))


def test_points_of_the_cube_lie_where_the_cube_is(rendered, driven):
    colour, _ = rendered
    frame, intrinsics = driven
    points = PointsBuilder("f", intrinsics).points(frame.rgb, frame.depth_mm)
    red = (points["rgb"] >> 16 & 255).astype(int) - (points["rgb"] >> 8 & 255).astype(int) > 60
    xyz = np.stack([points[name][red] for name in ("x", "y", "z")] + [np.ones(red.sum())])
    world = (colour.T_world_camera @ xyz)[:3]
    top = world[:, np.abs(world[2] - CUBE_TOP[2]) < 0.004]
    assert top.shape[1] > 30
    middle = (top[:2].min(axis=1) + top[:2].max(axis=1)) / 2
    assert np.allclose(middle, CUBE_TOP[:2], atol=0.006)
