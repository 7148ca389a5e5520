"""Hermite sampling against polynomials it must reproduce exactly."""

import numpy as np
import pytest

from bimanual_control.follower import PathFollower
from bimanual_control.sampler import HermitePath, path_between, path_of
from bimanual_core.motion import JointTrajectory


def test_cubic_segments_reproduce_a_cubic():
    t = np.array([0.0, 0.3, 1.0, 1.7])
    p, v = (t**3 - 2 * t)[:, None], (3 * t**2 - 2)[:, None]
    path = path_of(JointTrajectory(("a",), t, p, v))
    for at in (0.0, 0.1, 0.31, 0.99, 1.5):
        np.testing.assert_allclose(path.sample(at)[:, 0], (at**3 - 2 * at, 3 * at**2 - 2), atol=1e-12)


def test_quintic_segments_reproduce_a_quintic_in_each_joint():
    t = np.array([0.0, 0.4, 1.1])
    p = np.stack([t**5, 2 - t**4], axis=1)
    v = np.stack([5 * t**4, -4 * t**3], axis=1)
    a = np.stack([20 * t**3, -12 * t**2], axis=1)
    path = HermitePath(t, p, v, a)
    for at in (0.05, 0.39, 0.4, 1.0):
        np.testing.assert_allclose(path.sample(at)[0], (at**5, 2 - at**4), atol=1e-12)
        np.testing.assert_allclose(path.sample(at)[1], (5 * at**4, -4 * at**3), atol=1e-12)


def test_a_path_stands_still_beyond_its_ends():
    path = HermitePath(np.array([0.5, 1.0]), np.array([[1.0], [2.0]]), np.array([[3.0], [4.0]]))
    np.testing.assert_allclose(path.sample(0.0), [[1.0], [0.0]])
    np.testing.assert_allclose(path.sample(1.0), [[2.0], [0.0]])
    np.testing.assert_allclose(path.sample(9.0), [[2.0], [0.0]])


def test_extremes_find_the_peak_between_the_points():
    path = path_between(1.0, np.array([0.0]), np.array([1.0]), np.array([0.0]))
    found = path.extremes()
    assert (found.lowest[0, 0], found.highest[0, 0]) == pytest.approx((0.0, 1.0))
    assert found.speed[0, 0] == pytest.approx(1.875, rel=1e-3)
    assert found.acceleration[0, 0] == pytest.approx(10 / np.sqrt(3), rel=2e-2)


def test_samples_of_speed_and_acceleration_are_the_derivatives():
    t = np.linspace(0.0, 2.0, 5)
    path = HermitePath(t, np.sin(t)[:, None], np.cos(t)[:, None], -np.sin(t)[:, None])
    times = np.linspace(0.01, 1.98, 50)
    velocity, acceleration = path.samples(times)
    step = 1e-6
    numeric = [(path.sample(at + step)[1] - path.sample(at - step)[1]) / (2 * step) for at in times]
    np.testing.assert_allclose(velocity, [path.sample(at)[1] for at in times])
    np.testing.assert_allclose(acceleration, numeric, rtol=1e-5, atol=1e-5)
    beyond = path.samples(np.array([-0.5, 2.5]))
    assert not beyond[0].any()
    assert not beyond[1].any()


def test_braking_stays_on_the_path_and_ends_at_rest():
    t = np.linspace(0.0, 2.0, 50)
    curve = np.stack([np.cos(t), np.sin(t)], axis=1)
    rate = np.stack([-np.sin(t), np.cos(t)], axis=1)
    follower = PathFollower(HermitePath(t, curve, rate), 0)
    follower.brake(500_000_000, np.array([5.0, 5.0]))
    for now_ns in range(500_000_000, 800_000_000, 5_000_000):
        position, velocity = follower.at(now_ns)
        assert np.linalg.norm(position) == pytest.approx(1.0, abs=1e-6)
        assert np.abs(velocity).max() <= 1.0
    assert follower.ended(800_000_000)
    np.testing.assert_allclose(follower.at(800_000_000)[1], 0.0)
