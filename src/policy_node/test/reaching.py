"""A task that takes seconds to learn: one arm of two joints goes to where a blob of points is.

The joints are the hand's x and y; besides the goal's blob there is one that stands still, as a table would.
"""

from pathlib import Path

import numpy as np

from bimanual_core.robot import ArmSpec, GripperSpec, RobotSpec
from policy_node.dataset import Demonstration, DemonstrationSet
from policy_node.dp3.config import (
    ChunkConfig,
    CloudConfig,
    DiffusionConfig,
    Dp3Config,
    NetworkConfig,
    Recipe,
    TrainConfig,
)
from policy_node.points import CropBox

POINTS = 32
STEP = 0.06
LENGTH = 20
WITHIN = 0.06
OPENING = 0.05


def robot(name="reacher", joints=("left_joint1", "left_joint2")):
    two = (1.0,) * len(joints)
    gripper = GripperSpec("left_gripper", ("f1", "f2"), 0.1, 0.2, 10.0, "g", ("g1", "g2"))
    low, none = tuple(-x for x in two), tuple(0.0 for _ in two)
    arm = ArmSpec("left", tuple(joints), low, two, two, two, two, none, "b", "t", "c", gripper)
    return RobotSpec(name, "none.xacro", (0.0, 0.0, 0.0), 0.0, (arm,), ())


RECIPE = Recipe(
    Dp3Config(
        CloudConfig("head", CropBox((-1, -1, -1), (1, 1, 1)), POINTS),
        ChunkConfig(horizon=8, actions=4),
        NetworkConfig((16, 32, 64), 16, 16, (16, 32, 32), 16, 3, 4),
        DiffusionConfig(100, 10),
    ),
    TrainConfig(batch=32, learning_rate=3e-3, warmup_steps=30, cloud_noise=0.0, points_kept=1.0, ema_most=0.98),
)


def goal_cloud(goal, random):
    """Points (POINTS, 3): half around the goal, half around the origin below it."""
    blob = random.normal(0, 0.01, (POINTS, 3))
    blob[: POINTS // 2, :2] += goal
    blob[POINTS // 2 :, 2] -= 0.5
    return blob.astype(np.float32)


def demonstrate(seed, name=""):
    random = np.random.default_rng(seed)
    goal, hand = random.uniform(-0.4, 0.4, 2), random.uniform(-0.4, 0.4, 2)
    cloud, state, action = goal_cloud(goal, random), [], []
    for _ in range(LENGTH):
        state.append([*hand, OPENING])
        way = goal - hand
        hand = hand + way * min(1.0, STEP / max(np.linalg.norm(way), 1e-9))
        action.append([*hand, OPENING])
    arrays = (np.array(values, np.float32) for values in (state, action))
    return Demonstration(name or f"episode_{seed}", *arrays, np.repeat(cloud[None], LENGTH, 0), (16, 12))


def demonstrations(count, first=0):
    episodes = tuple(demonstrate(first + i) for i in range(count))
    return DemonstrationSet(robot(), "reach", "own", episodes, 0, f"{first}+{count}")


def reached(policy, seed, cloud_seed=None):
    """Whether the policy brings the hand to the goal of ``seed``; it is shown the cloud of ``cloud_seed``."""
    shown = demonstrate(seed if cloud_seed is None else cloud_seed).cloud[:2]
    random = np.random.default_rng(seed)
    goal, hand = random.uniform(-0.4, 0.4, 2), random.uniform(-0.4, 0.4, 2)
    before = np.array([*hand, OPENING], np.float32)
    now = before
    for _ in range(LENGTH // policy.contract.actions):
        chunk = policy.infer_arrays(np.stack([before, now]), shown)
        before, now = chunk[-2].astype(np.float32), chunk[-1].astype(np.float32)
    return bool(np.linalg.norm(now[:2] - goal) < WITHIN)


def success_rate(checkpoint: Path, seeds, shift=None):
    """Share of ``seeds`` reached; with ``shift`` each sees the cloud of another seed."""
    from policy_node.dp3.policy import Dp3Policy

    policy = Dp3Policy(checkpoint)
    return np.mean([reached(policy, s, None if shift is None else s + shift) for s in seeds])
