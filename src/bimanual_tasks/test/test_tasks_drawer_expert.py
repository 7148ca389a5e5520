"""What the expert of put_apple_cabinet asks for: the drawer is open while the apple goes in, and shut in the end."""

import numpy as np
import pytest

from bimanual_core.errors import ErrorCode
from bimanual_core.observation import ObjectSnapshot, ObjectState
from bimanual_core.se3 import from_rotation, make_T, rotation_about
from bimanual_core.skill import SkillReport
from bimanual_tasks.assets import find_asset
from bimanual_tasks.experts import put_apple_cabinet
from bimanual_tasks.geometry import functional_point
from bimanual_tasks.registry import get_task

UNIT = (1.0, 1.0, 1.0)
T_WORLD_CABINET = from_rotation(rotation_about((0, 0, 1), -np.pi / 2), (0.02, 0.155, 0.82))


class Table:
    """A cabinet, and an apple at ``x`` [m]."""

    def __init__(self, x):
        cabinet = ObjectState("cabinet", "cabinet", "0", UNIT, T_WORLD_CABINET, fixed=True, joints={"drawer": 0.0})
        apple = ObjectState("apple", "apple", "0", UNIT, make_T((x, -0.15, 0.774)))
        self._snapshot = ObjectSnapshot(0, 1, {"cabinet": cabinet, "apple": apple})

    def objects(self):
        return self._snapshot


class Asked:
    """Keeps what it is asked for; no plan is found for the first ``refused`` requests."""

    def __init__(self, refused=0):
        self.refused, self.requests = refused, []

    def execute(self, left, right, **_):
        self.requests.append((left, right))
        if len(self.requests) > self.refused:
            return SkillReport(len(left), len(left))
        return SkillReport(len(left), 0, ErrorCode.PLAN_COLLISION, "in the way", 3, "left", "plan")


@pytest.mark.parametrize(("x", "opener"), [(0.25, 0), (-0.25, 1)])
def test_the_other_arm_opens_holds_and_shuts_the_drawer(x, opener):
    skills = Asked()
    assert put_apple_cabinet.run(skills, Table(x), get_task("put_apple_cabinet")).success
    opens, brings = skills.requests[0][opener], skills.requests[0][1 - opener]
    assert (opens[0].name, opens[0].actor, opens[0].group) == ("grasp_actor", "cabinet", "handle")
    moves = {i: np.array(s.displacement) for i, s in enumerate(opens) if s.name == "move_by_displacement"}
    pulled, pushed, _ = moves
    assert moves[pulled][1] < -0.12
    assert np.allclose(moves[pulled], -moves[pushed])
    place = next(i for i, s in enumerate(brings) if s.name == "place_actor")
    away = [i for i, s in enumerate(brings) if i > place and s.name == "move_by_displacement"]
    assert pulled < place < away[-1] < pushed
    assert all(s.name == "hold" for s in opens[pulled + 1 : pushed])
    drawer = find_asset("cabinet", "0", UNIT).at({"drawer": -moves[pulled][1]})
    inside = T_WORLD_CABINET[:3, :3] @ functional_point(drawer, 1) + T_WORLD_CABINET[:3, 3]
    assert np.allclose(brings[place].target[:3, 3], inside, atol=2e-3)


def test_another_way_is_asked_for_where_there_is_no_plan():
    skills = Asked(refused=2)
    assert put_apple_cabinet.run(skills, Table(0.25), get_task("put_apple_cabinet")).success
    assert len(skills.requests) == 3
