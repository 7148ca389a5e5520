"""The controllers over the simulated and over the loopback robot, in process: how soon a stop ends in rest, how closely
the joints follow on the motions of the demo, and what the guard costs.

All times but the guard's are the world's own, so that a busy machine changes none of them.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bimanual.output import note
from bimanual.process_session import ProcessSession
from bimanual_control.bank import ControllerBank
from bimanual_control.guarding import guard_of
from bimanual_core.motion import JointTrajectory, Motion
from bimanual_core.observation import JointSample, ObjectSnapshot
from bimanual_core.rates import NS_PER_S
from bimanual_core.robot import RobotSpec
from bimanual_core.scene import SceneSpec
from bimanual_description import load
from bimanual_hardware.robot.backends import open_backend
from bimanual_hardware.robot.device import BackendOptions
from bimanual_hardware.robot.driver import DriverSettings
from bimanual_sim_bridge.world import SapienWorld
from bimanual_tasks.episode import run_episode
from bimanual_tasks.performer import expert_performer
from bimanual_tasks.registry import get_task

Array = NDArray[np.float64]
STOPS = 100
EPISODES = 2
#: Whose experts move: both arms alone, together, and with something in hand.
TASKS = ("handover_block", "stack_blocks_two")
#: The arms rest when no joint is faster than this [rad/s]; they are given this long to [s].
REST_SPEED, REST_LIMIT_S = 0.03, 3.0
MOVING_SPEED = 0.01
#: Share of the acceleration limits that the motions take which are stopped.
_EFFORT = (0.2, 0.95)
_QUINTIC_ACCELERATION = 10.0 / np.sqrt(3.0)  # of a rest-to-rest quintic over one second and one radian


class Plant(Protocol):
    """Controllers over something that moves."""

    bank: ControllerBank

    def tick(self) -> None:
        """One control period."""
        ...

    def joints(self) -> JointSample: ...


class LoopbackPlant:
    """The controllers over the loopback robot, at the driver's rate, in a time of their own."""

    def __init__(self, robot: RobotSpec) -> None:
        self._now_ns = NS_PER_S
        self._period_ns = NS_PER_S // DriverSettings().control_hz
        self._backend = open_backend("loopback", robot, BackendOptions(lambda: self._now_ns))
        self.bank = ControllerBank(robot, guard=guard_of(robot))
        self._sample = self._backend.read()
        self.bank.reset(self._sample)

    def tick(self) -> None:
        self._now_ns += self._period_ns
        self._sample = self._backend.read()
        self._backend.write(self.bank.step(self._now_ns, self._sample))

    def joints(self) -> JointSample:
        return self._sample


def bench_control(robot_name: str = "cobot_magic", stops: int = STOPS, episodes: int = EPISODES) -> dict[str, Any]:
    """Figures of ``bench control``: stop_to_rest_{p50,p99}_ms_{sim,loopback} over ``stops`` stops amid motions of both
    arms, stop_latency_periods, tracking_rms_mrad (of the worst joint, while it moves) and tracking_max_mrad over
    ``episodes`` episodes of the experts of TASKS, guard_look_{p50,p99}_ms of one configuration on their motions and
    guard_judge_mean_ms with what is skipped. Raises BimanualError without a Vulkan device."""
    robot = load(robot_name)
    note(f"stops of the simulated robot, {stops} ...")
    world = SapienWorld(robot, cameras=())
    world.load_scene(SceneSpec())
    figures = stop_figures(world, stops, "sim")
    world.close()
    note(f"stops of the loopback robot, {stops} ...")
    figures |= stop_figures(LoopbackPlant(robot), stops, "loopback")
    note(f"motions of the experts, {episodes} episodes of each task ...")
    trace = _Trace(robot)
    session = ProcessSession(robot_name)
    try:
        session.world.add_listener(trace.on_sample)
        trace.bank = session.world.bank
        for name in TASKS:
            for seed in range(episodes):
                run_episode(session, get_task(name), expert_performer(name), seed)
    finally:
        session.close()
    return figures | trace.tracking() | _guard_cost(robot, np.array(trace.commanded))


# -- stops ------------------------------------------------------------------------------------------------------------
def stop_figures(plant: Plant, count: int, name: str) -> dict[str, Any]:
    """Times to rest and latencies of ``count`` stops amid motions; ``name`` ends the names of the figures."""
    rng = np.random.default_rng(0)
    arms = _arm_joints(plant.bank.robot)
    rests: list[float] = []
    latencies: list[int] = []
    while len(rests) < count:
        if _under_way(plant, _motion(plant.bank, rng), float(rng.uniform(0.15, 0.85))):
            latency, rest_s = _stop(plant, arms)
            latencies.append(latency)
            rests.append(1000.0 * rest_s)
    p50, p99, worst = np.percentile(rests, (50, 99, 100))
    return {
        f"stop_to_rest_p50_ms_{name}": round(float(p50), 1),
        f"stop_to_rest_p99_ms_{name}": round(float(p99), 1),
        f"stop_to_rest_max_ms_{name}": round(float(worst), 1),
        f"stop_latency_periods_{name}": max(latencies),
    }


