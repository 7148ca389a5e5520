"""What the expert of hanging_mug asks for: the left arm brings the mug, the right arm hangs it, and turns it before if
it must."""

import numpy as np
import pytest

from bimanual_core.errors import ErrorCode
from bimanual_core.observation import ObjectSnapshot, ObjectState
from bimanual_core.se3 import from_rotation, rotation_about
from bimanual_core.skill import SkillReport
from bimanual_tasks.experts import hanging_mug
from bimanual_tasks.experts.hanging_mug import HALFWAY_YAWS_DEG, MIDDLE_FROM_X, MIDDLE_YAWS_DEG, MIDDLES_XY
from bimanual_tasks.registry import get_task

UNIT = (1.0, 1.0, 1.0)


class Table:
    """A rack on the right and a mug on the left, on the table; a mug that is placed is there."""

    def __init__(self):
        R = rotation_about((0, 0, 1), -2.6)
        rack = ObjectState("rack", "rack", "0", UNIT, from_rotation(R, (0.2, 0.15, 0.87)), fixed=True)
        self._rack, self.mug = rack, (-0.2, 0.0, 0.79)

    def objects(self):
        mug = ObjectState("mug", "mug", "0", UNIT, from_rotation(np.eye(3), self.mug))
        return ObjectSnapshot(0, 1, {"rack": self._rack, "mug": mug})


class Hands:
    """Put the mug where they are asked to, unless ``refused`` gives the index at which they find no way."""

    def __init__(self, table, refused=lambda left, right: None):
        self.table, self.refused, self.requests, self.done = table, refused, [], []

    def execute(self, left, right):
        self.requests.append((left, right))
        listed = left or right
        at = self.refused(left, right)
        if at is not None:
            return SkillReport(len(listed), 0, ErrorCode.PLAN_UNREACHABLE, "out of reach", at, "left", "plan")
        self.done.append((left, right))
        if not leaves(listed):
            self.table.mug = tuple(placed(listed).target[:3, 3])
        return SkillReport(len(listed), len(listed))


def placed(listed):
    return next(skill for skill in listed if skill.name == "place_actor")


def yaw_deg(listed):
    T = placed(listed).target
    return round(float(np.degrees(np.arctan2(T[1, 0], T[0, 0])))) % 360


def hangs(listed):
    return any(skill.name == "open_gripper" for skill in listed)


def leaves(listed):
    return all(skill.name != "place_actor" for skill in listed)


def test_the_left_arm_brings_and_the_right_arm_hangs():
    table = Table()
    hands = Hands(table)
    assert hanging_mug.run(hands, table, get_task("hanging_mug")).success
    (brings, _), (_, hung), (_, away) = hands.requests
    assert yaw_deg(brings) in MIDDLE_YAWS_DEG
    assert not hangs(brings)
    assert hangs(hung)
    assert hung[-1].name == "delay"  # the way back is planned once the mug has swung down
    assert leaves(away)
    assert away[-1].name == "back_to_origin"


def test_a_mug_that_one_grip_does_not_turn_far_enough_is_turned_by_the_right_arm():
    def refused(left, right):
        if left and yaw_deg(left) in MIDDLE_YAWS_DEG:
            return 2
        turned = any(yaw_deg(r) in MIDDLE_YAWS_DEG for _, r in hands.done if r)
        return 2 if right and hangs(right) and not turned else None

    table = Table()
    hands = Hands(table, refused)
    assert hanging_mug.run(hands, table, get_task("hanging_mug")).success
    (brings, _), (_, turns), (_, hung), _ = hands.done
    assert yaw_deg(brings) in HALFWAY_YAWS_DEG
    assert yaw_deg(turns) in MIDDLE_YAWS_DEG
    assert not hangs(turns)
    assert hangs(hung)


def test_what_no_hand_reaches_is_asked_for_once():
    table = Table()
    hands = Hands(table, lambda left, right: 0)
    assert not hanging_mug.run(hands, table, get_task("hanging_mug")).success
    grasps = [(left[0].group, left[0].pre_grasp_dis) for left, _ in hands.requests]
    assert len(set(grasps)) == len(grasps)


@pytest.mark.parametrize("place", MIDDLES_XY)
def test_a_mug_that_was_brought_counts_as_in_the_middle(place):
    assert place[0] > MIDDLE_FROM_X + 0.02
