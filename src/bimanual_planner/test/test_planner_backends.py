"""Backends by name, the built-in one, and what no backend is asked."""

import numpy as np
import pytest
from planner_rig import MODEL, ROBOT, scene_of

from bimanual_core.errors import BimanualError, ErrorCode, UnknownNameError
from bimanual_planner.backends import BACKENDS, BackendContext, PlanRequest, make_backend
from bimanual_planner.planner import MotionPlanner

Q = ROBOT.home[ROBOT.joints.group("left_arm")]


def goal():
    T = MODEL.fk("left", Q).copy()
    T[:3, 3] += (-0.05, 0.04, 0.02)
    return T


def test_names():
    assert BACKENDS.names() == ["moveit", "screw"]
    with pytest.raises(UnknownNameError, match="unknown planner backend 'magic'; choices: moveit, screw"):
        make_backend("magic", BackendContext(MODEL))
    with pytest.raises(BimanualError, match="backend moveit runs in the planner's node"):
        make_backend("moveit", BackendContext(MODEL))


def test_screw_is_the_motion_planner():
    state, scene = scene_of()
    backend = make_backend("screw", BackendContext(MODEL))
    found = backend.plan(scene, PlanRequest(state, poses={"left": goal()}, method="screw"))
    same = MotionPlanner(scene).plan_poses(state, {"left": goal()}, method="screw")
    assert found.method == "screw"
    assert np.array_equal(found.trajectories["left"].positions, same.trajectories["left"].positions)
    joints = backend.plan(scene, PlanRequest(state, joints={"left": Q + 0.1}))
    assert joints.trajectories["left"].positions[-1] == pytest.approx(Q + 0.1)
    backend.close()


def test_screw_refuses_what_it_has_not():
    state, scene = scene_of()
    backend = make_backend("screw", BackendContext(MODEL))
    with pytest.raises(BimanualError, match="unknown method of backend screw 'lin'; choices: "):
        backend.plan(scene, PlanRequest(state, poses={"left": goal()}, method="lin"))
    with pytest.raises(BimanualError, match="backend screw has no arcs"):
        backend.plan(scene, PlanRequest(state, poses={"left": goal()}, via={"left": np.zeros(3)}))
    with pytest.raises(BimanualError, match="to joints with method auto only"):
        backend.plan(scene, PlanRequest(state, joints={"left": Q}, method="screw"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "no arm is asked to move"),
        ({"poses": {"left": goal()}, "joints": {"left": Q}}, "give tcp poses or joints, not both"),
        ({"poses": {"left": goal()}, "sync": "loose"}, "unknown sync 'loose'"),
        ({"poses": {"left": goal()}, "budget": np.nan}, "budget nan s is outside"),
        ({"poses": {"middle": goal()}}, "unknown arm 'middle'"),
        ({"poses": {"left": 2 * goal()}}, "left target is not a finite rigid transform"),
        ({"joints": {"left": Q[:4]}}, "left goal must be 6 finite joints"),
        ({"joints": {"left": Q + np.inf}}, "left goal must be 6 finite joints"),
        ({"joints": {"left": Q + (9, 0, 0, 0, 0, 0)}}, r"goal left_joint1 = 9.000 rad is outside \[-2.618, 2.618\]"),
        ({"poses": {"left": goal()}, "via": {"right": np.zeros(3)}}, "right via must be a finite point"),
        ({"poses": {"left": goal()}, "via": {"left": np.full(3, np.nan)}}, "left via must be a finite point"),
    ],
)
def test_requests_that_nobody_could_do(values, words):
    with pytest.raises(BimanualError, match=words) as info:
        PlanRequest(scene_of()[0], **values)
    assert info.value.code in (ErrorCode.INVALID_REQUEST, ErrorCode.UNKNOWN_NAME, ErrorCode.PLAN_LIMIT)
