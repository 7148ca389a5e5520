"""The table that a scene has is the one that is planned around."""

import numpy as np
import pytest
from planner_rig import MODEL, ROBOT, FollowingWorld, cube

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.observation import ObjectSnapshot
from bimanual_core.scene import TableSpec
from bimanual_planner.backends import PlanRequest
from bimanual_planner.backends.screw import ScrewBackend
from bimanual_planner.skills import LocalSkills

LOWER, HIGHER = TableSpec().top_z - 0.03, TableSpec().top_z + 0.03


class WorldWithTable(FollowingWorld):
    """One whose table is not the default one; it may be changed with a new scene."""

    def __init__(self, top_z):
        super().__init__(cube("a", 0.3, 0.1, top_z + 0.025))
        self.top_z = top_z

    def objects(self):
        found = super().objects()
        return ObjectSnapshot(found.stamp_ns, found.scene_id, found.objects, TableSpec(top_z=self.top_z))


def lowest(T_world_tcp, skills):
    """How low [m] the left arm's tcp can be sent straight down from ``T_world_tcp`` in steps of 5 mm."""
    state, scene = skills.state()
    z = T_world_tcp[2, 3]
    while True:
        target = T_world_tcp.copy()
        target[2, 3] = z - 0.005
        failure = refusal(scene, PlanRequest(state, poses={"left": target}))
        if failure is not None:
            assert failure.code == ErrorCode.PLAN_COLLISION
            assert "table" in str(failure)
            return z
        z -= 0.005


def refusal(scene, request):
    try:
        ScrewBackend().plan(scene, request)
    except BimanualError as error:
        return error
    return None


@pytest.fixture
def above():
    T = MODEL.fk("left", ROBOT.home[ROBOT.joints.group("left_arm")])
    T[2, 3] = HIGHER + 0.015
    return T


def test_a_table_lower_or_higher(above):
    default = lowest(above, LocalSkills(WorldWithTable(TableSpec().top_z), model=MODEL))
    for top_z in (LOWER, HIGHER):
        reached = lowest(above, LocalSkills(WorldWithTable(top_z), model=MODEL))
        assert reached - default == pytest.approx(top_z - TableSpec().top_z, abs=0.0051)


def test_the_table_changes_with_the_scene(above):
    world = WorldWithTable(TableSpec().top_z)
    skills = LocalSkills(world, model=MODEL)
    default = lowest(above, skills)
    world.top_z, world.scene_id = LOWER, world.scene_id + 1
    assert lowest(above, skills) < default - 0.02
    assert np.isclose(skills.state()[1].table.top_z, LOWER)
