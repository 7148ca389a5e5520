"""What the tests of the robot share: time that a test moves, the loopback robot in it, and simple trajectories."""

import numpy as np

from bimanual_core.motion import JointTrajectory
from bimanual_core.observation import Setpoint
from bimanual_description import load
from bimanual_hardware.robot.device import BackendOptions
from bimanual_hardware.robot.loopback import LoopbackBackend, LoopbackSettings

ROBOT = load("cobot_magic")
START_NS = 1_700_000_000_000_000_000


class Time:
    """Nanoseconds that stand until they are moved."""

    def __init__(self):
        self.now_ns = START_NS

    def __call__(self):
        return self.now_ns

    def pass_by(self, seconds):
        self.now_ns += round(seconds * 1e9)


def loopback(**settings):
    time = Time()
    return time, LoopbackBackend(ROBOT, BackendOptions(time), LoopbackSettings(**settings))


def setpoint(**joints):
    """Home, but for ``joints``, at rest."""
    position = ROBOT.home.copy()
    for name, value in joints.items():
        position[ROBOT.joints.index(name)] = value
    return Setpoint(position, np.zeros_like(position))


def swing(side, start, angle, seconds=1.0, points=21):
    """All joints of an arm by ``angle``, from rest to rest."""
    s = np.linspace(0.0, 1.0, points)
    share = (10 * s**3 - 15 * s**4 + 6 * s**5)[:, None]
    rate = (30 * s**2 - 60 * s**3 + 30 * s**4)[:, None] / seconds
    way = np.full(ROBOT.arm(side).dof, angle) * [1, 1, -1, 1, 1, 1]
    return JointTrajectory(ROBOT.arm(side).joints, s * seconds, start + share * way, rate * way)
