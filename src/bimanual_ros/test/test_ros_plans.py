"""What planner/plan is asked becomes plain values, or is refused in words."""

import math

import numpy as np
import pytest
from bimanual_interfaces.srv import PlanMotion
from geometry_msgs.msg import Point, Pose, Quaternion
from sensor_msgs.msg import JointState

from bimanual_core.errors import BimanualError
from bimanual_core.motion import JointTrajectory
from bimanual_core.se3 import make_T
from bimanual_ros.conversions.basics import pose_msg
from bimanual_ros.conversions.joints import trajectory_of
from bimanual_ros.conversions.plans import asked_plan, fill_plan

T = make_T((0.1, 0.2, 0.9))
HERE = pose_msg(T)


def test_a_request_in_plain_values():
    request = PlanMotion.Request(
        sides=["left"],
        targets=[HERE],
        frames=["block"],
        objects=["pad"],
        object_targets=[HERE],
        method="screw",
        sync="independent",
        budget=0.5,
        make_room=True,
    )
    asked = asked_plan(request)
    assert np.array_equal(asked.poses["left"], T)
    assert np.array_equal(asked.objects["pad"], T)
    assert (asked.frames, asked.joints) == ({"left": "block"}, {})
    assert (asked.method, asked.sync, asked.budget, asked.make_room) == ("screw", "independent", 0.5, True)
    asked = asked_plan(PlanMotion.Request(joints=JointState(name=["a", "b"], position=[0.1, 0.2])))
    assert (asked.joints, asked.poses, asked.frames, asked.objects) == ({"a": 0.1, "b": 0.2}, {}, {}, {})
    assert (asked.method, asked.sync, asked.budget, asked.make_room) == ("", "", 0.0, False)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"sides": ["left"]}, "1 sides and 0 targets; give one for each"),
        ({"sides": ["left", "left"], "targets": [HERE] * 2}, "sides left, left: an arm is given twice"),
        ({"sides": ["left"], "targets": [HERE], "frames": ["", ""]}, "2 frames and 1 sides; give one a side, or none"),
        ({"frames": ["block"]}, "1 frames and 0 sides"),
        ({"sides": ["left"], "targets": [Pose(position=Point(x=math.nan))]}, "left: pose is not finite"),
        ({"sides": ["left"], "targets": [Pose(orientation=Quaternion(w=0.9))]}, "left: quaternion xyzw .* length 0.9"),
        ({"objects": ["a"]}, "1 objects and 0 object_targets"),
        ({"objects": ["a", "a"], "object_targets": [HERE] * 2}, "objects a, a: an object is given twice"),
        ({"objects": ["a"], "object_targets": [Pose(position=Point(z=math.inf))]}, "a: pose is not finite"),
        ({"joints": JointState(name=["a"])}, "joints: 0 positions for 1 names"),
        ({"joints": JointState(name=["a", "a"], position=[0.0, 0.0])}, "joints a, a: a joint is given twice"),
        ({"joints": JointState(name=["a"], position=[math.nan])}, "joints: position nan of 'a' is not finite"),
        ({"joints": JointState(name=["a"], position=[0.0], velocity=[0.1])}, "names and positions only"),
    ],
)
def test_what_is_refused(fields, words):
    with pytest.raises(BimanualError, match=words):
        asked_plan(PlanMotion.Request(**fields))


def test_an_answer():
    trajectory = JointTrajectory(("a",), np.array([0.0, 1.0]), np.array([[0.0], [0.5]]), np.zeros((2, 1)))
    response = PlanMotion.Response()
    fill_plan(response, {"left": trajectory}, "rrt", ("right", "left"), ("screw: no",))
    assert response.success
    assert (response.method, response.sequence, response.notes) == ("rrt", ["right", "left"], ["screw: no"])
    assert np.array_equal(trajectory_of(response.trajectories[0]).positions, trajectory.positions)
