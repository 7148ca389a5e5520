"""What the agent's tests share: a table without physics, skills that do as they are told, a model that reads aloud."""

import json

import numpy as np

import bimanual_description
from bimanual_core.errors import ErrorCode
from bimanual_core.observation import CameraFrame, JointSample, ObjectSnapshot, ObjectState, Observation
from bimanual_core.se3 import make_T
from bimanual_core.skill import SkillReport
from mllm_agent.agent import Agent
from mllm_agent.budget import Budget
from mllm_agent.log import RunLog
from mllm_agent.prompt import Goal
from mllm_agent.providers.base import Reply

ROBOT = bimanual_description.load("cobot_magic")
UNIT = (1.0, 1.0, 1.0)
GOAL = Goal("Put the block on the pad.", "handover_block", "hand a block over")


class FakeWorld:
    """A block on the left, a pad on the right; nothing moves."""

    def __init__(self):
        self.robot = ROBOT
        self.waited = 0.0
        self.shown = []

    def observe(self, cameras=()):
        self.shown.append(tuple(cameras))
        zero = np.zeros_like(ROBOT.home)
        rgb = np.full((48, 64, 3), 90, np.uint8)
        depth = np.zeros((48, 64), np.uint16)
        frames = {name: CameraFrame(name, 0, rgb, depth, np.eye(3), np.eye(4)) for name in cameras}
        poses = {"left": make_T((-0.3, -0.1, 0.9)), "right": make_T((0.3, -0.1, 0.9))}
        return Observation(0, 1, JointSample(0, ROBOT.home, zero, zero), ROBOT.home, poses, frames)

    def objects(self):
        found = [
            ObjectState("block", "handover_block", "red", UNIT, make_T((-0.15, 0.1, 0.84))),
            ObjectState("pad", "pad", "blue", UNIT, make_T((0.15, 0.15, 0.745)), fixed=True),
        ]
        return ObjectSnapshot(0, 1, {o.name: o for o in found})

    def wait(self, seconds):
        self.waited += seconds


class FakeSkills:
    """Does what can be planned. ``cannot`` maps (side, skill name) to the code of what goes wrong with it."""

    def __init__(self, cannot=None):
        self.cannot = cannot or {}
        self.done = []
        self.requests = []

    def execute(self, left, right, sync="proportional", ahead=0):
        rows = list(zip(left or [None] * len(right), right or [None] * len(left), strict=True))
        self.requests.append((len(rows), ahead))
        for index, row in enumerate(rows):
            for side, skill in zip(("left", "right"), row, strict=True):
                code = self.cannot.get((side, skill.name)) if skill is not None else None
                if code is not None:
                    layer = "plan" if code < ErrorCode.GRASP_MISSED else "grasp"
                    if layer == "plan" or index < len(rows) - ahead:
                        text = f"index {index}: {side} arm: {skill.name} fails by 12.5 mm"
                        return SkillReport(len(rows), 0, code, text, index, side, layer)
        self.done += [
            (side, skill)
            for row in rows[: len(rows) - ahead]
            for side, skill in zip(("left", "right"), row, strict=True)
            if skill is not None and skill.name != "hold"
        ]
        return SkillReport(len(rows), len(rows) - ahead)

    def arm_pose(self, side):
        return make_T((-0.3 if side == "left" else 0.3, -0.1, 0.9))


class ScriptModel:
    """Replies as given, one a request; the last again and again. An exception is raised."""

    name, model = "script", "script"

    def __init__(self, *replies, sees=False):
        self.replies = list(replies)
        self.sees = sees
        self.requests = []

    def ask(self, request, seconds_left, cancelled):
        self.requests.append(request)
        reply = self.replies[min(len(self.requests), len(self.replies)) - 1]
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, Reply) else Reply(reply, 100, 20)

    def close(self):
        pass


def plan(*actions):
    """A reply with actions of the form (name, parameters)."""
    listed = [{"action_name": name, "parameters": parameters} for name, parameters in actions]
    words = dict.fromkeys(("visual_state_description", "reasoning_and_reflection", "language_plan"), "words")
    return json.dumps({**words, "executable_plan": listed})


def grasp(side="left", **more):
    return "grasp_actor", {"actor": "block", "arm_tag": side, **more}


def lift(side="left", z=0.05):
    return "move_by_displacement", {"arm_tag": side, "z": z}


def home(side="left"):
    return "back_to_origin", {"arm_tag": side}


def run(folder, model, skills=None, state=None, goal=GOAL, cancelled=None, **budget):
    """(result, skills, folder) of a run; by default the task is never done."""
    skills = skills or FakeSkills()
    agent = Agent(
        FakeWorld(), skills, model, Budget(**{"calls": 2, **budget}), RunLog(folder), state or (lambda: ""), cancelled
    )
    return agent.run(goal), skills, folder
