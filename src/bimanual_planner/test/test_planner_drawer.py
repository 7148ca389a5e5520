"""A drawer is a body of its own: it is held by its handle, slides in its case, and what lies in it goes along."""

import numpy as np
import pytest
from planner_rig import MODEL, ROBOT, UNIT, FollowingWorld, scene_of

from bimanual_assets.catalog import get_asset
from bimanual_core.motion import PartReport
from bimanual_core.observation import ObjectState
from bimanual_core.se3 import from_rotation, make_T, rotation_about
from bimanual_core.skill import Skill, hold
from bimanual_planner.skills import LocalSkills
from bimanual_planner.state import Held
from bimanual_planner.steps import Step

PULL = 0.18
HANDLE, TABLE_TOP = 0.014, 0.74
HEIGHT = get_asset("cabinet", "0", UNIT).reach((0, 0, 1)) * 2
DRAWER = "cabinet/drawer"


def cabinet(opening=0.0):
    T = from_rotation(rotation_about((0, 0, 1), -np.pi / 2), (0.0, 0.155, TABLE_TOP + HEIGHT / 2))
    return ObjectState("cabinet", "cabinet", "0", UNIT, T, joints={"drawer": opening})


def apple_in(opening, z=0.035):
    """An apple that lies in the drawer."""
    inside = get_asset("cabinet", "0", UNIT).at({"drawer": opening}).annotation.functional[1]
    T = cabinet().T_world_object @ inside @ make_T((0.0, 0.0, z))
    return ObjectState("apple", "apple", "0", UNIT, from_rotation(np.eye(3), T[:3, 3]))


def free(scene, state):
    return scene.first_collision_of(state, {}, state.q[None]) is None


def holding(state, name=DRAWER):
    """The left hand, where it is, holds the drawer where that is."""
    T_world_tcp = MODEL.fk("left", state.arm_q("left"))
    return state.with_held("left", Held(name, np.linalg.inv(T_world_tcp) @ state.objects[name], HANDLE))


def test_an_open_drawer_is_where_its_joint_says():
    state, scene = scene_of(cabinet(PULL))
    assert np.allclose(state.objects[DRAWER][:3, 3] - state.objects["cabinet"][:3, 3], (0, -PULL, 0), atol=1e-6)
    assert [c.group for c in scene.asset(DRAWER).annotation.contacts]
    assert not scene.asset("cabinet").annotation.contacts
    assert scene.grasped("cabinet") == DRAWER
    assert free(scene, state)  # the drawer touches its case, which may be


def test_what_lies_in_the_drawer_goes_along():
    state, scene = scene_of(cabinet(PULL), apple_in(PULL))
    held = holding(state)
    inside = scene.inside(held, DRAWER)
    assert set(inside) == {"apple"}
    assert scene.inside(held, "cabinet") == {}
    over, _ = scene_of(cabinet(PULL), apple_in(PULL, z=0.2))
    assert scene.inside(holding(over), DRAWER) == {}


def test_what_is_let_go_in_a_drawer_that_is_held_moves_with_it():
    state, scene = scene_of(cabinet(PULL), apple_in(PULL))
    state = holding(state)
    assert scene.receiver(state, "apple", state.objects["apple"]) == DRAWER
    assert scene.receiver(state, "apple", make_T((0.2, -0.1, 0.775))) == ""
    T_world_tcp = MODEL.fk("right", state.arm_q("right"))
    state = state.with_held("right", Held("apple", np.linalg.inv(T_world_tcp) @ state.objects["apple"], 0.07))
    state = Step(opening=0.1, let_go="apple", into=DRAWER).after("right", state, MODEL.fk)
    before = scene.object_pose(state, "apple")[:3, 3].copy()
    turned = state.arm_q("left") + np.array([0.1, 0, 0, 0, 0, 0])
    state = Step(path=np.array([state.arm_q("left"), turned])).after("left", state, MODEL.fk)
    assert np.linalg.norm(scene.object_pose(state, "apple")[:3, 3] - before) > 0.02
    moved = scene.object_pose(state, "apple")
    state = Step(opening=0.1, let_go=DRAWER).after("left", state, MODEL.fk)
    assert np.allclose(scene.object_pose(state, "apple"), moved)
    assert state.container("apple") is None


class Drawers(FollowingWorld):
    """The cabinet's drawer follows the left hand from when its fingers close until they open."""

    def __init__(self, *objects):
        super().__init__(*objects)
        self.opening, self._from = 0.0, None

    def _follow(self):
        if self._from is not None:
            self.opening = self._from - self.tcp("left")[1, 3]

    def objects(self):
        self._follow()
        snapshot = super().objects()
        snapshot.objects["cabinet"] = cabinet(self.opening)
        return snapshot

    def _move_gripper(self, side, opening):
        self._follow()
        super()._move_gripper(side, opening)
        closes = opening < HANDLE
        self._from = self.opening + self.tcp("left")[1, 3] if closes else None
        width = HANDLE if closes else opening
        self.q[ROBOT.joints.group("left_gripper")] = width
        return PartReport(stalled=closes, position=width)


def test_a_drawer_is_pulled_open_and_pushed_shut():
    world = Drawers(cabinet())
    skills = LocalSkills(world, model=MODEL)
    slide = [Skill("move_by_displacement", displacement=(0.0, y, 0.0)) for y in (-PULL, PULL)]
    grasp = Skill("grasp_actor", "cabinet", group="handle", pre_grasp_dis=0.08)
    report = skills.execute([grasp, slide[0], hold()], [])
    assert report.success, report.error_msg
    state, _ = skills.state()
    assert state.held["left"].name == DRAWER
    assert state.objects[DRAWER][1, 3] == pytest.approx(0.155 - PULL, abs=1e-3)
    report = skills.execute([slide[1], Skill("open_gripper", gripper_pos=1.0), Skill("back_to_origin")], [])
    assert report.success, report.error_msg
    assert world.objects().objects["cabinet"].joints["drawer"] == pytest.approx(0.0, abs=1e-3)
