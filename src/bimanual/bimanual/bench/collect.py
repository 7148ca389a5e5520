"""``bench collect``: how many demonstrations a minute worker processes collect, joints only and with cameras, and
whether a worker's memory stays flat; beside another project's demonstrations where asked for."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bimanual.bench.memory import growth_per_100
from bimanual.bench.peers.maniskill_peer import collect_with_maniskill
from bimanual.bench.processes import rss_mib
from bimanual.collecting.collect import Collection
from bimanual.collecting.job import CollectJob, expert_collector
from bimanual.collecting.pace import FULL, planner_config
from bimanual.collecting.settings import CAMERAS, CollectSettings
from bimanual.collecting.store import CollectionStore
from bimanual.output import note
from bimanual_core.errors import BimanualError
from bimanual_core.robot import load_robot
from bimanual_description.files import robot_path
from bimanual_tasks.crew import Crew
from bimanual_tasks.seeds import SEEDS_PER_BLOCK

TASK = "stack_blocks_two"
SECONDS, WORKERS = 60.0, 2
#: Arms move at the limits of the robot's YAML.
PACE = FULL
#: What collects beside, by the peer's name: seconds, workers and whether with its camera.
PEERS: dict[str, Callable[[float, int, bool], dict[str, Any]]] = {"maniskill": collect_with_maniskill}
#: Least episodes whose memory says anything.
LEAST_EPISODES = 10
#: Figures of the two ways to collect end in these.
WAYS: dict[str, tuple[str, ...]] = {"state": (), "rgbd": CAMERAS}


@dataclass
class Rate:
    """What was collected within ``seconds`` [s] of wall time: of ``attempts`` seeds those that succeeded, each with its
    simulated seconds."""

    seconds: float = 0.0
    attempts: int = 0
    simulated: list[float] = field(default_factory=list)

    @property
    def per_minute(self) -> float:
        return 60.0 * len(self.simulated) / self.seconds

    def figures(self, before: str, way: str) -> dict[str, float]:
        """Under names that begin with ``before`` and end with ``way``."""
        found = {
            f"{before}demos_per_minute_{way}": round(self.per_minute, 2),
            f"{before}success_percent_{way}": round(100.0 * len(self.simulated) / max(self.attempts, 1), 1),
        }
        if self.simulated:
            mean = sum(self.simulated) / len(self.simulated)
            found[f"{before}simulated_seconds_per_demo_{way}"] = round(mean, 2)
        return found


def bench_collect(
    seconds: float = SECONDS, workers: int = WORKERS, episodes: int = 0, peer: str = ""
) -> dict[str, Any]:
    """Figures of ``bench collect``: demos_per_minute_state (no pictures) and demos_per_minute_rgbd (three RGB-D cameras
    of 320x240 at 15 Hz), each over ``seconds`` of wall time, expert successes only, written to disk as always, with
    the simulated seconds of one and the limits of motion.

    The clock starts when as many seeds are done as there are workers: their start-up is not counted. ``peer``
    (maniskill) collects its own demonstrations in the same way, right after each of ours. Over ``episodes`` of one
    worker, in each way, the growth of its memory is followed. Raises BimanualError for an unknown peer, or one that
    does not run.
    """
    if not 0.0 < seconds < float("inf"):
        raise BimanualError(f"seconds {seconds} must be above 0 and finite")
    if peer and peer not in PEERS:
        raise BimanualError(f"--peer {peer}; choices: {', '.join(PEERS)}")
    if episodes and episodes < LEAST_EPISODES:
        raise BimanualError(f"--episodes {episodes} is below the limit {LEAST_EPISODES}")
    figures: dict[str, Any] = {"workers": workers, **_limits()}
    for way, cameras in WAYS.items():
        ours = _rate(cameras, seconds, workers)
        figures |= ours.figures("", way)
        if peer:
            figures |= _beside(peer, way, ours, seconds, workers)
    for way, cameras in WAYS.items() if episodes else ():
        figures |= _memory(way, cameras, episodes)
    return figures


def _limits() -> dict[str, float]:
    """How fast joints move in what is collected, and how fast the robot's YAML lets them."""
    config, arm = planner_config(PACE), load_robot(robot_path(CollectSettings().robot)).arms[0]
    return {
        "joint_speed": float(config.speeds(arm.velocity).max()),
        "joint_speed_yaml": max(arm.velocity),
        "joint_acceleration": float(config.accelerations(arm.acceleration).max()),
        "joint_acceleration_yaml": max(arm.acceleration),
        "tcp_speed_on_lines": config.tcp_speed,
    }


def _beside(peer: str, way: str, ours: Rate, seconds: float, workers: int) -> dict[str, Any]:
    """Figures of a peer, and how many times as many demonstrations we have."""
    found = PEERS[peer](seconds, workers, bool(WAYS[way]))
    theirs = Rate(found["seconds"], found["attempts"], found["simulated_seconds"])
    figures: dict[str, Any] = {
        f"{peer}_versions": found["versions"],
        f"{peer}_joint_speed": found["joint_speed"],
        f"{peer}_joint_acceleration": found["joint_acceleration"],
        **theirs.figures(f"{peer}_", way),
    }
    if theirs.simulated:
        figures[f"ratio_{way}"] = round(ours.per_minute / theirs.per_minute, 3)
    return figures


def _rate(cameras: tuple[str, ...], seconds: float, workers: int) -> Rate:
    """What is kept within the time."""
    settings = CollectSettings(cameras=cameras, pace=PACE)
    with (
        tempfile.TemporaryDirectory(prefix="bimanual-bench-collect-") as folder,
        closing(CollectionStore(Path(folder) / "collection", settings, resume=False)) as store,
    ):
        # More than any machine does in the time: as many as there are seeds.
        collection = Collection(store, [TASK], SEEDS_PER_BLOCK, partial(expert_collector, settings))
        return _measure(collection, seconds, workers)


def _measure(collection: Collection, seconds: float, workers: int) -> Rate:
    began, rate = 0.0, Rate()
    with closing(collection.run(workers, note)) as attempts:
        for number, attempt in enumerate(attempts, start=1):
            now = time.monotonic()
            if number == workers:
                began = now
            elif number > workers:
                rate.attempts += 1
                rate.simulated += [attempt.result.seconds] if attempt.result.demonstrates else []
                rate.seconds = now - began
                if rate.seconds >= seconds:
                    return rate
    raise BimanualError("the seeds were used up before the time was over")


def _memory(way: str, cameras: tuple[str, ...], episodes: int) -> dict[str, float]:
    """How the resident memory of one worker grows over ``episodes``, whose recordings go away at once."""
    note(f"one worker does {episodes} episodes, {'with' if cameras else 'without'} cameras; its memory is followed")
    resident: list[float] = []
    with tempfile.TemporaryDirectory(prefix="bimanual-bench-memory-") as folder:
        jobs = iter([CollectJob(TASK, seed, str(Path(folder) / "episode")) for seed in range(episodes)])
        crew = Crew(partial(expert_collector, CollectSettings(cameras=cameras, pace=PACE)), 1, note)
        with closing(crew.run(lambda: next(jobs, None))) as answers:  # type: ignore[type-var]
            for _ in answers:
                resident.append(rss_mib(crew.pids[0]))
    return {
        f"rss_mib_{way}": round(resident[-1], 1),
        f"rss_growth_mib_per_100_episodes_{way}": round(growth_per_100(resident), 2),
    }
