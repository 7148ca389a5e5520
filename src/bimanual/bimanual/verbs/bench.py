"""Measure: the figures of docs/benchmarks.md, each against its target."""

from __future__ import annotations

import argparse
import importlib
import inspect

from bimanual.bench.report import BENCHES, as_json, as_text
from bimanual.output import note, print_json
from bimanual_core.errors import BimanualError

OPTIONS = ("seconds", "faults", "seed", "policy", "targets", "blocked", "plans", "workers", "peer", "episodes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=sorted(BENCHES), help="what to measure")
    parser.add_argument("--seconds", type=float, help="length of the measurement, where it has one")
    parser.add_argument("--faults", type=int, help="how many faults are done, in `bench faults`")
    parser.add_argument("--seed", type=int, help="what random choices are drawn from, where there are any")
    parser.add_argument("--targets", type=int, help="how many goals for one arm, and for both, in `bench planner`")
    parser.add_argument("--blocked", type=int, help="how many blocked lines there are, in `bench planner`")
    parser.add_argument("--plans", type=int, help="how many random plans are made and checked, in `bench planner` (0)")
    parser.add_argument("--workers", type=int, help="processes side by side, in `bench collect` and `--plans` (2)")
    parser.add_argument(
        "--peer", help="what is measured beside, in `bench planner` (mplib) and `bench collect` (maniskill)"
    )
    parser.add_argument("--episodes", type=int, help="episodes whose memory is followed, in `bench collect` (0)")
    parser.add_argument("--policy", help="a checkpoint, or one that comes with the project, in `bench policy` (dp3)")
    parser.add_argument("--json", action="store_true", help="print one JSON object last on stdout")


def run(args: argparse.Namespace) -> int:
    bench = BENCHES[args.name]
    module, _, function = bench.function.partition(":")
    measure = getattr(importlib.import_module(module), function)
    given = {name: getattr(args, name) for name in OPTIONS}
    options = {name: value for name, value in given.items() if value is not None}
    known = inspect.signature(measure).parameters
    for name in options:
        if name not in known:
            raise BimanualError(f"bench {args.name} has no --{name}")
    figures = measure(**options)
    result = as_json(args.name, bench, figures)
    note(as_text(result))
    if args.json:
        print_json(result)
    return 0
