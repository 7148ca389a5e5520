"""The benchmarks there are, their targets, and the report of design: figures, targets, what was missed."""

from __future__ import annotations

import operator
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bimanual_core.rates import CONTROL_HZ

#: How a figure is compared with its target.
RELATIONS = {"<=": operator.le, "<": operator.lt, ">": operator.gt, ">=": operator.ge, "==": operator.eq}


@dataclass(frozen=True)
class Target:
    """``figure relation value`` must hold; ``relation`` is one of RELATIONS. What is ``optional`` is only measured
    where it is asked for, and not missed where it is not."""

    relation: str
    value: float
    optional: bool = False

    def met(self, figure: float) -> bool:
        return bool(RELATIONS[self.relation](figure, self.value))

    def __str__(self) -> str:
        return f"{self.relation} {self.value:g}"


@dataclass(frozen=True)
class Bench:
    """A benchmark: ``module:function`` that returns its figures, and the targets of some of them."""

    function: str
    targets: Mapping[str, Target] = field(default_factory=dict)


def if_asked(relation: str, value: float) -> Target:
    """The target of a figure that options of its benchmark leave out."""
    return Target(relation, value, optional=True)


BENCHES: dict[str, Bench] = {
    "sim": Bench("bimanual_sim_bridge.bench_sim:bench_sim", {"rss_growth_mib": Target("<=", 8.0)}),
    "collect": Bench(
        "bimanual.bench.collect:bench_collect",
        {
            "ratio_state": if_asked(">", 1.0),
            "ratio_rgbd": if_asked(">=", 5.0),
            "rss_growth_mib_per_100_episodes_state": if_asked("<=", 2.0),
            "rss_growth_mib_per_100_episodes_rgbd": if_asked("<=", 4.0),
        },
    ),
    "control": Bench(
        "bimanual.bench.control:bench_control",
        {
            "stop_latency_periods_sim": Target("<=", 1),
            "stop_latency_periods_loopback": Target("<=", 1),
            "stop_to_rest_p99_ms_sim": Target("<=", 100.0),
            "tracking_rms_mrad": Target("<", 5.0),
            "guard_look_p50_ms": Target("<", 0.3),
        },
    ),
    "faults": Bench(
        "bimanual.faults.run:bench_faults",
        {
            name: Target("==", 0)
            for name in (
                "undetected",
                "unnamed",
                "not_at_rest_in_time",
                "not_recovered",
                "failed",
                "orphans",
                "files_left",
            )
        },
    ),
    "policy": Bench(
        "bimanual.bench.policy:bench_policy",
        {
            "chunk_ms_p99": Target("<", 60.0),
            "stall_ms": Target("<=", 1000.0 / CONTROL_HZ),
            "stall_ms_delay300": Target("<=", 1000.0 / CONTROL_HZ),
        },
    ),
    "planner": Bench(
        "bimanual.bench.planner:bench_planner",
        {
            "single_success_percent": if_asked(">=", 99.0),
            "single_ms_p50": if_asked("<=", 8.0),
            "single_ms_p99": if_asked("<=", 20.0),
            "single_position_error_max_mm": if_asked("<=", 0.1),
            "both_success_percent": if_asked(">=", 99.0),
            "both_ms_p50": if_asked("<=", 15.0),
            "both_ms_p99": if_asked("<=", 40.0),
            "blocked_success_percent": if_asked(">=", 95.0),
            "blocked_ms_p50": if_asked("<=", 60.0),
            "blocked_ms_p99": if_asked("<=", 250.0),
            "blocked_ms_max": if_asked("<=", 550.0),
            "jerk_limited_over_toppra_screws_p50": if_asked("<=", 1.15),
            "jerk_limited_over_toppra_lines_p50": if_asked("<=", 1.15),
            "blocked_collisions": if_asked("==", 0),
            "blocked_limit_violations": if_asked("==", 0),
            "single_collisions": if_asked("==", 0),
            "single_limit_violations": if_asked("==", 0),
            "both_collisions": if_asked("==", 0),
            "both_limit_violations": if_asked("==", 0),
            "plans_success_percent": if_asked(">=", 90.0),
            "plans_collisions": if_asked("==", 0),
            "plans_limit_violations": if_asked("==", 0),
            "speedup_vs_mplib_p50": if_asked(">", 1.0),
        },
    ),
    "graph": Bench(
        "bimanual.bench.graph:bench_graph",
        {
            "rtf": Target(">=", 1.0),
            "images_lost": Target("==", 0),
            "image_latency_p99_ms": Target("<", 33.0),
            "joint_states_latency_p99_ms": Target("<", 15.0),
            "load_scene_s": Target("<", 2.0),
            "idle_cpu_percent": Target("<", 25.0),
        },
    ),
}


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def as_json(name: str, bench: Bench, figures: Mapping[str, Any]) -> dict[str, Any]:
    """The object of ``bench --json``; a target whose figure was not measured counts as missed unless it is optional."""
    due = {key: target for key, target in bench.targets.items() if key in figures or not target.optional}
    missed = [key for key, target in due.items() if key not in figures or not target.met(figures[key])]
    targets = {key: str(target) for key, target in due.items()}
    return {"bench": name, "machine": machine(), "figures": dict(figures), "targets": targets, "missed": missed}


def as_text(result: Mapping[str, Any]) -> str:
    """The report for a person, one figure a line."""
    lines = [f"bench {result['bench']} on {result['machine']['cores']} x {result['machine']['processor']}"]
    for key, value in result["figures"].items():
        target = result["targets"].get(key, "")
        verdict = "" if not target else (f"  MISSED {target}" if key in result["missed"] else f"  ok {target}")
        shown = f"{value:.4g}" if isinstance(value, float) else str(value)
        lines.append(f"  {key:<30} {shown}{verdict}")
    return "\n".join(lines)
