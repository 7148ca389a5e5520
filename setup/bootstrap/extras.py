"""Extras: packages that some verbs need and the base does without, installed into the environment on first use.

Run as ``python -m bootstrap.extras NAME`` with ``setup`` on the module path. Nothing that is there is removed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bootstrap.environment import plain_python, torch_options, with_pip_settings
from bootstrap.layout import Layout
from bootstrap.main import alone
from bootstrap.steps import SetupError, say

FOLDER = Path("setup") / "extras"
#: What an extra is for, and its size in MB: to fetch, and installed.
EXTRAS = {
    "learning": ("training and running policies (torch)", 200, 750),
    "llm": ("talking to language models (openai)", 3, 20),
}
HEADROOM = 1.5
#: The file descriptor: stdout is for what a verb prints.
STDERR = 2


def lock_file(root: Path, name: str) -> Path:
    """The pins of an extra. Raises SetupError listing the extras."""
    if name not in EXTRAS:
        raise SetupError(f"unknown extra {name!r}; choices: {', '.join(sorted(EXTRAS))}")
    return root / FOLDER / f"{name}.lock"


def named(lock: str) -> dict[str, str]:
    """Package to version of the lines that hold on every machine."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)\s*$", lock, re.MULTILINE))


def missing(lock: str) -> list[str]:
    """Packages of a lock that this interpreter has not, or has in another version."""

    def has(package: str, wanted: str) -> bool:
        try:
            return version(package) == wanted
        except PackageNotFoundError:
            return False

    return [package for package, wanted in named(lock).items() if not has(package, wanted)]


def install(layout: Layout, name: str, environ: Mapping[str, str]) -> None:
    """Install an extra, with uv's own progress on stderr. Raises SetupError in words a person can act on."""
    path = lock_file(layout.root, name)
    absent = missing(path.read_text(encoding="utf-8"))
    if not absent:
        return
    purpose, fetched, installed = EXTRAS[name]
    say(f"installing the extra {name!r} for {purpose}, once: about {fetched} MB to fetch, {installed} MB on disk")
    free = shutil.disk_usage(layout.venv).free / 1e6
    if free < HEADROOM * installed:
        raise SetupError(f"{layout.venv} has {free:.0f} MB free; {HEADROOM * installed:.0f} MB are needed")
    python = str(layout.python)
    env = with_pip_settings(python, plain_python(environ))
    command = [python, "-m", "uv", "pip", "install", "--python", python, "--no-deps", "-r", str(path)]
    command += torch_options(env)
    with alone(layout):
        status = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=STDERR).returncode
    if status:
        raise SetupError(
            f"the extra {name!r} could not be installed (above is why); it needs the network, or a mirror in pip's "
            f"settings. Try again: what was fetched is kept. Missing: {', '.join(absent)}"
        )


def main(arguments: list[str]) -> int:
    """Install the extras that are named."""
    layout = Layout.of(Path(__file__).resolve().parents[2], os.environ)
    try:
        for name in arguments:
            install(layout, name, os.environ)
    except (SetupError, OSError) as error:
        say(f"error: {error}")
        return getattr(error, "code", 1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
