"""Whatever is sent, in whatever order: limits hold, nothing but finite numbers comes out, each goal ends once."""

import contextlib

import numpy as np
from control_rig import PERIOD_NS, Rig
from hypothesis import given, settings
from hypothesis import strategies as st

from bimanual_core.errors import BimanualError
from bimanual_core.motion import GripperGoal, JointTrajectory, Motion
from bimanual_core.observation import JointSample

value = st.floats(-4.0, 4.0)
small = st.floats(-0.3, 0.3)


@st.composite
def trajectories(draw, joints):
    """Half of them reasonable (slow, near home, at rest at the end), half of them anything."""
    count = draw(st.integers(1, 4))
    reasonable = draw(st.booleans())
    gaps = draw(st.lists(st.floats(0.8, 1.5) if reasonable else st.floats(0.02, 0.6), min_size=count, max_size=count))
    rows = st.lists(small if reasonable else value, min_size=len(joints), max_size=len(joints))
    positions = np.array([draw(rows) for _ in range(count)]) + (np.array([0.0, 0.0, 1.0]) if reasonable else 0.0)
    velocities = np.array([draw(rows) for _ in range(count)])
    if reasonable:
        velocities[-1] = 0.0
    return JointTrajectory(joints, np.cumsum(gaps), positions, velocities)


@st.composite
def requests(draw):
    kind = draw(st.sampled_from(["motion", "motion", "stream", "stream", "cancel", "stop", "release", "wait", "blind"]))
    left, right = (tuple(f"{side}_joint{i}" for i in (1, 2, 3)) for side in ("left", "right"))
    if kind == "motion":
        arms = {"left": draw(trajectories(left))}
        if draw(st.booleans()):
            arms["right"] = draw(trajectories(right))
        opening = st.one_of(st.floats(0.0, 0.1), st.floats(0.0, 0.1), st.just(float("nan")), st.just(0.5))
        grippers = {"left": GripperGoal(draw(opening))} if draw(st.booleans()) else {}
        return kind, Motion(arms, grippers), draw(st.floats(-0.2, 0.3))
    if kind == "stream":
        return kind, draw(trajectories(left)), 0.0
    return kind, None, draw(st.floats(0.0, 0.5))


@settings(max_examples=80, deadline=None)
@given(script=st.lists(st.tuples(requests(), st.integers(1, 250)), min_size=1, max_size=8))
def test_limits_hold_nothing_but_numbers_comes_out_and_goals_end_once(script):
    rig = Rig()
    rig.floor = {3: 0.03}
    ends, handles, braked = [], [], False
    for (kind, what, lead), steps in script:
        if kind == "motion":
            handle = rig.bank.send_motion(what, max(rig.now_ns + int(lead * 1e9), 1))
            for goal in handle.goals.values():
                handles.append(goal)
                goal.on_done(lambda g: ends.append(id(g)))
        elif kind == "stream":
            with contextlib.suppress(BimanualError):
                rig.bank.stream("left_arm", what)
        elif kind == "cancel":
            rig.bank.cancel_all("test")
            braked = True
        elif kind == "stop":
            rig.bank.stop("test")
            braked = True
        elif kind == "release":
            rig.bank.release_stop()
        elif kind == "blind":
            nan = np.full_like(rig.sample.position, np.nan)
            rig.sample = JointSample(rig.now_ns, nan, nan, nan)
            braked = True
        for _ in range(steps):
            rig.step()
    rig.run_until_idle()
    assert all(h.done for h in handles)
    assert sorted(ends) == sorted(id(h) for h in handles)
    positions = np.array([rig.robot.home, rig.robot.home, *(p for p, _ in rig.trace)])
    velocities = np.array([v for _, v in rig.trace])
    limit = np.array([3.0, 2.0, 1.0, 0.25] * 2)
    assert np.all(np.isfinite(positions))
    assert np.all(np.isfinite(velocities))
    assert np.all(positions >= rig.robot.lower - 1e-12)
    assert np.all(positions <= rig.robot.upper + 1e-12)
    assert np.all(np.abs(np.diff(positions, axis=0)) <= limit * PERIOD_NS * 1e-9 * (1 + 1e-9) + 1e-12)
    assert np.all(np.abs(velocities) <= limit * (1 + 1e-9))
    accelerations = np.diff(positions, n=2, axis=0) / (PERIOD_NS * 1e-9) ** 2
    arms = [i for i in range(positions.shape[1]) if i not in (3, 7)]
    assert np.abs(accelerations[:, arms]).max() <= (20.0 if braked else 10.0) * (1 + 1e-3)


number = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(-3.0, 3.0), st.just(0.0))
names = st.lists(st.sampled_from([*(f"left_joint{i}" for i in (1, 2, 3)), "elbow", ""]), max_size=4)


@st.composite
def garbage(draw):
    """Names, times, positions and velocities of a trajectory; the sizes fit four times out of five."""
    count, width = draw(st.integers(0, 3)), draw(st.sampled_from([3, 3, 3, 3, 2]))
    joints = draw(names) if width == 2 else [f"left_joint{i}" for i in (1, 2, 3)]
    table = st.lists(st.lists(number, min_size=width, max_size=width), min_size=count, max_size=count)
    times = draw(st.lists(st.one_of(number, st.floats(0.0, 1e12)), min_size=count, max_size=count))
    if draw(st.booleans()):
        times = sorted(times)
    return joints, np.array(times), np.array(draw(table)), np.array(draw(table))


@settings(max_examples=200, deadline=None)
@given(trajectory=garbage(), start=st.one_of(st.just(0), st.integers(-(10**20), 10**20)))
def test_whatever_a_goal_is_made_of_it_is_refused_in_words_or_kept_within_the_limits(trajectory, start):
    rig, (joints, *arrays) = Rig(), trajectory
    refusals = []
    for send in (rig.bank.send_arm, lambda _, points, at: rig.bank.stream("left_arm", points, at)):
        try:
            send("left", JointTrajectory(tuple(joints), *arrays), start)
        except BimanualError as error:
            refusals.append(str(error))
        rig.run(0.1)
    assert all(words.strip() for words in refusals)
    positions = np.array([rig.robot.home, *(p for p, _ in rig.trace)])
    assert np.all(np.isfinite(positions))
    assert np.all((positions >= rig.robot.lower) & (positions <= rig.robot.upper))
    assert np.abs(np.diff(positions, axis=0)).max() <= 3.0 * PERIOD_NS * 1e-9 * (1 + 1e-9)
