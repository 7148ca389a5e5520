"""What the tests of the controllers share: a two-armed robot of three joints each, and ideal or slow joints."""

import numpy as np

from bimanual_control.bank import ControllerBank
from bimanual_core.motion import JointTrajectory
from bimanual_core.observation import JointSample
from bimanual_core.robot import ArmSpec, GripperSpec, RobotSpec

PERIOD_NS = 3_333_333


def make_arm(side):
    gripper = GripperSpec(f"{side}_gripper", (f"{side}_f1", f"{side}_f2"), 0.1, 0.25, 20.0, "hand", ("a", "b"))
    return ArmSpec(
        side,
        tuple(f"{side}_joint{i}" for i in (1, 2, 3)),
        (-2.0, -1.0, 0.0),
        (2.0, 1.0, 3.0),
        (3.0, 2.0, 1.0),
        (10.0, 10.0, 10.0),
        (100.0, 100.0, 100.0),
        (0.0, 0.0, 1.0),
        "base",
        "tool",
        f"{side}_tcp",
        gripper,
        (20.0, 20.0, 20.0),
    )


def make_robot():
    return RobotSpec("two_arms", "none", (0.0, 0.0, 0.0), 0.0, (make_arm("left"), make_arm("right")), ())


def quintic(joints, start, end, seconds, points=20):
    """Rest to rest in ``seconds``, smooth, densely sampled."""
    start, end = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
    t = np.linspace(0.0, seconds, points)
    u = (t / seconds)[:, None]
    s = 10 * u**3 - 15 * u**4 + 6 * u**5
    ds = (30 * u**2 - 60 * u**3 + 30 * u**4) / seconds
    return JointTrajectory(tuple(joints), t, start + (end - start) * s, (end - start) * ds)


class Rig:
    """A bank over joints that follow the setpoint at once, but where ``block`` holds them (flat index -> value)."""

    def __init__(self, robot=None):
        self.robot = robot or make_robot()
        self.bank = ControllerBank(self.robot)
        self.now_ns = 0
        self.block = {}
        self.floor = {}
        zeros = np.zeros(self.robot.joints.size)
        self.sample = JointSample(0, self.robot.home.copy(), zeros, zeros)
        self.trace = []
        self.bank.reset(self.sample)

    def step(self):
        self.now_ns += PERIOD_NS
        setpoint = self.bank.step(self.now_ns, self.sample)
        self.trace.append((setpoint.position.copy(), setpoint.velocity.copy()))
        position, velocity = setpoint.position.copy(), setpoint.velocity.copy()
        for i, value in self.block.items():
            position[i], velocity[i] = value, 0.0
        for i, value in self.floor.items():
            if position[i] < value:
                position[i], velocity[i] = value, 0.0
        self.sample = JointSample(self.now_ns, position, velocity, np.zeros_like(position))
        return setpoint

    def run(self, seconds):
        for _ in range(round(seconds * 300)):
            self.step()

    def run_until_idle(self, limit_s=20.0):
        for _ in range(round(limit_s * 300)):
            if not self.bank.active:
                return
            self.step()
        raise AssertionError(f"still active after {limit_s} s")
