"""The fault run: so many random faults, a table of what came of them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bimanual.faults import disk, messages, nodes, robot, small_shm  # noqa: F401 - they register their kinds
from bimanual.faults.outcome import Outcome
from bimanual.faults.registry import draw, get_kind
from bimanual.faults.rig import Rig
from bimanual.graph.description import GRAPHS
from bimanual.graph.shared_memory import dds_files, unused
from bimanual.output import note
from bimanual_core.errors import BimanualError

#: Share of the faults that the simulated graph gets; the real one with its loopback robot gets the others.
SIM_SHARE = 0.55


def bench_faults(
    faults: int = 200, seed: int = 0, graphs: Sequence[str] = GRAPHS, kinds: Iterable[str] = ()
) -> dict[str, Any]:
    """Do ``faults`` random faults to warm graphs; the figures of ``bench faults``. Raises BimanualError for a graph
    that does not come up and UnknownNameError for a kind that there is not."""
    kinds = [get_kind(name).name for name in kinds]
    start = time.monotonic()
    outcomes: list[Outcome] = []
    traces = _Traces()
    for graph, count in _shares(graphs, faults).items():
        rng = random.Random(f"{seed} {graph}")
        outcomes += _on_graph(graph, draw(rng, graph, count, kinds), rng, len(outcomes), faults, traces)
    left = sorted(path.name for path in unused(dds_files() & traces.files))
    orphans = sorted(pid for pid in traces.pids if Path(f"/proc/{pid}").exists())
    note(table(outcomes))
    return figures(outcomes) | {
        "orphans": len(orphans),
        "files_left": len(left),
        "names_left": left,
        "not_run": sorted({f"{o.kind}: {o.not_run}" for o in outcomes if o.not_run}),
        "seconds": round(time.monotonic() - start, 1),
        "seed": seed,
        "by_kind": by_kind(outcomes),
        "failures": [o.as_dict() for o in outcomes if not o.good and not o.not_run],
    }


@dataclass
class _Traces:
    """Processes that were there, and the files of /dev/shm that they used: all must be gone at the end."""

    pids: set[int] = field(default_factory=set)
    files: set[Path] = field(default_factory=set)

    def take(self, rig: Rig) -> None:
        self.pids |= {node.process.pid for node in rig.session.supervisor.processes}
        self.files |= rig.files()


def _shares(graphs: Sequence[str], faults: int) -> dict[str, int]:
    if len(graphs) == 1:
        return {graphs[0]: faults}
    sim = round(faults * SIM_SHARE)
    return {"sim": sim, "real": faults - sim}


def _on_graph(
    graph: str, names: Sequence[str], rng: random.Random, done: int, all_: int, traces: _Traces
) -> list[Outcome]:
    """One fault after the other on one warm graph; after a failure a fresh graph."""
    outcomes: list[Outcome] = []
    rig: Rig | None = None
    try:
        for name in names:
            rig = rig or Rig(graph)
            traces.take(rig)
            outcome = one(rig, name, rng.randrange(2**31))
            outcomes.append(outcome)
            traces.take(rig)
            note(f"{done + len(outcomes):>4}/{all_} {line(outcome)}")
            if not outcome.good and not outcome.not_run:
                rig.close()
                rig = None
    finally:
        if rig is not None:
            rig.close()
    return outcomes


def one(rig: Rig, name: str, seed: int) -> Outcome:
    """One fault of kind ``name``, its choices drawn from ``seed``."""
    outcome = Outcome(name, rig.graph, seed)
    try:
        get_kind(name).run(rig, random.Random(seed), outcome)
    except BimanualError as error:
        outcome.failure = outcome.failure or f"{type(error).__name__}: {error}"
    return outcome


def figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The figures that targets are set for."""
    ran = [o for o in outcomes if not o.not_run]
    rests = [o.rest_ms for o in ran if o.rest_ms is not None]
    return {
        "faults": len(ran),
        "undetected": sum(not o.detected for o in ran),
        "unnamed": sum(not o.named for o in ran),
        "not_at_rest_in_time": sum(not o.rested_in_time for o in ran),
        "not_recovered": sum(not o.recovered for o in ran),
        "failed": sum(not o.good for o in ran),
        "worst_rest_ms": max(rests, default=0.0),
    }


def by_kind(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """Figures per kind and graph, with the longest times."""
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(f"{outcome.graph} {outcome.kind}", []).append(outcome)
    return {key: _of_kind(found[key]) for key in sorted(found)}


def _of_kind(of: Sequence[Outcome]) -> dict[str, Any]:
    def worst(values: Iterable[float | None]) -> float | None:
        return max((v for v in values if v is not None), default=None)

    return {
        "count": len(of),
        "detected": sum(o.detected for o in of),
        "named": sum(o.named for o in of),
        "rested": sum(o.rested_in_time for o in of),
        "recovered": sum(o.recovered for o in of),
        "good": sum(o.good for o in of),
        "rest": ", ".join(sorted({o.rest.value for o in of})),
        "by": ", ".join(sorted({o.detected_by for o in of})),
        "worst_detection_ms": worst(o.detection_ms for o in of),
        "worst_rest_ms": worst(o.rest_ms for o in of),
        "worst_onset_to_rest_ms": worst(o.onset_to_rest_ms for o in of),
        "worst_recovery_s": worst(o.recovery_s for o in of),
    }


def line(o: Outcome) -> str:
    """One outcome on one line."""
    rest = o.rest.value + (f" {o.rest_ms:.0f} ms" if o.rest_ms is not None else "")
    seen = f"{o.detected_by or 'nobody'} after {o.detection_ms or 0:.0f} ms"
    verdict = f"not run: {o.not_run}" if o.not_run else ("ok" if o.good else f"FAILED {o.failure}")
    return f"{o.graph:<4} {o.kind:<18} {o.detail:<28} {seen}; {rest}; recovery {o.recovery_s} s; {verdict}"


def table(outcomes: Sequence[Outcome]) -> str:
    """The table per kind."""
    columns = ("count", "detected", "named", "rested", "recovered")
    lines = [f"{'graph and kind':<26}" + "".join(f"{c:>10}" for c in columns) + f"{'rest ms':>10}{'seen ms':>10}  by"]
    for key, row in by_kind(outcomes).items():
        rest, seen = row["worst_rest_ms"], row["worst_detection_ms"]
        cells = "".join(f"{row[c]:>10}" for c in columns)
        times = "".join(f"{'-' if value is None else format(value, '.0f'):>10}" for value in (rest, seen))
        lines.append(f"{key:<26}{cells}{times}  {row['by']}; {row['rest']}")
    return "\n".join(lines)
