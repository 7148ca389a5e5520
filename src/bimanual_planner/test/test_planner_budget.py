"""No request takes longer than its budget and a tenth of it, whatever it asks for and however it ends."""

import time

import numpy as np
import pytest
from planner_rig import MODEL, ROBOT, SIDES, scene_of

from bimanual_core.errors import BimanualError
from bimanual_planner.backends import PlanRequest
from bimanual_planner.backends.screw import ScrewBackend
from bimanual_planner.bench.problems import random_problems

SEED, SCENES, PER_SCENE = 11, 2, 4
#: Other processes may hold this one up for as long [s].
NOISE_S = 0.1
HOME = {side: ROBOT.home[ROBOT.joints.group(f"{side}_arm")] for side in SIDES}


def hard_requests():
    """Kind, scene and values of requests that are searched for long, or in vain."""
    for index in range(SCENES):
        for problem in random_problems(MODEL, SEED, index, PER_SCENE):
            state, scene = problem.state, problem.scene
            yield "poses", scene, {"state": state, "poses": problem.targets}
            yield (
                "one arm with room",
                scene,
                {"state": state, "poses": {"left": problem.targets["left"]}, "make_room": True},
            )
            homewards = {side: 0.2 * state.arm_q(side) + 0.8 * HOME[side] for side in SIDES}
            yield "joints", scene, {"state": state, "joints": homewards}
    state, scene = scene_of()
    into_table = state.with_arm("left", state.arm_q("left") + (0.0, 0.9, 0.0, 0.0, 0.0, 0.0))
    yield "start in collision", scene, {"state": into_table, "joints": {"right": HOME["right"] + 0.1}}
    crowd = 0.005 * np.stack(np.mgrid[-60:60, -40:60, 150:200], axis=-1).reshape(-1, 3)[::11]
    scene.set_cloud(crowd, 0.02)
    yield "start in a cloud", scene, {"state": state, "poses": {"left": MODEL.fk("left", HOME["left"] + 0.1)}}


@pytest.mark.timed
@pytest.mark.parametrize("budget", [0.05, 0.2, 0.5])
def test_no_request_takes_longer_than_its_budget(budget):
    backend, late, ends = ScrewBackend(), [], set()
    for kind, scene, values in hard_requests():
        request = PlanRequest(budget=budget, **values)
        begin = time.monotonic()
        try:
            ends.add(backend.plan(scene, request).method)
        except BimanualError as error:
            ends.add(error.code.name)
        took = time.monotonic() - begin
        if took > 1.1 * budget + NOISE_S:
            late.append(f"{kind}: {took:.3f} s")
    assert not late
    assert {"joint", "PLAN_START_INVALID"} <= ends
