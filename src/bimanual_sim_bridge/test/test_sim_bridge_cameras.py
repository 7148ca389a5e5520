"""Pictures: geometry against the scene, stamps, order of calls, repetition, and the missing device."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest
from sim_rig import min_jerk

import bimanual_description
from bimanual_core.errors import BimanualError
from bimanual_core.look import SceneLook
from bimanual_core.motion import Motion
from bimanual_core.scene import SceneObject, SceneSpec
from bimanual_core.se3 import inverse, make_T
from bimanual_sim_bridge.world import SapienWorld

pytestmark = pytest.mark.sim
CUBE_XYZ = (0.05, 0.0, 0.765)
SCENE = SceneSpec((SceneObject("cube", "cube", "red", make_T(CUBE_XYZ)),))


@pytest.fixture(scope="module")
def world():
    world = SapienWorld(bimanual_description.load("cobot_magic"), cameras=["head", "left_wrist"])
    world.load_scene(SCENE)
    yield world
    world.close()


def test_the_cube_is_seen_where_the_camera_model_says(world):
    frame = world.observe(["head"]).cameras["head"]
    top = np.array([*CUBE_XYZ[:2], CUBE_XYZ[2] + 0.025, 1.0])
    x, y, z, _ = inverse(frame.T_world_camera) @ top
    u, v, _ = frame.K @ (x / z, y / z, 1.0)
    row, column = round(v), round(u)
    red, green, blue = frame.rgb[row, column].astype(int)
    assert red > 2 * max(green, blue)
    assert frame.depth_mm[row, column] == pytest.approx(z * 1000, abs=3)
    reds = np.argwhere((frame.rgb[..., 0] > 100) & (frame.rgb[..., 1] < 90))
    assert np.abs(reds.mean(axis=0) - (row, column)).max() < 8


def test_frames_have_the_types_of_the_contract(world):
    frames = world.observe(["head", "left_wrist"]).cameras
    for frame in frames.values():
        assert frame.rgb.shape == (240, 320, 3)
        assert frame.rgb.dtype == np.uint8
        assert frame.rgb.flags.c_contiguous
        assert frame.depth_mm.shape == (240, 320)
        assert frame.depth_mm.dtype == np.uint16
        assert frame.depth_mm.flags.c_contiguous
        assert frame.stamp_ns == world.stamp_ns


def test_a_picture_carries_the_stamp_of_its_start(world):
    world.start_cameras(["head"])
    stamp = world.stamp_ns
    world.tick()
    with pytest.raises(BimanualError, match="camera head: fetch its picture"):
        world.start_cameras(["left_wrist"])
    assert world.finish_camera("head").stamp_ns == stamp
    with pytest.raises(BimanualError, match="camera head: no picture was asked for"):
        world.finish_camera("head")
    world.wait(0.0)


def test_first_frames_repeat_pixel_by_pixel(world):
    pictures = []
    for _ in range(2):
        world.load_scene(SCENE)
        frame = world.observe(["left_wrist"]).cameras["left_wrist"]
        pictures.append(frame.rgb.tobytes() + frame.depth_mm.tobytes())
        world.wait(0.2)
    assert pictures[0] == pictures[1]


def test_a_picture_is_drawn_again_only_if_what_it_shows_has_changed(world):
    world.load_scene(SCENE)
    names = ("head", "left_wrist")
    before = world.observe(names).cameras
    again = world.observe(names).cameras
    assert all(again[name].rgb is before[name].rgb for name in names)
    joints = world.robot.arm("right").joints
    q = world.robot.arm("right").home
    world.execute(Motion({"right": min_jerk(joints, q, np.array(q) + [0.1, 0, 0, 0, 0, 0])}))
    after = world.observe(names).cameras
    assert after["left_wrist"].rgb is before["left_wrist"].rgb  # the other arm is out of its sight
    assert after["left_wrist"].stamp_ns == world.stamp_ns > before["left_wrist"].stamp_ns
    assert (after["head"].rgb != before["head"].rgb).any()
    world.scene.cameras._sight = None  # everything is drawn
    for name, frame in world.observe(names).cameras.items():
        assert (frame.rgb == after[name].rgb).all()
        assert (frame.depth_mm == after[name].depth_mm).all()


def test_under_a_light_that_flickers_every_picture_is_drawn(world):
    world.load_scene(dataclasses.replace(SCENE, look=SceneLook(flicker=0.05)))
    before = world.observe(["head"]).cameras["head"]
    world.wait(0.1)
    assert (world.observe(["head"]).cameras["head"].rgb != before.rgb).any()
    world.load_scene(SCENE)


def test_without_a_vulkan_device_the_error_says_what_to_install_and_physics_still_runs():
    code = (
        "import bimanual_description\n"
        "from bimanual_core.errors import BimanualError\n"
        "from bimanual_core.scene import SceneSpec\n"
        "from bimanual_sim_bridge.world import SapienWorld\n"
        "robot = bimanual_description.load('cobot_magic')\n"
        "try:\n"
        "    SapienWorld(robot).load_scene(SceneSpec())\n"
        "except BimanualError as error:\n"
        "    print('refused:', int(error.code), error)\n"
        "print('scene', SapienWorld(robot, cameras=()).load_scene(SceneSpec()))\n"
    )
    nowhere = {"VK_ICD_FILENAMES": "/nonexistent.json", "VK_DRIVER_FILES": "/nonexistent.json"}
    environment = {**os.environ, **nowhere, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "refused: 400 no Vulkan device" in done.stdout
    assert "mesa-vulkan-drivers" in done.stdout
    assert "./bimanual doctor" in done.stdout
    assert "scene 1" in done.stdout
    assert "Traceback" not in done.stderr
