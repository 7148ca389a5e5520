"""Motions keep clear of a point cloud: through it there is none, past it there is."""

import numpy as np
import pytest
from planner_rig import MODEL, ROBOT, scene_of

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_planner.planner import MotionPlanner

TCP = MODEL.fk("left", ROBOT.home[ROBOT.joints.group("left_arm")])


def wall(y, low, high):
    """Points of a wall across the left arm's way forward, from heights ``low`` to ``high`` [m]."""
    x, z = np.mgrid[TCP[0, 3] - 0.10 : TCP[0, 3] + 0.10 : 0.005, low:high:0.005]
    return np.stack([x.ravel(), np.full(x.size, TCP[1, 3] + y), z.ravel()], axis=1)


@pytest.fixture
def goal():
    T = TCP.copy()
    T[1, 3] += 0.16
    return T


def test_a_motion_through_a_cloud_is_refused(goal):
    state, scene = scene_of()
    assert MotionPlanner(scene).plan_pose("left", state, goal, method="screw").method == "screw"
    scene.set_cloud(wall(0.08, 0.80, 1.10))
    with pytest.raises(BimanualError, match=r"screw: left_\w+ overlaps cloud \(\d+\.\d mm\) at .* s") as info:
        MotionPlanner(scene).plan_pose("left", state, goal, method="screw")
    assert info.value.code == ErrorCode.PLAN_COLLISION
    scene.set_cloud(None)
    assert MotionPlanner(scene).plan_pose("left", state, goal, method="screw").method == "screw"


def test_a_motion_past_a_cloud_is_planned(goal):
    state, scene = scene_of()
    scene.set_cloud(wall(0.30, 0.76, 1.10))
    assert MotionPlanner(scene).plan_pose("left", state, goal, method="screw").method == "screw"


def test_a_motion_goes_around_a_cloud(goal):
    state, scene = scene_of()
    scene.set_cloud(wall(0.08, 0.80, 0.96))
    found = MotionPlanner(scene).plan_pose("left", state, goal)
    assert found.method in ("joint", "rrt")
    assert "cloud" in found.notes[0]
    trajectory = found.trajectories["left"]
    times = np.linspace(0.0, trajectory.duration, 400)
    qs = np.repeat(state.q[None], len(times), axis=0)
    arm = range(*ROBOT.joints.group("left_arm").indices(len(state.q)))
    for k, column in enumerate(arm):
        qs[:, column] = np.interp(times, trajectory.times, trajectory.positions[:, k])
    assert scene.first_collision_of(state, {}, qs, margin=0.0) is None


def test_a_goal_in_a_cloud_is_refused(goal):
    state, scene = scene_of()
    scene.set_cloud((goal[:3, 3] - 0.10 * goal[:3, 2])[None])
    with pytest.raises(BimanualError, match="goal in collision: .*cloud"):
        MotionPlanner(scene).plan_pose("left", state, goal)
