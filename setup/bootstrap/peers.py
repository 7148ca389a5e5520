"""Peers: other people's software that a benchmark compares with, each in an environment of its own.

Run as ``python -m bootstrap.peers NAME`` with ``setup`` on the module path: makes the environment on first use and
prints the path of its interpreter. The project's own environment stays as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bootstrap.environment import plain_python, torch_options, with_pip_settings
from bootstrap.layout import Layout
from bootstrap.main import alone
from bootstrap.steps import SetupError, digest, say

FOLDER = Path("setup") / "peers"
#: What a peer is, and its size in MB: to fetch, and installed.
PEERS = {
    "maniskill": ("the simulator ManiSkill (with torch)", 550, 1900),
    "mplib": ("the motion planner mplib", 60, 240),
}
#: The file descriptor: stdout is for the interpreter's path.
STDERR = 2


def environment_of(layout: Layout, name: str) -> Path:
    """The folder of a peer's environment. Raises SetupError listing the peers."""
    if name not in PEERS:
        raise SetupError(f"unknown peer {name!r}; choices: {', '.join(sorted(PEERS))}")
    return layout.state / "peers" / name


def install(layout: Layout, name: str, environ: Mapping[str, str]) -> Path:
    """Make a peer's environment where it is not there as its lock file has it, with uv's own progress on stderr.

    Returns its interpreter. Raises SetupError in words a person can act on.
    """
    folder = environment_of(layout, name)
    lock = layout.root / FOLDER / f"{name}.lock"
    python, stamp = folder / "bin" / "python", folder / "installed"
    wanted = digest(lock.read_text(encoding="utf-8"), layout.interpreter)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    purpose, fetched, installed = PEERS[name]
    say(f"installing {purpose} into {folder}, once: about {fetched} MB to fetch, {installed} MB on disk")
    own = str(layout.python)
    env = with_pip_settings(own, plain_python(environ))
    pins = ["pip", "install", "--python", str(python), "--no-deps", "-r", str(lock), *torch_options(env)]
    with alone(layout):
        shutil.rmtree(folder, ignore_errors=True)
        for command in (
            ["venv", "--quiet", "--python", layout.interpreter, str(folder)],
            pins,
        ):
            if subprocess.run([own, "-m", "uv", *command], env=env, stdin=subprocess.DEVNULL, stdout=STDERR).returncode:
                raise SetupError(
                    f"the peer {name!r} could not be installed (above is why); it needs the network, or a mirror in "
                    "pip's settings, and a Python that it has wheels for. Try again: what was fetched is kept"
                )
        stamp.write_text(wanted, encoding="utf-8")
    return python


def main(arguments: list[str]) -> int:
    """Install the peers that are named and print their interpreters, one a line."""
    layout = Layout.of(Path(__file__).resolve().parents[2], os.environ)
    try:
        for name in arguments:
            print(install(layout, name, os.environ))
    except (SetupError, OSError) as error:
        say(f"error: {error}")
        return getattr(error, "code", 1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
