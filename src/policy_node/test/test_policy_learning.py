"""DP3 learns what a cloud shows: gated on iterations, never on seconds."""

import math

import numpy as np
import pytest
import torch
from reaching import RECIPE, demonstrations, success_rate

from policy_node.dp3.config import Dp3Config
from policy_node.dp3.ddim import add_noise, denoise, inference_steps, signal_shares
from policy_node.dp3.network import Dp3Network, parameter_count
from policy_node.train import Budget, TrainingRun
from policy_node.windows import split, windows_of

ITERATIONS = 350


def test_reaching_is_learnt_from_the_cloud_alone(tmp_path) -> None:
    run = TrainingRun(demonstrations(60), tmp_path, RECIPE)
    run.save()
    unseen = range(1000, 1024)
    assert success_rate(run.checkpoint, unseen) <= 0.2
    run.run(Budget(steps=ITERATIONS))
    assert success_rate(run.checkpoint, unseen) >= 0.8
    assert success_rate(run.checkpoint, unseen, shift=5000) <= 0.25


def test_the_default_network_has_its_shapes_and_fits_a_small_checkpoint() -> None:
    config = Dp3Config()
    network = Dp3Network(config, 14)
    condition = network.encode(torch.randn(3, 2, 14), torch.randn(3, 2, 64, 3))
    assert condition.shape == (3, 2 * 128)
    assert network(torch.randn(3, 16, 14), torch.tensor([0, 50, 99]), condition).shape == (3, 16, 14)
    assert 0.7e6 < parameter_count(network) < 1.4e6


def test_the_encoder_does_not_mind_the_order_of_points() -> None:
    network = Dp3Network(Dp3Config(), 14)
    cloud = torch.randn(1, 2, 40, 3)
    mixed = cloud[:, :, torch.randperm(40)]
    state = torch.randn(1, 2, 14)
    torch.testing.assert_close(network.encode(state, cloud), network.encode(state, mixed))


def test_signal_shares_follow_the_squared_cosine() -> None:
    shares = signal_shares(100)
    for step in (0, 10, 50, 98):

        def left(t):
            return math.cos((t / 100 + 0.008) / 1.008 * math.pi / 2) ** 2

        assert float(shares[step]) == pytest.approx(left(step + 1) / left(0), rel=1e-4)
    assert bool((shares[1:] < shares[:-1]).all())
    assert inference_steps(100, 10) == [90, 80, 70, 60, 50, 40, 30, 20, 10, 0]


def test_a_perfect_prediction_is_reached_from_any_noise_in_any_number_of_steps() -> None:
    shares, clean = signal_shares(100), torch.rand(2, 8, 3) * 2 - 1
    for count in (1, 4, 10, 100):
        sample = denoise(torch.randn(2, 8, 3), lambda x, i: clean, shares, count)
        torch.testing.assert_close(sample, clean)


def test_each_step_leaves_what_noising_the_prediction_with_the_same_noise_would() -> None:
    shares, clean, noise = signal_shares(100), torch.rand(1, 8, 3) - 0.5, torch.randn(1, 8, 3)
    seen = []

    def predict(x, index):
        seen.append(x)
        return clean

    start = add_noise(clean, noise, shares, torch.tensor([inference_steps(100, 5)[0]]))
    denoise(start, predict, shares, 5)
    for x, step in zip(seen, inference_steps(100, 5), strict=True):
        torch.testing.assert_close(x, add_noise(clean, noise, shares, torch.tensor([step])), atol=1e-5, rtol=1e-4)


def test_windows_stay_in_their_episode_and_know_no_future() -> None:
    lengths = [5, 30, 1]
    windows = windows_of(lengths, Dp3Config().chunk)
    episode = np.repeat([0, 1, 2], lengths)
    assert windows.count == 36
    assert np.all(episode[windows.observed] == episode[:, None])
    assert np.all(episode[windows.acted] == episode[:, None])
    assert np.array_equal(windows.observed[:, -1], np.arange(36))
    assert np.array_equal(windows.observed[6], [5, 6])
    assert np.array_equal(windows.acted[6], np.arange(5, 21))
    assert np.array_equal(windows.observed[5], [5, 5])
    assert np.array_equal(windows.acted[34], [33] + [34] * 15)


def test_at_least_one_episode_is_held_out_and_none_is_in_both() -> None:
    for count in (2, 10, 50, 200):
        train, held = split(count, 0.02, seed=0)
        assert len(held) == max(1, round(0.02 * count))
        assert sorted(train + held) == list(range(count))
    assert split(1, 0.02, 0) == ([0], [])
