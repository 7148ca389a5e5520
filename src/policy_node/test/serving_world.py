"""A world without physics for tests of serving: its joints are where the newest stream has them at its time."""

import time

import numpy as np

from bimanual_core.errors import BimanualError, ErrorCode, SilentNodeError
from bimanual_core.observation import CameraFrame, JointSample, Observation
from bimanual_core.rates import NS_PER_S
from bimanual_core.robot import load_robot
from bimanual_description.files import robot_path
from policy_node.contract import PolicyContract

ROBOT = load_robot(robot_path("cobot_magic"))
D = ROBOT.joints.size


def contract(**changes):
    """A contract for ROBOT at 15 Hz: two observations in, eight actions executed."""
    values = {
        "robot": ROBOT.name,
        "joint_names": ROBOT.joints.names,
        "cameras": {},
        "rate_hz": 15,
        "observations": 2,
        "actions": 8,
        "max_actions": 16,
    }
    return PolicyContract(**(values | changes))


class StreamedWorld:
    """Follows streams exactly. With ``pace`` a second of its time takes that many seconds of wall time. Its camera
    falls silent after ``silent_after`` [s], the robot is stopped after ``stopped_after`` [s]."""

    def __init__(self, pace=0.0, silent_after=np.inf, stopped_after=np.inf, deaf=False):
        self.robot = ROBOT
        self.now_ns = 0
        self.streams = []
        self.trace = []
        self._pace, self._silent_after, self._stopped_after, self._deaf = pace, silent_after, stopped_after, deaf
        self._start = ROBOT.home.copy()
        self._begin = ROBOT.home.copy()
        self._wall = time.monotonic()

    @property
    def seconds(self):
        return self.now_ns / NS_PER_S

    def observe(self, cameras=()):
        if cameras and self.seconds > self._silent_after:
            raise SilentNodeError(f"node x has sent no pictures of {cameras[0]} for 3 s")
        zero = np.zeros(D)
        q = self.position()
        frames = {
            name: CameraFrame(
                name, self.now_ns, np.zeros((4, 4, 3), np.uint8), np.ones((4, 4), np.uint16), np.eye(3), np.eye(4)
            )
            for name in cameras
        }
        return Observation(self.now_ns, 1, JointSample(self.now_ns, q, zero, zero), q, {}, frames)

    def command(self, stream):
        if self.seconds > self._stopped_after:
            raise BimanualError("the robot is stopped: a person said so", ErrorCode.CONTROL_STOPPED)
        if not self._deaf:
            self._begin = self.position()
            self.streams.append(stream)

    def wait(self, seconds):
        end = self.now_ns + round(seconds * NS_PER_S)
        if self._pace:
            due = self._wall + end / NS_PER_S * self._pace
            time.sleep(max(0.0, due - time.monotonic()))
            end = max(end, round((time.monotonic() - self._wall) / self._pace * NS_PER_S))
        self.now_ns = end
        self.trace.append((end, self.position()))

    def position(self):
        if not self.streams:
            return self._start
        stream, out = self.streams[-1], self._begin.copy()
        for part, trajectory in stream.parts.items():
            t = (self.now_ns - stream.start_ns) / NS_PER_S
            times = np.append(0.0, trajectory.times)
            points = np.vstack([self._begin[ROBOT.joints.group(part)], trajectory.positions])
            out[ROBOT.joints.group(part)] = [np.interp(t, times, column) for column in points.T]
        return out


class FencedWorld(StreamedWorld):
    """Refuses each stream that begins by turning the first joint below where home has it, and stands still then."""

    def command(self, stream):
        first = next(iter(stream.parts.values())).positions[0]
        if first[0] < ROBOT.home[0] - 1e-9:
            self._start, self.streams = self.position(), []
            raise BimanualError("left_finger1 would come to 0.9 mm", ErrorCode.CONTROL_ARM_DISTANCE)
        super().command(stream)


class Answers:
    """A policy that answers ``answer(window)``; ``took_s`` of wall time each, the n-th (from 0) ``slow`` instead."""

    def __init__(self, answer, took_s=0.0, slow=None):
        self.asked = []
        self._answer, self._took_s, self._slow = answer, took_s, dict(slow or {})

    def reset(self):
        self.asked.clear()

    def infer(self, window, instruction):
        self.asked.append([o.stamp_ns for o in window])
        time.sleep(self._slow.get(len(self.asked) - 1, self._took_s))
        return self._answer(window)


def swing(window, steps=16):
    """A slow swing of every arm joint, as a function of the world's time."""
    t = window[-1].stamp_ns / NS_PER_S + np.arange(steps)[:, None] / 15
    return ROBOT.home + 0.1 * np.sin(t) * np.where(ROBOT.upper > 0.5, 1.0, 0.0)
