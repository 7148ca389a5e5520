"""place_shoe where its first plan leads nowhere: a shoe in the hand is lifted before all else, turned, or let go."""

from types import SimpleNamespace

import numpy as np
import pytest

from bimanual_core.errors import ErrorCode
from bimanual_core.observation import ObjectState
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import make_T
from bimanual_core.skill import SkillReport
from bimanual_tasks.experts import place_shoe
from bimanual_tasks.registry import get_task

TABLE = TableSpec()


def state(name, class_name, x, scale=(1.0, 1.0, 1.0)):
    return ObjectState(name, class_name, "blue" if class_name == "pad" else "0", scale, make_T((x, -0.05, TABLE.top_z)))


class FakeWorld:
    """A shoe to the left of its pad."""

    def objects(self):
        items = state("pad", "pad", 0.0, (2.6, 1.0, 0.04)), state("shoe", "shoe", -0.2)
        return SimpleNamespace(objects={item.name: item for item in items}, table=TABLE)


class FakeSkills:
    """``verdict`` gives what is done of a list of skills: all when None, 0 for no plan."""

    def __init__(self, verdict):
        self.verdict, self.asked, self.moved = verdict, [], []

    def execute(self, left, right):
        assert not right
        self.asked.append(left)
        done = self.verdict(self, left)
        if done != 0:
            self.moved.append(left)
        if done is None:
            return SkillReport(len(left), len(left))
        at = done or next((i for i, skill in enumerate(left) if skill.name == "place_actor"), 0)
        return SkillReport(len(left), done, ErrorCode.PLAN_UNREACHABLE, "no way", at, "left", "plan")


def names(skills):
    return [skill.name for skill in skills]


def places(skills):
    return [np.degrees(np.arctan2(s.target[1, 0], s.target[0, 0])) for s in skills if s.name == "place_actor"]


def run(verdict):
    skills = FakeSkills(verdict)
    place_shoe.run(skills, FakeWorld(), get_task("place_shoe"))
    return skills


def test_a_shoe_that_hangs_in_the_hand_is_lifted_first_and_let_go_where_that_leads_no_further():
    def verdict(skills, left):
        if not skills.moved:
            return 2  # taken and lifted, and then it is in the hand otherwise than was planned
        return None if left[0].name == "open_gripper" or len(skills.moved) > 1 else 0

    skills = run(verdict)
    in_hand = skills.asked[1 : skills.asked.index(skills.moved[1])]
    assert in_hand
    assert all(left[0].name == "move_by_displacement" and left[0].displacement[2] > 0.01 for left in in_hand)
    assert names(skills.moved[1])[:2] == ["open_gripper", "move_by_displacement"]
    assert len(places(skills.moved[0])) == 1
    assert len(places(skills.moved[2])) == 2  # not as it slipped: turned on the way


def test_a_shoe_that_cannot_be_turned_to_a_good_heading_is_turned_halfway():
    def verdict(skills, left):
        halfway = len(places(left)) == 1 and places(left)[0] == pytest.approx(0.0)
        return None if halfway or skills.moved else 0

    skills = run(verdict)
    assert places(skills.moved[0]) == [pytest.approx(0.0)]
    assert abs(places(skills.moved[1])[-1]) == pytest.approx(180.0)
