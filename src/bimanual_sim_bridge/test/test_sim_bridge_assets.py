"""Assets in physics: they weigh what they say, rest where they say, and a drawer slides."""

import numpy as np
import pytest
import sapien

import bimanual_description
from bimanual_assets import asset_ids, asset_of, class_names, get_asset
from bimanual_core.scene import SceneObject, SceneSpec
from bimanual_core.se3 import from_rotation, log_rotation, rotation_about
from bimanual_sim_bridge.asset_pictures import pictures
from bimanual_sim_bridge.engine import new_scene
from bimanual_sim_bridge.scene_objects import build_object
from bimanual_sim_bridge.settings import SimSettings
from bimanual_sim_bridge.world import SapienWorld

pytestmark = pytest.mark.sim
#: Height above the ground and distance of neighbours [m].
DROP, APART = 0.001, 0.45


def standing():
    """Every class, one of its ids after another, in each of its stable poses, on a grid 1 mm above the ground."""
    names = [name for name in class_names() if name not in class_names("block")]
    wanted = [(name, asset_ids(name)[i % 4], pose) for i, name in enumerate(names)
              for pose in get_asset(name, asset_ids(name)[i % 4]).annotation.stable]  # fmt: skip
    for i, (name, asset_id, pose) in enumerate(wanted):
        place = from_rotation(np.eye(3), (-3.5 + APART * (i % 16), -3.5 + APART * (i // 16), DROP))
        yield SceneObject(f"{name} {pose.name}", name, asset_id, place @ pose.T_surface_object)


@pytest.fixture(scope="module")
def dropped():
    """All of them after 1.5 s: (as placed, as built)."""
    scene = new_scene(SimSettings(), render=False)
    ground = scene.create_actor_builder()
    ground.add_box_collision(half_size=[4.0, 4.0, 0.05], material=sapien.physx.PhysxMaterial(0.8, 0.8, 0.0))
    ground.set_initial_pose(sapien.Pose(p=[0.0, 0.0, -0.05]))
    ground.build_static(name="ground")
    objects = [(item, build_object(scene, item, render=False)) for item in standing()]
    for _ in range(450):
        scene.step()
    yield objects
    scene.clear()


def test_everything_stays_where_its_stable_pose_puts_it(dropped):
    for item, built in dropped:
        moved = built.T_world_object
        assert np.linalg.norm(moved[:3, 3] - item.T_world_object[:3, 3]) < 0.003, item.name
        turned = log_rotation(item.T_world_object[:3, :3].T @ moved[:3, :3])
        assert np.linalg.norm(turned) < np.radians(1.0), item.name
        assert np.abs(built.twist).max() < 0.05, item.name  # contacts of small faces tremble


def test_bodies_weigh_what_their_assets_say(dropped):
    for item, built in dropped:
        properties = asset_of(item).mass_properties
        assert sum(body.mass for body in built.bodies) == pytest.approx(properties.mass, rel=1e-4), item.name
        if len(built.bodies) == 1:
            np.testing.assert_allclose(built.bodies[0].cmass_local_pose.p, properties.centre, atol=1e-5)
            moments = sorted(built.bodies[0].inertia)
            np.testing.assert_allclose(moments, np.linalg.eigvalsh(properties.inertia), rtol=1e-3, atol=1e-9)


def test_a_drawer_slides_between_its_limits_and_the_world_tells_its_joint():
    upright = get_asset("cabinet").stable_pose("upright").T_surface_object
    T_world_cabinet = from_rotation(rotation_about((0, 0, 1), -np.pi / 2), (0.0, 0.155, 0.74)) @ upright
    world = SapienWorld(bimanual_description.load("cobot_magic"), cameras=())
    world.load_scene(SceneSpec((SceneObject("cabinet", "cabinet", "0", T_world_cabinet, fixed=True),)))
    assert world.objects().objects["cabinet"].joints == {"drawer": pytest.approx(0.0, abs=1e-4)}
    built = world.scene._objects["cabinet"]
    for force, limit in ((-4.0, 0.2), (4.0, 0.0)):
        for _ in range(300):
            built.bodies[1].add_force_at_point(np.array([0.0, force, 0.0]), built.bodies[1].entity.pose.p)
            world.tick()
        state = world.objects().objects["cabinet"]
        assert state.joints["drawer"] == pytest.approx(limit, abs=2e-3)
        np.testing.assert_allclose(state.T_world_object, T_world_cabinet, atol=1e-6)
    world.close()


@pytest.mark.slow
def test_pictures_show_the_asset_and_its_annotation():
    asset = get_asset("mug", "1")
    picture = np.asarray(next(iter(pictures([asset], 64)))).astype(int)
    assert picture.shape == (64, 64, 3)
    red = (picture[..., 0] > picture[..., 2] + 40).mean()
    assert 0.1 < red < 0.7
    blue = (picture[..., 2] > picture[..., 0] + 40).mean()  # z axes
    assert blue > 0.002


def test_every_mug_hangs_on_every_rack_whichever_way_it_faces_and_comes_to_rest():
    scene = new_scene(SimSettings(), render=False)
    hung = []
    for i, rack_id in enumerate(asset_ids("rack")):
        rack = get_asset("rack", rack_id)
        for j, mug_id in enumerate(asset_ids("mug")):
            T_world_rack = from_rotation(np.eye(3), (i, j, 0.5))
            build_object(scene, SceneObject(f"rack {i}{j}", "rack", rack_id, T_world_rack, fixed=True), render=False)
            hole = get_asset("mug", mug_id).annotation.functional[0]
            half_turn = from_rotation(rotation_about((0, 0, 1), np.pi * (j % 2)))
            T_world_mug = T_world_rack @ rack.annotation.functional[0] @ half_turn @ np.linalg.inv(hole)
            item = SceneObject(f"mug {mug_id} on rack {rack_id}", "mug", mug_id, T_world_mug)
            hung.append((item, build_object(scene, item, render=False)))
    for _ in range(900):
        scene.step()
    for item, built in hung:
        # it sinks by what the hole is wider than the prong, and slides down the prong a little
        hole = asset_of(item).annotation.functional[0]
        sunk = (built.T_world_object @ hole)[:3, 3] - (item.T_world_object @ hole)[:3, 3]
        assert np.linalg.norm(sunk[:2]) < 0.015, item.name
        assert abs(sunk[2]) < 0.015, item.name
        assert np.linalg.norm(built.twist[:3]) < 0.05, item.name
