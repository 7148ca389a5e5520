"""A ROS 2 that is installed on this machine: finding the one that is sourced, remembering it, standing on it.

Where one is sourced it is used: no ROS wheels, its Python, its interface packages. It is remembered beside the Python
environment, so that the next ``./bimanual`` need not be in a sourced shell. ``BIMANUAL_UNDERLAY=none`` sets it aside.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bootstrap.shell import answer
from bootstrap.steps import SetupError

CHOICE = "BIMANUAL_UNDERLAY"
# Variables that a sourced ROS 2 extends and that decide which packages are found.
SEARCH_PATHS = ("AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH", "COLCON_PREFIX_PATH", "PYTHONPATH", "LD_LIBRARY_PATH")
OTHER_VARIABLES = ("ROS_DISTRO", "ROS_VERSION", "ROS_PYTHON_VERSION")

PROBE = "import sys, numpy, rclpy; print(f'{sys.version_info[0]}.{sys.version_info[1]} {numpy.__version__}')"
_PYTHON_FOLDER = re.compile(r"python(3\.\d+)")


@dataclass(frozen=True)
class Underlay:
    """An installed ROS 2: its distribution, its prefixes (nearest first), its Python and what it adds to the paths."""

    distro: str
    prefixes: tuple[str, ...]
    python: str
    paths: Mapping[str, list[str]] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    interpreter: str = ""
    numpy: str = ""

    def has(self, package: str) -> bool:
        """Whether a prefix holds the package, so that ``src/overlay`` need not build it."""
        return any(Path(prefix, "share", package, "package.xml").is_file() for prefix in self.prefixes)

    @property
    def home(self) -> str:
        """The prefix that holds rclpy: the distribution's own."""
        return next((p for p in self.prefixes if Path(p, "share", "rclpy", "package.xml").is_file()), self.prefixes[-1])

    def add_to(self, environ: Mapping[str, str]) -> dict[str, str]:
        """``environ``, whose workspaces were cut, with this ROS 2 sourced."""
        env = {**environ, **self.variables}
        for name, parts in self.paths.items():
            env[name] = os.pathsep.join(dict.fromkeys([*parts, *_parts(env, name)]))
        return env

    def same_as(self, other: Underlay | None) -> bool:
        """Whether ``other`` is this one, as far as sourcing tells."""
        return other is not None and (self.prefixes, self.python, self.paths) == (
            other.prefixes,
            other.python,
            other.paths,
        )


def find_underlay(environ: Mapping[str, str], own: tuple[Path, ...]) -> Underlay | None:
    """The ROS 2 that is sourced in ``environ``. Prefixes below ``own`` (checkout, environment) and those of other
    checkouts of this project do not count."""
    prefixes = [p for p in _parts(environ, "AMENT_PREFIX_PATH") if not _is_own(Path(p), own)]
    paths = {name: [part for part in _parts(environ, name) if _below(part, prefixes)] for name in SEARCH_PATHS}
    paths["PATH"] = [part for part in _parts(environ, "PATH") if _below(part, prefixes)]
    variables = {name: environ[name] for name in OTHER_VARIABLES if name in environ}
    python = next(filter(None, map(_python_of, paths["PYTHONPATH"])), "")
    underlay = Underlay(environ.get("ROS_DISTRO", ""), tuple(prefixes), python, paths, variables)
    return underlay if underlay.distro and underlay.python and underlay.has("rclpy") else None


def _parts(environ: Mapping[str, str], name: str) -> list[str]:
    return [part for part in environ.get(name, "").split(os.pathsep) if part]


def _is_own(prefix: Path, own: tuple[Path, ...]) -> bool:
    if {prefix, *prefix.parents} & set(own):
        return True
    # A Python environment or an install folder that this set-up made, perhaps in another checkout.
    return (prefix / ".bimanual").is_dir() or (prefix.parent / ".bimanual.json").is_file()


