"""Extras of the environment: what a verb needs beyond the base is installed on its first use, with a word about it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from bimanual_core.errors import BimanualError, UnknownNameError

#: The modules by which an extra is known to be there: looked for, not imported.
MODULES = {"learning": ("torch", "safetensors", "fpsample"), "llm": ("openai",)}


def missing(name: str) -> list[str]:
    """Modules of an extra that are not installed. Raises UnknownNameError."""
    if name not in MODULES:
        raise UnknownNameError("extra", name, MODULES)
    return [module for module in MODULES[name] if importlib.util.find_spec(module) is None]


def require(name: str) -> None:
    """Make sure that the extra ``name`` ("learning", "llm") can be imported; install it where it cannot.

    Cheap where it is there. Says on stderr what is installed and how large it is. Raises BimanualError where it cannot
    be installed, and UnknownNameError for another name.
    """
    absent = missing(name)
    if not absent:
        return
    setup = _setup_folder()
    if setup is None:
        raise BimanualError(
            f"{', '.join(absent)} is missing and there is no source checkout to install it from; run the verb as "
            f"./bimanual in the checkout, or install the packages of setup/extras/{name}.lock by hand"
        )
    if subprocess.run([sys.executable, "-m", "bootstrap.extras", name], env=_environment(setup)).returncode:
        raise BimanualError(f"the extra {name!r} is needed and could not be installed: {', '.join(absent)} is missing")
    importlib.invalidate_caches()
    if missing(name):
        raise BimanualError(f"the extra {name!r} was installed, yet {', '.join(missing(name))} cannot be found")


def peer_python(name: str) -> Path:
    """The interpreter of the environment of the peer ``name`` ("mplib"), made on first use.

    Raises BimanualError where it cannot be made.
    """
    setup = _setup_folder()
    if setup is None:
        raise BimanualError(f"there is no source checkout to install the peer {name!r} from; run ./bimanual in one")
    command = [sys.executable, "-m", "bootstrap.peers", name]
    made = subprocess.run(command, env=_environment(setup), stdout=subprocess.PIPE, text=True)
    if made.returncode:
        raise BimanualError(f"the peer {name!r} is not there and could not be installed: see above")
    return Path(made.stdout.strip())


def _environment(setup: Path) -> dict[str, str]:
    """Of a process that runs the set-up's own modules."""
    env = {**os.environ, "PYTHONPATH": str(setup), "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1"}
    env.setdefault("BIMANUAL_VENV", sys.prefix)
    return env


def _setup_folder() -> Path | None:
    """``setup`` of the checkout that runs: that of ``./bimanual``, or the one around this file."""
    named = os.environ.get("BIMANUAL_ROOT")
    roots = [Path(named)] if named else list(Path(__file__).resolve().parents)
    return next((root / "setup" for root in roots if (root / "setup" / "bootstrap" / "extras.py").is_file()), None)
