"""How fast the simulated world runs and whether reloading scenes leaks memory."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import numpy as np

import bimanual_description
from bimanual_core.motion import JointTrajectory, Motion
from bimanual_core.rates import CAMERA_HZ, CAMERA_TICKS, PHYSICS_HZ, START_DELAY_S
from bimanual_core.robot import RobotSpec
from bimanual_core.scene import SceneObject, SceneSpec
from bimanual_core.se3 import make_T
from bimanual_sim_bridge.world import SapienWorld

CAMERA = "head"
_WARM_RELOADS = 5  # the caches of the engine fill up during the first ones


def bench_sim(
    robot_name: str = "cobot_magic", seconds: float = 10.0, frames: int = 60, reloads: int = 50
) -> dict[str, float]:
    """Figures of ``bench sim``: physics_steps_per_s while both arms move over three objects (controllers, contacts and
    sampling included), frames_per_s_320x240 of one RGB-D camera (physics at 10 ticks a frame excluded), rss_mib, and
    rss_growth_mib: resident memory after ``reloads`` rendered scene loads minus that after the first five.

    ``seconds`` is simulated time. Raises BimanualError without a Vulkan device.
    """
    robot = bimanual_description.load(robot_name)
    world = SapienWorld(robot, cameras=[CAMERA])
    scene = bench_scene()
    world.load_scene(scene)
    steps_per_s = _steps_per_s(world, seconds)
    frames_per_s = _frames_per_s(world, frames)
    rss, growth = _rss_over_reloads(world, scene, reloads)
    world.close()
    return {
        "physics_steps_per_s": round(steps_per_s, 1),
        "frames_per_s_320x240": round(frames_per_s, 1),
        "rss_mib": round(rss, 1),
        "rss_growth_mib": round(growth, 2),
    }


def bench_scene() -> SceneSpec:
    """A block, a pad and a cube on the table."""
    return SceneSpec(
        (
            SceneObject("block", "handover_block", "red", make_T((-0.15, 0.05, 0.84))),
            SceneObject("pad", "pad", "blue", make_T((0.23, 0.09, 0.745)), fixed=True),
            SceneObject("cube", "cube", "green", make_T((0.10, -0.10, 0.765))),
        )
    )


def swing(robot: RobotSpec, seconds: float, amplitude: float = 0.3) -> Motion:
    """Both arms swing their first joint to and fro about home and end there."""
    times = np.linspace(0.0, seconds, max(int(seconds * 100), 2))
    turns = 2 * np.pi * max(round(seconds / 2.0), 1) / seconds
    share, rate = (1 - np.cos(turns * times)) / 2, turns * np.sin(turns * times) / 2
    rate[-1] = 0.0
    arms = {}
    for arm in robot.arms:
        direction = np.zeros(arm.dof)
        direction[0] = amplitude if arm.side == "left" else -amplitude
        positions = np.array(arm.home) + share[:, None] * direction
        arms[arm.side] = JointTrajectory(arm.joints, times, positions, rate[:, None] * direction)
    return Motion(arms)


def _steps_per_s(world: SapienWorld, seconds: float) -> float:
    before, start = world.tick_count, time.perf_counter()
    world.execute(swing(world.robot, seconds))
    return (world.tick_count - before) / (time.perf_counter() - start)


def _frames_per_s(world: SapienWorld, frames: int) -> float:
    """While arms move: a picture in which nothing has changed would not be drawn again."""
    world.observe([CAMERA])
    world.send(swing(world.robot, frames / CAMERA_HZ))
    for _ in range(round(START_DELAY_S * PHYSICS_HZ)):
        world.tick()
    spent = 0.0
    for _ in range(frames):
        for _ in range(CAMERA_TICKS):
            world.tick()
        start = time.perf_counter()
        world.observe([CAMERA])
        spent += time.perf_counter() - start
    return frames / spent


def _rss_over_reloads(world: SapienWorld, scene: SceneSpec, reloads: int) -> tuple[float, float]:
    first = 0.0
    for i in range(_WARM_RELOADS + reloads):
        world.load_scene(scene)
        world.observe([CAMERA])
        if i == _WARM_RELOADS - 1:
            first = rss_mib()
    last = rss_mib()
    return last, last - first


def rss_mib() -> float:
    """Resident memory of this process [MiB], garbage collected first."""
    gc.collect()
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise OSError("no VmRSS in /proc/self/status")
