"""A world without physics for tests of the evaluation: time passes in ``wait``, the expert teleports the block."""

import dataclasses

import numpy as np

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.observation import JointSample, ObjectSnapshot, ObjectState
from bimanual_core.robot import load_robot
from bimanual_core.skill import SkillReport
from bimanual_description.files import robot_path
from bimanual_tasks.performer import ExpertPerformer
from bimanual_tasks.session import ContactCounts

ROBOT = load_robot(robot_path("cobot_magic"))


class FakeSession:
    """Time passes in ``wait``; the expert under test teleports the block."""

    def __init__(self):
        self.world = self.skills = self
        self.robot = ROBOT
        self.stamp = 0
        self.scene_id = 0
        self.loaded = []
        self.listener = None
        self.closed = False
        self.poses = {}

    def load_scene(self, scene):
        self.scene_id += 1
        self.loaded.append(scene)
        self.poses = {o.name: o for o in scene.objects}
        return self.scene_id

    def objects(self):
        states = {
            o.name: ObjectState(o.name, o.class_name, o.asset_id, o.scale, o.T_world_object)
            for o in self.poses.values()
        }
        return ObjectSnapshot(self.stamp, self.scene_id, states)

    def wait(self, seconds):
        for _ in range(round(seconds * 30)):
            self.stamp += 33_333_333
            if self.listener:
                zero = np.zeros(ROBOT.joints.size)
                self.listener(self.objects(), JointSample(self.stamp, ROBOT.home, zero, zero))

    def listen(self, listener):
        self.listener = listener

    def contacts(self):
        return ContactCounts(arm_arm=0, arm_table=2 * (self.loaded[-1].seed % 2))

    def close(self):
        self.closed = True

    def put_on_pad(self):
        pad = self.poses["pad"].T_world_object
        T = pad.copy()
        T[2, 3] += 0.105
        self.poses["block"] = dataclasses.replace(self.poses["block"], T_world_object=T)


def good_expert(skills, world, task):
    world.wait(2.0)
    world.put_on_pad()
    return SkillReport(5, 5)


def performer_for(name):
    return ExpertPerformer(good_expert)


def broken_session():
    raise BimanualError("no Vulkan device", ErrorCode.SIM_NOT_READY)
