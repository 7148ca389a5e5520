"""Timing: limits hold for the quintic that controllers sample, both ends rest, the path is kept."""

import numpy as np
import pytest
from timing_rig import JOINTS, along_path, curve, dense_quintic, extremes

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_planner.config import PlannerConfig
from bimanual_planner.timing import TimingConfig, sample_quintic, split_trajectory, time_path
from bimanual_planner.timing.geometry import GeometricPath

VELOCITY, ACCELERATION, JERK = np.full(6, 1.5), np.full(6, 6.0), np.full(6, 150.0)


def timed(path, jerk=JERK, **options):
    return time_path(path, JOINTS[:6], VELOCITY, ACCELERATION, jerk=jerk, **options)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("jerk", [JERK, None])
def test_starts_and_ends_at_rest_on_the_waypoints(seed, jerk):
    path = curve(seed)
    trajectory = timed(path, jerk)
    assert np.array_equal(trajectory.positions[[0, -1]], path[[0, -1]])
    for end in (0, -1):
        assert np.all(trajectory.velocities[end] == 0.0)
        assert np.all(trajectory.accelerations[end] == 0.0)
    assert np.diff(trajectory.times).max() <= TimingConfig().knot * 1.05


@pytest.mark.parametrize("seed", range(3))
def test_the_path_is_kept_and_never_gone_back_on(seed):
    waypoints = curve(seed, corners=4)
    path = GeometricPath(waypoints, 6)
    s, off = along_path(path, dense_quintic(timed(waypoints))[0])
    assert off < 1e-6
    assert np.diff(s).min() > -1e-9
    assert np.abs(path.at(path.knots) - waypoints).max() < 1e-9


def test_a_line_takes_the_time_of_the_double_s():
    path = np.zeros((30, 6))
    path[:, 2] = np.linspace(0.0, 1.5, 30)
    best = 1.5 / 1.5 + 1.5 / 6.0 + 6.0 / 150.0  # cruise, speeding up, and the acceleration's build-up
    assert best <= timed(path).duration < best + 0.005
    assert best - 0.04 < timed(path, None).duration < best - 0.04 + TimingConfig().switch + 0.005


@pytest.mark.parametrize("distance", [0.3, 0.02, 1e-3, 1e-5, 1e-8])
def test_short_lines_reach_neither_speed_nor_acceleration(distance):
    path = np.zeros((2, 6))
    path[1, 4] = distance
    trajectory = timed(path)
    a = min(6.0, np.cbrt(0.5 * distance * 150.0**2))
    best = a / 150.0 + np.sqrt((a / 150.0) ** 2 + 4.0 * distance / a)
    assert best - 1e-9 <= trajectory.duration < best + 0.008  # phases last whole milliseconds or a little more
    assert np.all(np.array(extremes(trajectory, VELOCITY, ACCELERATION, JERK)) <= 1.0 + 1e-6)


def test_a_line_through_many_waypoints_is_the_line():
    line = np.array([np.zeros(6), [0.4, -0.2, 0.9, 0.0, 0.1, -0.3]])
    dense = np.linspace(0.0, 1.0, 40)[:, None] ** 2 * line[1]
    assert timed(dense).duration == timed(line).duration


def test_a_way_there_and_back_is_no_line():
    path = np.zeros((21, 6))
    path[:, 0] = 0.4 - np.abs(np.linspace(-0.4, 0.4, 21))
    trajectory = timed(path)
    assert trajectory.positions[:, 0].max() == pytest.approx(0.4, abs=5e-3)
    assert trajectory.positions[-1, 0] == 0.0


def test_the_tool_point_keeps_its_speed():
    waypoints = curve(1)
    lengths = 0.3 * np.linspace(0.0, 1.0, len(waypoints))[:, None] ** 1.5
    trajectory = timed(waypoints, tcp_lengths=lengths, tcp_speed=0.15)
    path = GeometricPath(waypoints, 6, lengths)
    times = np.linspace(0.0, trajectory.duration, 3000)
    s, _ = along_path(path, sample_quintic(trajectory, times)[0])
    speed = np.diff(path.at(s)[:, 6]) / np.diff(times)
    assert 0.149 < speed.max() < 0.15 * (1.0 + 1e-4)


