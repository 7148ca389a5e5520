"""Tasks as gymnasium environments."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import bimanual.gym_envs  # noqa: F401 - registers the environments
from bimanual_core.errors import BimanualError
from bimanual_tasks.registry import task_names
from bimanual_tasks.sampler import sample_scene


@pytest.fixture(scope="module")
def env():
    env = gymnasium.make("bimanual/handover_block-v0")
    yield env
    env.close()


@pytest.mark.filterwarnings("ignore:.*Box observation space m[ai][nx]")
def test_it_keeps_gymnasiums_rules(env):
    check_env(env.unwrapped, skip_render_check=True)


def test_every_task_is_registered():
    assert {f"bimanual/{name}-v0" for name in task_names()} <= set(gymnasium.registry)


def test_a_seed_is_the_scene_that_it_is_everywhere(env):
    task = env.unwrapped._task
    first, info = env.reset(seed=100_003)
    again, _ = env.reset(seed=100_003)
    block = env.unwrapped.world.objects().objects["block"].T_world_object
    assert np.allclose(block[:2, 3], sample_scene(task, 100_003).scene.objects[0].T_world_object[:2, 3], atol=1e-4)
    assert all(np.array_equal(first[key], again[key]) for key in first)
    assert "red block" in info["instruction"]
    other, _ = env.reset()
    assert env.observation_space.contains(other)


def test_actions_lead_the_joints_and_time_runs_out():
    env = gymnasium.make("bimanual/handover_block-v0", disable_env_checker=True).unwrapped
    env._task = env._task.__class__(**{**vars(env._task), "step_limit": 12})
    now, _ = env.reset(seed=1)
    goal = now["joints"].copy()
    goal[0] += 0.3
    results = [env.step(goal) for _ in range(12)]
    assert results[-1][0]["joints"][0] == pytest.approx(goal[0], abs=0.01)
    assert [r[3] for r in results] == [False] * 11 + [True]
    assert all(r[1] == 0.0 and not r[2] and r[4]["refused"] == "" for r in results)
    assert results[-1][4]["stage_score"] == 0.0
    # thrown at the table: the guard holds the arms, and the episode goes on
    low = env.action_space.low.copy()
    low[1:3] = env.action_space.high[1], env.action_space.high[2]
    for _ in range(12):
        observed, *_ = env.step(low)
    assert observed["tcp"][0, 2] > 0.70
    for bad in (np.zeros(3), np.full(14, np.nan)):
        with pytest.raises(BimanualError, match="an action is"):
            env.step(bad)
    env.close()


def test_success_ends_the_episode_with_a_reward(env):
    inner = env.unwrapped
    env.reset(seed=2)
    inner._tracker.success = True
    _, reward, terminated, truncated, info = env.step(inner.world.bank.commanded.astype(np.float32))
    assert (reward, terminated, truncated, info["stage_score"]) == (1.0, True, False, 1.0)
