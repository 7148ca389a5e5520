"""A world without physics that the planner's tests share: motions are followed exactly, fingers stop at an object."""

import numpy as np

import bimanual_description
from bimanual_assets.catalog import get_asset
from bimanual_core.errors import ErrorCode
from bimanual_core.motion import MotionReport, PartReport
from bimanual_core.observation import JointSample, ObjectSnapshot, ObjectState, Observation
from bimanual_core.se3 import inverse, make_T
from bimanual_kinematics import RobotModel
from bimanual_planner.config import PlannerConfig
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState

ROBOT = bimanual_description.load("cobot_magic")
MODEL = RobotModel.of(ROBOT)
SIDES = ("left", "right")
UNIT = (1.0, 1.0, 1.0)


def cube(name, x, y, z=0.765, asset_id="red"):
    return ObjectState(name, "cube", asset_id, UNIT, make_T((x, y, z)))


def block(x=-0.15, y=0.1, z=0.84):
    return ObjectState("block", "handover_block", "red", UNIT, make_T((x, y, z)))


def scene_of(*objects, config=None):
    """(state at home, planning scene) among ``objects``."""
    by_name = {o.name: o for o in objects}
    snapshot = ObjectSnapshot(0, 1, by_name)
    scene = PlanningScene(MODEL, snapshot, config or PlannerConfig())
    return PlanState(ROBOT, ROBOT.home.copy(), scene.poses(snapshot)), scene


class FollowingWorld:
    """``slippery`` objects are never between the fingers; ``fail_at`` counts the motion that a controller refuses."""

    def __init__(self, *objects, slippery=False, fail_at=None):
        self.robot = ROBOT
        self.slippery, self.fail_at = slippery, fail_at
        self.motions = []
        self.waited = 0.0
        self.q = ROBOT.home.copy()
        self._objects = {o.name: o for o in objects}
        self._poses = {o.name: o.T_world_object for o in objects}
        self._held = {}
        self.scene_id = 1

    def tcp(self, side):
        return MODEL.fk(side, self.q[ROBOT.joints.group(f"{side}_arm")])

    def pose(self, name):
        for side, (held, T_tcp_object, _) in reversed(self._held.items()):
            if held == name:
                return self.tcp(side) @ T_tcp_object
        return self._poses[name]

    def lose(self, side):
        """The object falls out of a hand, whose fingers close."""
        del self._held[side]
        self.q[ROBOT.joints.group(f"{side}_gripper")] = 0.0

    def observe(self, cameras=()):
        zero = np.zeros_like(self.q)
        sample = JointSample(0, self.q.copy(), zero, zero)
        return Observation(0, self.scene_id, sample, self.q.copy(), {s: self.tcp(s) for s in SIDES})

    def objects(self):
        found = {n: ObjectState(n, o.class_name, o.asset_id, o.scale, self.pose(n)) for n, o in self._objects.items()}
        return ObjectSnapshot(0, self.scene_id, found)

    def wait(self, seconds):
        self.waited += seconds

    def execute(self, motion):
        self.motions.append(motion)
        if len(self.motions) - 1 == self.fail_at:
            refused = PartReport(ErrorCode.CONTROL_PATH_TOLERANCE, "left_joint2 is 0.3 rad off, limit 0.2")
            return MotionReport(0, {"left_arm": refused})
        parts = {}
        for side, trajectory in motion.arms.items():
            arm = ROBOT.joints.group(f"{side}_arm")
            if np.abs(trajectory.positions[0] - self.q[arm]).max() > 1e-3:
                raise AssertionError(f"{side} motion does not start where the arm is")
            self.q[arm] = trajectory.positions[-1]
            parts[f"{side}_arm"] = PartReport()
        for side, goal in motion.grippers.items():
            parts[f"{side}_gripper"] = self._move_gripper(side, goal.opening)
        return MotionReport(0, parts)

    def _move_gripper(self, side, opening):
        gripper = ROBOT.joints.group(f"{side}_gripper")
        closing = opening < self.q[gripper][0]
        name = self._between(side) if closing and not self.slippery else None
        width = opening
        if name is not None:
            asset = self._objects[name]
            width = min(get_asset(asset.class_name, asset.asset_id).shapes[0].size)
            self._held[side] = (name, inverse(self.tcp(side)) @ self.pose(name), width)
        elif side in self._held and opening > self._held[side][2]:
            held = self._held[side][0]
            self._poses[held] = self.pose(held)
            del self._held[side]
        self.q[gripper] = width
        return PartReport(stalled=name is not None, position=width)

    def _between(self, side):
        for name, item in self._objects.items():
            half = np.array(get_asset(item.class_name, item.asset_id).shapes[0].size) / 2
            tip = (inverse(self.pose(name)) @ self.tcp(side))[:3, 3]
            if np.all(np.abs(tip) < half):
                return name
        return None