def _below(path: str, prefixes: list[str]) -> bool:
    return any(path == prefix or path.startswith(prefix.rstrip("/") + "/") for prefix in prefixes)


def _python_of(folder: str) -> str:
    """The Python version that a folder of modules with rclpy belongs to, from its name."""
    match = _PYTHON_FOLDER.search(folder) if Path(folder, "rclpy").is_dir() else None
    return match[1] if match else ""


def without_underlay(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without any sourced workspace: what was there is cut from the search paths."""
    prefixes = _parts(environ, "AMENT_PREFIX_PATH")
    kept = dict(environ)
    for name in SEARCH_PATHS:
        parts = [part for part in _parts(environ, name) if not _below(part, prefixes)]
        if parts and name in ("PYTHONPATH", "LD_LIBRARY_PATH"):
            kept[name] = os.pathsep.join(parts)
        else:
            kept.pop(name, None)
    return kept


def with_interpreter(underlay: Underlay, environ: Mapping[str, str]) -> Underlay:
    """``underlay`` with the interpreter that imports its rclpy and that one's numpy. Raises SetupError if none does."""
    env = underlay.add_to(without_underlay(environ))
    env.pop("PYTHONHOME", None)
    tried = list(dict.fromkeys(_interpreters(underlay.python, environ)))
    for candidate in tried:
        words = (answer([candidate, "-c", PROBE], env) or "").split()
        if words[:1] == [underlay.python]:
            return Underlay(**{**asdict(underlay), "interpreter": candidate, "numpy": words[1]})
    raise SetupError(
        f"ROS 2 {underlay.distro} at {underlay.home} is sourced, but no Python {underlay.python} imports its rclpy "
        f"(tried {', '.join(tried) or 'none: there is none'}). Install that Python with numpy, name one in "
        f"BIMANUAL_PYTHON, or set {CHOICE}=none to use ROS 2 from wheels"
    )


def _interpreters(version: str, environ: Mapping[str, str]) -> Iterator[str]:
    path = environ.get("PATH", os.defpath)
    named = environ.get("BIMANUAL_PYTHON", "").split()
    for name in (*named, f"python{version}", "python3", f"/usr/bin/python{version}"):
        found = shutil.which(name, path=path)
        if found:
            # Of an environment the interpreter behind it: environments are made from that one.
            yield answer([found, "-S", "-E", "-c", "import sys; print(sys._base_executable, end='')"]) or found


def supported(underlay: Underlay) -> bool:
    """Whether the stack runs on the underlay's Python."""
    return underlay.python in ("3.11", "3.12", "3.13")


def read(path: Path) -> Underlay | None:
    """The underlay remembered at ``path``; None if there is none or it is gone from the machine."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        underlay = Underlay(**{**stored, "prefixes": tuple(stored["prefixes"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return underlay if underlay.has("rclpy") else None


def write(path: Path, underlay: Underlay | None) -> None:
    """Remember ``underlay`` at ``path``; None forgets."""
    if underlay is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(underlay), indent=1) + "\n", encoding="utf-8")


def choose(environ: Mapping[str, str], remembered: Path, own: tuple[Path, ...]) -> tuple[Underlay | None, str]:
    """The ROS 2 to stand on, None for the wheels, and a sentence where that needs one. Raises SetupError."""
    choice = environ.get(CHOICE, "")
    if choice not in ("", "none"):
        raise SetupError(f"{CHOICE}={choice} is not a choice; choices: none (ROS 2 from wheels), or unset")
    if choice == "none":
        return None, ""
    known, sourced = read(remembered), find_underlay(environ, own)
    if sourced is None:
        return known, ""
    if sourced.same_as(known):
        return known, ""
    if not supported(sourced):
        said = (
            f"the sourced ROS 2 {sourced.distro} is set aside: its Python {sourced.python} is not one of 3.11 to 3.13"
        )
        return known, f"{said}; both understand each other on the wire"
    return with_interpreter(sourced, environ), f"using the sourced ROS 2 {sourced.distro} at {sourced.home}"
