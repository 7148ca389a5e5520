"""``./bimanual VERB ...``: set up what is missing, then run the verb in the built workspace."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bootstrap import apt, environment, runtime, workspace
from bootstrap.layout import Layout
from bootstrap.steps import SetupError, Step, digest, run_steps, say
from bootstrap.underlay import choose

OLDEST, NEWEST = (3, 11), (3, 13)


def steps_of(layout: Layout, environ: Mapping[str, str]) -> list[Step]:
    """The whole set-up, in order."""

    def lock() -> str:
        return layout.pins()

    def file_hash(name: str) -> str:
        return digest(Path(__file__).with_name(name).read_text(encoding="utf-8"))

    def stamp(name: str) -> Path:
        return layout.state / f"{name}.stamp"

    return [
        Step(
            "system packages",
            lambda: digest(file_hash("apt.py"), layout.interpreter, environ.get("BIMANUAL_SKIP_APT", "")),
            lambda clock: apt.install_missing(clock, environ, layout.interpreter),
            stamp("apt"),
        ),
        Step(
            "python environment",
            lambda: digest(layout.interpreter, layout.venv, *([layout.underlay] if layout.underlay else [])),
            lambda clock: environment.make_venv(layout),
            stamp("venv"),
        ),
        Step(
            "python packages",
            lambda: digest(lock()),
            lambda clock: environment.install_packages(layout, clock, environ),
            stamp("packages"),
        ),
        Step(
            "mending of the ROS wheels",
            lambda: digest(lock(), file_hash("wheels.py")),
            lambda clock: environment.mend_wheels(layout),
            stamp("wheels"),
        ),
        Step(
            "workspace",
            lambda: workspace.inputs(layout),
            lambda clock: workspace.build(layout, environ),
            layout.install / ".bimanual.stamp",
        ),
        Step(
            "run-time environment",
            lambda: runtime.inputs(layout, workspace.inputs(layout)),
            lambda clock: runtime.write(layout),
            stamp("runtime"),
        ),
    ]


@contextlib.contextmanager
def alone(layout: Layout) -> Iterator[None]:
    """Only one set-up at a time in a checkout."""
    layout.log.mkdir(parents=True, exist_ok=True)
    (layout.log / "COLCON_IGNORE").touch()
    with (layout.log / "setup.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up of this checkout is running: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def set_up(layout: Layout, environ: Mapping[str, str]) -> None:
    """Do what is missing; nothing, and quickly, where all is done."""
    steps = steps_of(layout, environ)
    if all(step.done() for step in steps):
        return
    with alone(layout):
        run_steps(steps, layout.venv / "setup-report.json")


def main(arguments: list[str]) -> int:
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        span = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
        say(f"error: Python {span} is needed, this is {sys.version.split()[0]}; name one in BIMANUAL_PYTHON")
        return 1
    layout = Layout.of(Path(__file__).resolve().parents[2], os.environ)
    try:
        underlay, said = choose(os.environ, layout.underlay_file, (layout.root, layout.venv))
        if said:
            say(said)
        layout = layout.on(underlay)
        set_up(layout, os.environ)
    except SetupError as error:
        say(f"error: {error}")
        return error.code
    except KeyboardInterrupt:
        say("\ninterrupted: the next ./bimanual goes on from here")
        return 130
    env = runtime.environment(layout, os.environ)
    os.execve(layout.python, [str(layout.python), "-m", "bimanual", *arguments], env)
