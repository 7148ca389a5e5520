"""The environment a verb runs in: what sourcing the built workspace gives, computed once and kept."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from bootstrap.layout import Layout
from bootstrap.shell import run
from bootstrap.steps import digest
from bootstrap.underlay import without_underlay
from bootstrap.workspace import build_environment

SEARCH_PATHS = ("AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PATH")
PROFILE = Path("config") / "fastdds_local.xml"


def capture(layout: Layout) -> dict[str, list[str]]:
    """Source the workspace in a clean shell; keep, per search path, what it put in front."""
    system = {"PATH": os.defpath, "HOME": os.environ.get("HOME", "/")}
    script = '. "$0" >/dev/null && env -0'
    out = run(["sh", "-c", script, str(layout.install / "setup.sh")], build_environment(layout, system))
    values = dict(item.split("=", 1) for item in out.split("\0") if "=" in item)
    paths = {name: _unique(values.get(name, "").split(os.pathsep)) for name in SEARCH_PATHS}
    paths["PATH"] = [part for part in paths["PATH"] if part not in os.defpath.split(os.pathsep)]
    libraries = [str(layout.venv / "lib"), *map(str, sorted(layout.venv.glob("lib/python3*/site-packages/ros_*.libs")))]
    paths["LD_LIBRARY_PATH"] = _unique([*paths["LD_LIBRARY_PATH"], *libraries])
    return paths


def _unique(parts: list[str]) -> list[str]:
    return list(dict.fromkeys(part for part in parts if part))


def settings(layout: Layout) -> dict[str, str]:
    """Plain variables; those that the user has set already win."""
    values = {
        "ROS_DISTRO": layout.underlay.distro if layout.underlay else "kilted",
        "ROS_VERSION": "2",
        "ROS_PYTHON_VERSION": "3",
        "RMW_IMPLEMENTATION": "rmw_fastrtps_cpp",
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }
    if (layout.root / PROFILE).is_file():
        values["FASTDDS_DEFAULT_PROFILES_FILE"] = str(layout.root / PROFILE)
    return values


def inputs(layout: Layout, workspace: str) -> str:
    here = Path(__file__).with_suffix(".py").read_text(encoding="utf-8")
    return digest(workspace, here, *settings(layout).items())


def write(layout: Layout) -> None:
    """Keep the environment as JSON for ``./bimanual`` and as a script to source."""
    paths, values = capture(layout), settings(layout)
    layout.state.mkdir(parents=True, exist_ok=True)
    stored = {"root": str(layout.root), "paths": paths, "settings": values}
    (layout.state / "runtime.json").write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    (layout.venv / "bin" / "activate-bimanual").write_text(_script(layout, paths, values), encoding="utf-8")


def _script(layout: Layout, paths: Mapping[str, list[str]], values: Mapping[str, str]) -> str:
    lines = ["# Source this to work in the built workspace: . .venv/bin/activate-bimanual"]
    for name, parts in paths.items():
        joined = shlex.quote(os.pathsep.join(parts))
        lines.append(f'export {name}={joined}"${{{name}:+:${name}}}"')
    lines += [f'export {name}="${{{name}:-{value}}}"' for name, value in values.items()]
    lines += [
        f"export VIRTUAL_ENV={shlex.quote(str(layout.venv))}",
        f"export BIMANUAL_ROOT={shlex.quote(str(layout.root))}",
    ]
    return "\n".join([*lines, "export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1", ""])


def environment(layout: Layout, environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` with the workspace in front and any other sourced ROS 2 taken out."""
    stored = json.loads((layout.state / "runtime.json").read_text(encoding="utf-8"))
    env = without_underlay(environ)
    if "AMENT_PREFIX_PATH" in environ and "ROS_DISTRO" in environ:
        env.pop("ROS_DISTRO")
    for name, parts in stored["paths"].items():
        env[name] = os.pathsep.join(_unique([*parts, *env.get(name, "").split(os.pathsep)]))
    for name, value in stored["settings"].items():
        env.setdefault(name, value)
    env["VIRTUAL_ENV"] = str(layout.venv)
    env["BIMANUAL_ROOT"] = str(layout.root)
    # The wheels' bootstrapper starts Python a second time unless the library path is already set, as it is here.
    env["_ROS_WHEELS_BOOTSTRAP_COMPLETE"] = "1"
    env.pop("PYTHONHOME", None)
    return env