def _under_way(plant: Plant, motion: Motion, share: float) -> bool:
    """Run ``motion`` for a share of its time; false if the guard refuses or stops it."""
    duration = max(trajectory.duration for trajectory in motion.arms.values())
    handle, begin_ns = plant.bank.send_motion(motion), plant.bank.now_ns
    while not handle.rejected and plant.bank.now_ns < begin_ns + share * duration * NS_PER_S:
        plant.tick()
    while handle.done and plant.bank.active:
        plant.tick()
    return not handle.rejected and not handle.done


def _stop(plant: Plant, arms: list[int]) -> tuple[int, float]:
    """Stop what moves: periods until the command slows down, seconds until the arms rest."""
    bank = plant.bank
    stopped_ns, speed = bank.now_ns, float(np.abs(bank.setpoint.velocity[arms]).max())
    bank.stop("bench")
    latency, periods, moved_ns = 0, 0, stopped_ns
    while bank.now_ns < stopped_ns + REST_LIMIT_S * NS_PER_S and (periods == 0 or bank.active or _moves(plant, arms)):
        plant.tick()
        periods += 1
        if latency == 0 and float(np.abs(bank.setpoint.velocity[arms]).max()) < speed:
            latency = periods
        if _moves(plant, arms):
            moved_ns = bank.now_ns
    bank.release_stop()
    return latency, (moved_ns - stopped_ns) / NS_PER_S


def _moves(plant: Plant, arms: list[int]) -> bool:
    return bool(np.abs(plant.joints().velocity[arms]).max() > REST_SPEED)


def _motion(bank: ControllerBank, rng: np.random.Generator) -> Motion:
    """Both arms to random joints near home, as smoothly and as fast as the limits allow, or slower."""
    arms = {}
    for arm in bank.robot.arms:
        start = bank.arms[arm.side].commanded
        outwards = 1.0 if arm.side == "left" else -1.0
        way = rng.uniform(-0.4, 0.4, arm.dof)
        way[0] = outwards * rng.uniform(0.0, 0.8)  # away from the other arm
        end = np.clip(np.array(arm.home) + way, np.array(arm.lower) + 0.05, np.array(arm.upper) - 0.05)
        acceleration, velocity = np.array(arm.acceleration), np.array(arm.velocity)
        least = np.sqrt(np.abs(end - start) * _QUINTIC_ACCELERATION / (acceleration * rng.uniform(*_EFFORT)))
        seconds = max(float(least.max()), float(np.max(1.9 * np.abs(end - start) / velocity)), 0.3)
        s = np.linspace(0.0, 1.0, 61)[:, None]
        share, rate = 10 * s**3 - 15 * s**4 + 6 * s**5, 30 * s**2 - 60 * s**3 + 30 * s**4
        bend = 60 * s - 180 * s**2 + 120 * s**3
        arms[arm.side] = JointTrajectory(
            arm.joints,
            s[:, 0] * seconds,
            start + share * (end - start),
            rate * (end - start) / seconds,
            bend * (end - start) / seconds**2,
        )
    return Motion(arms)


# -- tracking ---------------------------------------------------------------------------------------------------------
class _Trace:
    """What the arms' controllers were off their command at the 30 Hz samples, while they moved [rad]."""

    def __init__(self, robot: RobotSpec) -> None:
        self.bank: ControllerBank | None = None
        self.commanded: list[Array] = []
        self._errors: dict[str, list[Array]] = {arm.side: [] for arm in robot.arms}

    def on_sample(self, _: ObjectSnapshot, __: JointSample) -> None:
        if self.bank is None:
            return
        self.commanded.append(self.bank.commanded.copy())
        for side, arm in self.bank.arms.items():
            state = arm.state
            moving = np.abs(state.reference_velocity) > MOVING_SPEED
            self._errors[side].append(np.where(moving & (not arm.idle), state.error, np.nan))

    def tracking(self) -> dict[str, Any]:
        errors = np.hstack([np.array(rows) for rows in self._errors.values()])
        by_joint = 1000.0 * np.sqrt(np.nanmean(errors**2, axis=0))
        return {
            "tracking_rms_mrad": round(float(by_joint.max()), 3),
            "tracking_rms_all_joints_mrad": round(1000.0 * float(np.sqrt(np.nanmean(errors**2))), 3),
            "tracking_max_mrad": round(1000.0 * float(np.nanmax(np.abs(errors))), 2),
            "tracking_samples": int(np.isfinite(errors).any(axis=1).sum()),
        }


# -- the guard --------------------------------------------------------------------------------------------------------
def _guard_cost(robot: RobotSpec, commanded: Array) -> dict[str, Any]:
    """Wall time of the guard on the motions of the experts (N, D): single looks, and judgements as they come."""
    guard = guard_of(robot)
    if guard is None:
        return {}
    looks = []
    for q in commanded:
        start = time.perf_counter()
        guard.begin(q)
        looks.append(1000.0 * (time.perf_counter() - start))
    guard.begin(commanded[0])
    start = time.perf_counter()
    for q, ahead in pairwise(commanded):
        guard.judge(q, ahead)
    judged = 1000.0 * (time.perf_counter() - start) / max(len(commanded) - 1, 1)
    p50, p99 = np.percentile(looks, (50, 99))
    return {
        "guard_look_p50_ms": round(float(p50), 4),
        "guard_look_p99_ms": round(float(p99), 4),
        "guard_judge_mean_ms": round(judged, 4),
    }


def _arm_joints(robot: RobotSpec) -> list[int]:
    return [robot.joints.index(joint) for arm in robot.arms for joint in arm.joints]
