"""The look of a scene: textures, light, flicker, a shifted head camera; and scenes that do not stay as they are put."""

import dataclasses

import numpy as np
import pytest

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.look import SceneLook, texture_index
from bimanual_core.robot import load_robot
from bimanual_core.scene import SceneObject, SceneSpec, TableSpec
from bimanual_core.se3 import make_T
from bimanual_description.files import robot_path
from bimanual_sim_bridge.textures import texture_picture
from bimanual_sim_bridge.world import SapienWorld

CUBE = SceneObject("cube", "cube", "red", make_T((0.1, 0.05, 0.7655)))
LOOK = SceneLook("seen/3", "seen/11", "seen/20", (0.8, -0.5, 2.6), (1.4, 1.0, 0.9), (0.2, 0.2, 0.3), 0.05)


@pytest.fixture(scope="module")
def world():
    world = SapienWorld(load_robot(robot_path("cobot_magic")), cameras=("head",))
    yield world
    world.close()


def shown(world, scene, seconds=0.0):
    world.load_scene(scene)
    world.wait(seconds)
    return world.observe(("head",)).cameras["head"]


@pytest.mark.sim
def test_the_same_scene_looks_the_same_and_another_does_not(world):
    scene = SceneSpec((CUBE,), TableSpec(top_z=0.74), 7, look=LOOK)
    first, again = shown(world, scene).rgb, shown(world, scene).rgb
    assert np.array_equal(first, again)
    for other in (
        dataclasses.replace(LOOK, table_texture="seen/4"),
        dataclasses.replace(LOOK, lamp_rgb=(0.7, 0.7, 0.7)),
        dataclasses.replace(LOOK, head_shift_xyz=(0.0, 0.02, 0.0)),
        SceneLook(),
    ):
        assert not np.array_equal(first, shown(world, dataclasses.replace(scene, look=other)).rgb)


@pytest.mark.sim
def test_light_flickers_with_the_seed_and_the_time_of_the_scene(world):
    scene = SceneSpec((CUBE,), seed=1, look=LOOK)
    pictures = [shown(world, s, t).rgb for s, t in ((scene, 0.0), (scene, 0.1), (scene, 0.1))]
    assert np.array_equal(pictures[1], pictures[2])
    brightness = [p.mean() for p in pictures]
    assert brightness[0] != brightness[1]
    assert brightness[0] == pytest.approx(brightness[1], rel=0.15)
    other = shown(world, dataclasses.replace(scene, seed=2)).rgb
    assert not np.array_equal(pictures[0], other)
    steady = dataclasses.replace(scene, look=dataclasses.replace(LOOK, flicker=0.0))
    assert np.array_equal(shown(world, steady).rgb, shown(world, dataclasses.replace(steady, seed=2), 0.1).rgb)


@pytest.mark.sim
def test_the_robot_does_not_know_that_its_head_camera_is_off(world):
    plain = shown(world, SceneSpec((CUBE,)))
    look = SceneLook(head_shift_xyz=(0.01, -0.02, 0.005), head_shift_rpy=(0.0, 0.0, 0.02))
    moved = shown(world, SceneSpec((CUBE,), look=look))
    assert np.allclose(moved.T_world_camera, plain.T_world_camera, atol=1e-6)
    # turned to the left by 0.04 rad more, it sees the cube further right by that many focal lengths
    turned = SceneLook(head_shift_xyz=(0.01, -0.02, 0.005), head_shift_rpy=(0.0, 0.0, 0.06))
    pictures = moved.rgb, shown(world, SceneSpec((CUBE,), look=turned)).rgb
    middles = [float(np.argwhere(rgb[..., 0] > 1.8 * rgb[..., 2])[:, 1].mean()) for rgb in pictures]
    assert middles[1] - middles[0] == pytest.approx(0.04 * plain.K[0, 0], rel=0.15)


@pytest.mark.sim
def test_a_scene_that_does_not_stay_as_it_is_put_is_refused(world):
    floating = dataclasses.replace(CUBE, T_world_object=make_T((0.1, 0.05, 0.80)))
    with pytest.raises(BimanualError, match=r"'cube' did not stay where it was put: it moved by 3\d.\d mm") as caught:
        world.load_scene(SceneSpec((floating,), settle_limit=0.005))
    assert caught.value.code == ErrorCode.SCENE_UNSTABLE
    assert world.objects().objects["cube"].T_world_object[2, 3] == pytest.approx(0.765, abs=1e-3)
    world.load_scene(SceneSpec((floating,)))
    world.load_scene(SceneSpec((CUBE,), settle_limit=0.005))


def test_textures_come_from_their_names():
    assert np.array_equal(texture_picture("seen/5"), texture_picture.__wrapped__("seen/5"))
    pictures = [texture_picture(f"{group}/{i}") for group in ("seen", "unseen") for i in range(12)]
    assert all(p.shape == (256, 256, 3) and p.dtype == np.uint8 for p in pictures)
    assert len({p.tobytes() for p in pictures}) == 24
    assert texture_index("unseen/99") == ("unseen", 99)
    for name in ("wood", "seen/200", "unseen/-1", "../x/1", "heard/1"):
        with pytest.raises(BimanualError, match="unknown texture"):
            SceneLook(table_texture=name)
    with pytest.raises(BimanualError, match="flicker 2 is outside"):
        SceneLook(flicker=2.0)
    with pytest.raises(BimanualError, match="lamp_xyz"):
        SceneLook(lamp_xyz=(0.0, 0.0, 0.8))
