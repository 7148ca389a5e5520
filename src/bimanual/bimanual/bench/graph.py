"""The live graph in real time: does it keep up, does it lose an image, how late is what it sends?"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bimanual.bench.processes import CpuMeter, rss_mib
from bimanual.graph.session import GraphSession
from bimanual.output import note
from bimanual_core.errors import BimanualError
from bimanual_core.rates import CAMERA_HZ
from bimanual_core.scene import SceneSpec
from bimanual_data.image_messages import COMPRESSED_IMAGE
from bimanual_data.readers import EpisodeReader, header_ns
from bimanual_ros.stream_probe import missing
from bimanual_tasks.registry import get_task
from bimanual_tasks.sampler import sample_scene

CAMERAS = "head,left_wrist,right_wrist"
WARM_UP_S = 10.0
IDLE_S = 5.0
TASK = "handover_block"


def bench_graph(seconds: float = 60.0) -> dict[str, Any]:
    """The figures of ``bench graph``: realtime at factor 1 with head and wrist cameras RGB-D at 30 Hz, planner and
    recorder at work, measured for ``seconds`` after a warm-up. Raises BimanualError if the graph does not come up."""
    given = {"time_mode": "realtime", "rtf": "1.0", "cameras": CAMERAS}
    with GraphSession(given=given) as session, tempfile.TemporaryDirectory() as folder:
        pids = {node.spec.name: node.process.pid for node in session.supervisor.processes}
        session.world.load_scene(SceneSpec())
        start = time.monotonic()
        session.world.load_scene(sample_scene(get_task(TASK), 0).scene)
        load_scene_s = time.monotonic() - start
        note("idle ...")
        idle = CpuMeter(pids)
        session.world.wait(IDLE_S)
        idle_cpu = idle.percent()
        note(f"recording and listening for {WARM_UP_S + seconds:.0f} s ...")
        episode = Path(folder) / "episode"
        session.request("recorder/start", directory=str(episode), meta_json="{}")
        busy = CpuMeter(pids)
        heard = _probe(seconds, session.environment)
        busy_cpu = busy.percent()
        rss = {name: round(rss_mib(pid), 1) for name, pid in pids.items()}
        session.request("recorder/stop")
        lost_in_bag = _lost_in_bag(episode)
    images = {name: topic for name, topic in heard["topics"].items() if name != "joint_states"}
    lost_at_probe = sum(topic["lost"] for topic in images.values())
    return {
        "rtf": round(heard["rtf"], 3),
        "images_heard": sum(topic["heard"] for topic in images.values()),
        "images_lost": lost_at_probe + lost_in_bag,
        "images_lost_at_probe": lost_at_probe,
        "images_lost_in_bag": lost_in_bag,
        "image_latency_p99_ms": round(max(topic["latency_p99_ms"] for topic in images.values()), 2),
        "joint_states_latency_p99_ms": round(heard["topics"]["joint_states"]["latency_p99_ms"], 2),
        "load_scene_s": round(load_scene_s, 3),
        "idle_cpu_percent": round(sum(idle_cpu.values()), 1),
        "cpu_percent_by_process": busy_cpu,
        "rss_mib_by_process": rss,
    }


def _probe(seconds: float, environment: Mapping[str, str]) -> dict[str, Any]:
    """What a listener in a process of its own heard."""
    words = ["--cameras", CAMERAS, "--warm-up", str(WARM_UP_S), "--seconds", str(seconds)]
    command = [sys.executable, "-m", "bimanual_ros.stream_probe", *words]
    limit = WARM_UP_S + seconds + 90.0
    result = subprocess.run(command, capture_output=True, text=True, timeout=limit, env=dict(environment))
    if result.returncode != 0:
        raise BimanualError(f"the probe failed: {result.stderr.strip()}")
    found: dict[str, Any] = json.loads(result.stdout.strip().splitlines()[-1])
    silent = [name for name, topic in found["topics"].items() if not topic["heard"]]
    if silent:
        raise BimanualError(f"the probe heard nothing on {', '.join(silent)}: {result.stderr.strip()}")
    return found


def _lost_in_bag(episode: Path) -> int:
    """Missing stamps of all image topics of a bag; every camera's colour and depth must be there."""
    stamps: dict[str, list[int]] = {}
    for message in EpisodeReader(episode).messages():
        if message.type == COMPRESSED_IMAGE:
            stamps.setdefault(message.topic, []).append(header_ns(message.decoded.header))
    wanted = 2 * len(CAMERAS.split(","))
    if len(stamps) != wanted:
        raise BimanualError(f"the bag has {len(stamps)} image topics, expected {wanted}: {', '.join(stamps)}")
    return sum(missing(found, CAMERA_HZ) for found in stamps.values())
