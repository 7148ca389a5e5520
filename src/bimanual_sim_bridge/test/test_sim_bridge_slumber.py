"""A scene in which nothing moves costs no physics, and goes on as if it had."""

from dataclasses import replace

import numpy as np
import pytest
from sim_rig import block_scene

import bimanual_description
from bimanual_core.observation import Setpoint
from bimanual_core.rates import PHYSICS_HZ, tick_to_ns
from bimanual_sim_bridge.bench_sim import swing
from bimanual_sim_bridge.slumber import LOOK_TICKS, Slumber
from bimanual_sim_bridge.world import SapienWorld


@pytest.fixture(scope="module")
def robot():
    return bimanual_description.load("cobot_magic")


@pytest.fixture
def worlds(robot):
    """One that sleeps, one that never does."""
    pair = [SapienWorld(robot, cameras=(), sleeps=sleeps) for sleeps in (True, False)]
    for world in pair:
        world.load_scene(block_scene())
    yield pair
    for world in pair:
        world.close()


def count_steps(world, monkeypatch):
    """A list that grows by each step of the world's physics."""
    steps = []
    step = world.scene.step
    monkeypatch.setattr(world.scene, "step", lambda stamp_ns: (steps.append(stamp_ns), step(stamp_ns)))
    return steps


@pytest.mark.sim
def test_a_resting_world_sleeps_while_time_goes_on(worlds, monkeypatch):
    sleeping, _ = worlds
    sleeping.wait(3.0)
    steps = count_steps(sleeping, monkeypatch)
    before = sleeping.tick_count
    sleeping.wait(1.0)
    assert steps == []
    assert sleeping.tick_count == before + PHYSICS_HZ
    assert sleeping.joints().stamp_ns == sleeping.objects().stamp_ns == tick_to_ns(sleeping.tick_count)


@pytest.mark.sim
def test_a_motion_wakes_it_and_ends_where_it_would_have(worlds, robot, monkeypatch):
    for world in worlds:
        world.wait(4.0)
    steps = count_steps(worlds[0], monkeypatch)
    reports = [world.execute(swing(robot, 1.0)) for world in worlds]
    assert steps
    assert all(report.success for report in reports)
    asleep, awake = worlds
    assert asleep.tick_count == awake.tick_count
    np.testing.assert_allclose(asleep.joints().position, awake.joints().position, atol=1e-5)
    for name, item in asleep.objects().objects.items():
        np.testing.assert_allclose(item.T_world_object, awake.objects().objects[name].T_world_object, atol=1e-4)


@pytest.mark.sim
def test_what_still_falls_keeps_it_awake(robot, monkeypatch):
    world = SapienWorld(robot, cameras=(), sleeps=True)
    scene = block_scene()
    first, *others = scene.objects
    high = first.T_world_object.copy()
    high[2, 3] += 40.0
    world.load_scene(replace(scene, objects=(replace(first, T_world_object=high), *others)))
    steps = count_steps(world, monkeypatch)
    before = world.tick_count
    world.wait(2.3)
    assert len(steps) == world.tick_count - before
    world.close()


def rows(*values):
    """Gives one row after another, the last for ever."""
    left = [np.array(v, dtype=float) for v in values]
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def ticks_until_asleep(slumber, setpoint, limit=10 * LOOK_TICKS):
    return next((i for i in range(1, limit) if slumber.look(setpoint)), None)


def test_it_takes_two_looks_that_agree():
    asked = Setpoint(np.zeros(2), np.zeros(2))
    slumber = Slumber(rows([0.0, 1.0], [0.0, 1.1], [0.0, 1.1]), rows([0.0]))
    assert ticks_until_asleep(slumber, asked) == 3 * LOOK_TICKS + 1


def test_a_swing_that_comes_by_again_is_no_rest():
    asked = Setpoint(np.zeros(2), np.zeros(2))
    assert ticks_until_asleep(Slumber(rows([0.0, 1.0]), rows([0.0, -0.5])), asked) is None


def test_another_setpoint_wakes_it_and_the_wait_begins_anew():
    asked, other = (Setpoint(np.zeros(2), np.zeros(2)) for _ in range(2))
    slumber = Slumber(rows([0.0]), rows([0.0]))
    first = ticks_until_asleep(slumber, asked)
    assert first is not None
    assert not slumber.look(other)
    assert ticks_until_asleep(slumber, other) == first - 1
