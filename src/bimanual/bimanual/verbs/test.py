"""Run the checks and the tests: lint, types, then pytest over tests/ and src/*/test.

Most tests run side by side, a process a core; those that start ROS nodes or watch the clock run after them, one at a
time. Both extras are installed first, so that no test is skipped for want of them. Arguments after ``--`` go to pytest,
for example ``bimanual test -- -k se3 -x``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from bimanual.extras import MODULES, require
from bimanual.output import note, print_json
from bimanual_core.errors import BimanualError

NO_TESTS_COLLECTED = 5
#: Markers of tests that need the machine for themselves.
ALONE = "graph or timed"
#: At most so many tests side by side: each process that simulates takes half a gibibyte.
WORKERS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="also the tests marked slow")
    parser.add_argument("--no-lint", action="store_true", help="only pytest, without ruff and mypy")
    parser.add_argument("--json", action="store_true", help="print one JSON object last on stdout")
    parser.add_argument("pytest_arguments", nargs="*", metavar="-- ARGUMENT", help="passed to pytest")


def repository() -> Path:
    """The checkout whose tests are meant: that of ``./bimanual``, or the one around this file."""
    named = os.environ.get("BIMANUAL_ROOT")
    candidates = [Path(named)] if named else list(Path(__file__).resolve().parents)
    for folder in candidates:
        if (folder / "pyproject.toml").is_file() and (folder / "src").is_dir():
            return folder
    raise BimanualError("the tests are in the source checkout: run ./bimanual test there, or set BIMANUAL_ROOT to it")


def commands(args: argparse.Namespace, root: Path) -> dict[str, list[str]]:
    """The checks by name, in order."""
    python = [sys.executable, "-m"]
    checks: dict[str, list[str]] = {}
    if not args.no_lint:
        checks["ruff"] = [*python, "ruff", "check", "."]
        checks["format"] = [*python, "ruff", "format", "--check", "."]
        checks["mypy"] = [*python, "mypy"]
    short = "" if args.all else " and not slow"
    beside = ["-n", str(min(WORKERS, len(os.sched_getaffinity(0)))), "--dist", "loadfile"]
    checks["pytest"] = [*python, "pytest", "-m", f"not ({ALONE}){short}", *beside, *args.pytest_arguments]
    checks["alone"] = [*python, "pytest", "-m", f"({ALONE}){short}", *args.pytest_arguments]
    return checks


def _agree_on_none(results: dict[str, dict[str, object]]) -> None:
    """What was asked for may be in one half of the tests only; in neither is a failure."""
    halves = [results["pytest"], results["alone"]]
    if all(half["exit_code"] == NO_TESTS_COLLECTED for half in halves):
        note("no test matches what was asked for")
        return
    for half in halves:
        half["passed"] = half["exit_code"] in (0, NO_TESTS_COLLECTED)


def run(args: argparse.Namespace) -> int:
    root = repository()
    for extra in MODULES:
        require(extra)
    results: dict[str, dict[str, object]] = {}
    for name, command in commands(args, root).items():
        note(f"--- {name}")
        start = time.monotonic()
        # What the checks print goes to stderr with --json: stdout is for the object.
        output = sys.stderr if args.json else None
        code = subprocess.run(command, cwd=root, stdout=output).returncode
        results[name] = {"passed": code == 0, "exit_code": code, "seconds": round(time.monotonic() - start, 1)}
    _agree_on_none(results)
    failed = [name for name, result in results.items() if not result["passed"]]
    for name, result in results.items():
        note(f"{name:<8} {'passed' if result['passed'] else 'FAILED'}  {result['seconds']} s")
    if args.json:
        print_json({"success": not failed, "failed": failed, "checks": results})
    return 1 if failed else 0
