"""Timing of any path within any limits: none is ever passed by what a controller samples, and the path is kept."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from timing_rig import JOINTS, curve, extremes, off_path

from bimanual_planner.timing import TimingConfig, time_path

#: Verified by the code to 1e-9; the rest is room for rounding, for which points are kept far enough apart.
TOLERANCE = 1.0 + 1e-6
PATIENT = TimingConfig(max_duration=1e9)


def logarithmic(low, high):
    return st.floats(np.log(low), np.log(high)).map(lambda x: float(np.exp(x)))


@st.composite
def paths(draw):
    """Smooth curves, corners joined by lines, lines; from 1e-6 to about 3 rad; with waypoints that repeat."""
    joints = draw(st.integers(1, 14))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    size = draw(logarithmic(1e-6, 1.0))
    kind = draw(st.sampled_from(["curve", "corners", "line"]))
    if kind == "curve":
        path = curve(rng, draw(st.integers(2, 6)), size, joints)
    else:
        corners = np.cumsum(rng.normal(size=(2 if kind == "line" else draw(st.integers(3, 5)), joints)), axis=0) * size
        share = np.linspace(0.0, len(corners) - 1.0, draw(st.integers(2, 40)) if kind == "line" else 40)
        path = np.column_stack([np.interp(share, np.arange(len(corners)), corners[:, j]) for j in range(joints)])
    path = path + rng.uniform(-2.0, 2.0, joints)
    if draw(st.booleans()):
        repeats = rng.integers(0, len(path), 3)
        path = np.insert(path, repeats, path[repeats], axis=0)
    return path


@st.composite
def limits(draw, joints):
    """Velocity, acceleration and jerk (n,), each within a factor of four of a number between slow and fast."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    tops = [draw(logarithmic(*span)) for span in ((0.02, 20.0), (0.05, 100.0), (0.5, 5000.0))]
    return [top * rng.uniform(0.25, 1.0, joints) for top in tops]


def require_within(trajectory, path, limits):
    found = extremes(trajectory, *limits)
    assert np.all(np.array(found) <= TOLERANCE), found
    assert np.array_equal(trajectory.positions[[0, -1]], path[[0, -1]])
    for end in (0, -1):
        assert not trajectory.velocities[end].any()
        assert not trajectory.accelerations[end].any()
    assert off_path(trajectory, path) < 1e-6


@settings(max_examples=40, deadline=None)
@given(data=st.data(), path=paths())
def test_no_limit_is_passed_and_the_path_is_kept(data, path):
    n = path.shape[1]
    velocity, acceleration, jerk = data.draw(limits(n))
    limited = time_path(path, JOINTS[:n], velocity, acceleration, config=PATIENT, jerk=jerk)
    require_within(limited, path, (velocity, acceleration, jerk))
    fastest = time_path(path, JOINTS[:n], velocity, acceleration, config=PATIENT)
    require_within(fastest, path, (velocity, acceleration, np.full(n, np.inf)))
    # Both are near their optimum, not at it; a single joint's path turns back on itself, where they are less so.
    assert n == 1 or limited.duration >= 0.9 * fastest.duration
    again = time_path(path, JOINTS[:n], velocity, acceleration, config=PATIENT, jerk=jerk)
    for name in ("times", "positions", "velocities", "accelerations"):
        assert np.array_equal(getattr(limited, name), getattr(again, name))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), length=logarithmic(1e-9, 3.0), data=st.data())
def test_along_a_line_nothing_turns_back_and_jerk_limits_only_slow_down(seed, length, data):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 15))
    velocity, acceleration, jerk = data.draw(limits(n))
    path = rng.uniform(-2.0, 2.0, n) + np.array([[0.0], [length]]) * rng.uniform(-1.0, 1.0, n)
    limited = time_path(path, JOINTS[:n], velocity, acceleration, config=PATIENT, jerk=jerk)
    require_within(limited, path, (velocity, acceleration, jerk))
    fastest = time_path(path, JOINTS[:n], velocity, acceleration, config=PATIENT)
    assert limited.duration >= fastest.duration - 1e-3
    joint = int(np.argmax(np.abs(path[1] - path[0])))
    steps = np.sign(path[1, joint] - path[0, joint]) * np.diff(limited.positions[:, joint])
    assert steps.min() > -1e-15