def test_the_tool_point_keeps_its_speed_on_a_line():
    path = np.linspace(np.zeros(6), np.ones(6), 9)
    trajectory = timed(path, tcp_lengths=np.linspace(0.0, 0.3, 9)[:, None], tcp_speed=0.15)
    assert trajectory.velocities[:, 0].max() * 0.3 == pytest.approx(0.15, rel=2e-3)
    assert trajectory.velocities[:, 0].max() * 0.3 <= 0.15 * (1.0 + 1e-9)


def test_slow_limits_take_long_and_few_points():
    config = TimingConfig(max_duration=1e4)
    slow = time_path(curve(0), JOINTS[:6], VELOCITY / 1000, ACCELERATION / 1000, jerk=JERK / 1000, config=config)
    assert slow.duration > 500.0
    assert len(slow.times) <= config.most_points + 2
    assert np.all(np.array(extremes(slow, VELOCITY / 1000, ACCELERATION / 1000, JERK / 1000)) <= 1.0 + 1e-6)


def test_a_path_that_goes_nowhere_rests():
    trajectory = timed(np.repeat(curve(0)[:1], 4, axis=0))
    assert np.all(trajectory.velocities == 0.0)
    assert trajectory.duration > 0.0


def test_split_by_arm_keeps_times():
    trajectory = timed(curve(2))
    parts = split_trajectory(trajectory, {"left": JOINTS[:3], "right": JOINTS[3:6]})
    assert np.array_equal(parts["left"].times, parts["right"].times)
    both = np.hstack([parts["left"].positions, parts["right"].positions])
    assert np.array_equal(both, trajectory.positions)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"path": np.zeros((3, 5))}, "shape .N, 6."),
        ({"path": np.zeros((0, 6))}, "shape .N, 6."),
        ({"path": np.full((3, 6), np.nan)}, "finite: waypoint 0, joint 0 is nan"),
        ({"velocity": -VELOCITY}, "velocity limit of joint1 is -1.5, it must be positive"),
        ({"acceleration": np.array([6, 6, 0.0, 6, 6, 6])}, "acceleration limit of joint3 is 0.0"),
        ({"acceleration": np.full(6, np.inf)}, "acceleration limit of joint1 is inf"),
        ({"jerk": np.array([1, np.nan, 1, 1, 1, 1])}, "jerk limit of joint2 is nan"),
        ({"jerk": JERK[:4]}, "jerk limits have shape .4,., expected 6"),
        ({"tcp_speed": 0.0, "tcp_lengths": np.zeros((45, 1))}, "tcp_speed is 0.0 m/s"),
        ({"tcp_speed": 0.1, "tcp_lengths": np.zeros((3, 1))}, "one row for each of 75 waypoints, got .3, 1."),
        ({"tcp_speed": 0.1, "tcp_lengths": np.full((75, 1), np.inf)}, "tool distances must be finite"),
    ],
)
def test_bad_paths_and_limits_are_refused(changed, words):
    given = {"path": curve(0), "velocity": VELOCITY, "acceleration": ACCELERATION, "jerk": JERK} | changed
    with pytest.raises(BimanualError, match=words):
        time_path(joints=JOINTS[:6], **given)


def test_a_motion_that_takes_too_long_is_refused():
    with pytest.raises(BimanualError, match="more than 1 s") as caught:
        timed(curve(0), config=TimingConfig(max_duration=1.0))
    assert caught.value.code == ErrorCode.PLAN_LIMIT


@pytest.mark.parametrize("values", [{"knot": 0.0}, {"knot": 1.0}, {"switch": 0.0}, {"max_duration": 0.0}])
def test_bad_configurations_are_refused(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        TimingConfig(**values)


def test_the_planner_has_two_profiles():
    assert np.all(PlannerConfig().jerks((150.0, 200.0)) == (150.0, 200.0))
    assert np.all(np.isinf(PlannerConfig(profile="time_optimal").jerks((150.0,))))
    with pytest.raises(ValueError, match="'fast'; choices: time_optimal, jerk_limited"):
        PlannerConfig(profile="fast")
