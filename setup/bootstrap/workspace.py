"""The colcon workspace: which packages changed, and building those."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bootstrap.layout import Layout
from bootstrap.steps import SetupError, digest, say
from bootstrap.underlay import without_underlay

# Files whose content decides the build. Of all others only the name matters: they are installed as links.
CONTENT_SUFFIXES = (".msg", ".srv", ".action")
CONTENT_NAMES = ("package.xml", "CMakeLists.txt", "setup.py", "setup.cfg", "pyproject.toml")
IGNORED_FOLDERS = {"__pycache__", "test", "tests", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
# Folders of the root that a package installs as its own.
SHARED_FOLDERS = {"bimanual": ("launch", "config")}
ERROR_LINES = 40


@dataclass(frozen=True)
class Package:
    """One package of the workspace."""

    name: str
    folder: Path
    depends: frozenset[str]
    makes_interfaces: bool


def packages(layout: Layout) -> list[Package]:
    """Every package below ``src``, by name."""
    return sorted(_find(layout.source), key=lambda package: package.name)


def _find(folder: Path) -> Iterator[Package]:
    if (folder / "COLCON_IGNORE").exists():
        return
    if (folder / "package.xml").is_file():
        yield _read(folder)
        return
    for child in sorted(folder.iterdir()) if folder.is_dir() else ():
        if child.is_dir() and not child.name.startswith("."):
            yield from _find(child)


def _read(folder: Path) -> Package:
    try:
        tree = ElementTree.parse(folder / "package.xml").getroot()
    except ElementTree.ParseError as error:
        raise SetupError(f"{folder / 'package.xml'} is not XML: {error}") from None
    depends = frozenset(element.text or "" for element in tree if element.tag.endswith("depend"))
    groups = {element.text for element in tree if element.tag == "member_of_group"}
    return Package(tree.findtext("name", folder.name), folder, depends, "rosidl_interface_packages" in groups)


def wanted(layout: Layout) -> list[Package]:
    """The packages to build: all but those of ``src/overlay`` that the ROS 2 below already has."""
    overlay = layout.source / "overlay"

    def has(name: str) -> bool:
        if layout.underlay:
            return layout.underlay.has(name)
        return (layout.venv / "share" / name / "package.xml").exists()

    return [p for p in packages(layout) if overlay not in p.folder.parents or not has(p.name)]


def package_hash(package: Package, layout: Layout, basis: str) -> str:
    """A hash of what the build of one package depends on."""
    folders = [package.folder, *(layout.root / name for name in SHARED_FOLDERS.get(package.name, ()))]
    return digest(basis if package.makes_interfaces else "", *(part for folder in folders for part in _parts(folder)))


def _parts(folder: Path) -> Iterator[str]:
    for parent, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name not in IGNORED_FOLDERS and not name.endswith(".egg-info"))
        for name in sorted(files):
            path = Path(parent, name)
            if name.endswith((".pyc", "~", ".swp")):
                continue
            yield str(path.relative_to(folder))
            if name in CONTENT_NAMES or name.endswith(CONTENT_SUFFIXES):
                yield path.read_text(encoding="utf-8", errors="replace")


def basis(layout: Layout) -> str:
    """What generated code depends on beside its package: the generators and numpy."""
    lines = [line for line in layout.pins().splitlines() if line.startswith(("ros-", "numpy=="))]
    return digest(*lines, *(layout.underlay.prefixes if layout.underlay else ()))


def hashes(layout: Layout) -> dict[str, str]:
    common = basis(layout)
    return {package.name: package_hash(package, layout, common) for package in wanted(layout)}


def inputs(layout: Layout) -> str:
    """A hash of the whole workspace."""
    return digest(layout.root, layout.venv, *(f"{name}={value}" for name, value in hashes(layout).items()))


def _place(layout: Layout) -> str:
    """What every built file is bound to."""
    return "|".join(map(str, (layout.root, layout.venv, *([layout.underlay.home] if layout.underlay else []))))


@dataclass
class Record:
    """What the last builds made: hash by package, and the place they were made for."""

    path: Path
    place: str
    built: dict[str, str]

    @classmethod
    def read(cls, layout: Layout) -> Record:
        path, place = layout.install / ".bimanual.json", _place(layout)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return cls(path, place, {})
        if stored.get("place") != place:
            say("      built for another place: starting afresh")
            for folder in (layout.build, layout.install):
                shutil.rmtree(folder, ignore_errors=True)
            return cls(path, place, {})
        return cls(path, place, stored["built"])

    def write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({"place": self.place, "built": self.built}, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self.path)


def stale(all_packages: list[Package], now: Mapping[str, str], built: Mapping[str, str]) -> list[str]:
    """Changed packages, and the interface packages that generate code from a changed one."""
    names = {name for name, value in now.items() if built.get(name) != value}
    interfaces = {package.name for package in all_packages if package.makes_interfaces}
    grown = True
    while grown:
        users = {p.name for p in all_packages if p.makes_interfaces and p.depends & names & interfaces}
        grown = not users <= names
        names |= users
    return sorted(names)


def build(layout: Layout, environ: Mapping[str, str]) -> None:
    """Build what changed; forget what is gone."""
    record, all_packages, now = Record.read(layout), wanted(layout), hashes(layout)
    for name in set(record.built) - set(now):
        shutil.rmtree(layout.install / name, ignore_errors=True)
        shutil.rmtree(layout.build / name, ignore_errors=True)
        del record.built[name]
    names = [name for name in stale(all_packages, now, record.built) if name in now]
    if names:
        finished: set[str] = set()
        try:
            _colcon(layout, names, environ, finished)
        finally:  # also when interrupted: what is built stays built
            record.built.update({name: now[name] for name in finished})
            record.write()
        if set(names) - finished:
            raise SetupError(_failure(layout, sorted(set(names) - finished)))


def build_environment(layout: Layout, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for colcon: the installed ROS 2, or else this project's wheels, as the only underlay."""
    env = without_underlay(environ)
    if layout.underlay:
        env = layout.underlay.add_to(env)
        # The project's pins go before what the underlay holds of the same name.
        env["PYTHONPATH"] = os.pathsep.join([str(layout.site_packages), env["PYTHONPATH"]])
    else:
        env["AMENT_PREFIX_PATH"] = env["CMAKE_PREFIX_PATH"] = str(layout.venv)
    env["VIRTUAL_ENV"] = str(layout.venv)
    env["PATH"] = f"{layout.venv / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}"
    return env


def _colcon(layout: Layout, names: list[str], environ: Mapping[str, str], finished: set[str]) -> None:
    """Run colcon on the packages; add to ``finished`` as they finish."""
    command = [str(layout.python), "-m", "colcon", "--log-base", str(layout.log), "build", "--symlink-install"]
    command += ["--base-paths", str(layout.source), "--build-base", str(layout.build)]
    command += ["--install-base", str(layout.install), "--packages-select", *names, "--continue-on-error"]
    command += ["--event-handlers", "console_start_end+", "status-", "desktop_notification-", "terminal_title-"]
    command += ["--cmake-args", "-DBUILD_TESTING=OFF", f"-DPython3_EXECUTABLE={layout.python}"]
    layout.log.mkdir(parents=True, exist_ok=True)
    log = layout.log / "build.txt"
    process = subprocess.Popen(
        command,
        cwd=layout.root,
        env=build_environment(layout, environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        with process, log.open("w", encoding="utf-8") as kept:
            assert process.stdout is not None  # asked for above
            for line in process.stdout:
                kept.write(line)
                match = re.match(r"(Starting >>>|Finished <<<) (\S+)(.*)", line)
                if match and match[1].startswith("Finished"):
                    finished.add(match[2])
                    say(f"      {len(finished)}/{len(names)} {match[2]}{match[3]}")
    except KeyboardInterrupt:
        _let_end(process)
        raise
    if process.returncode and not set(names) - finished:
        raise SetupError(f"colcon ended with status {process.returncode}; see {log}")
    if not finished and process.returncode == 0:
        raise SetupError(f"colcon found none of {', '.join(names)}; see {log}")


def _let_end(process: subprocess.Popen[str]) -> None:
    """Ctrl-C reached colcon too: give it time to stop its compilers, then insist."""
    deadline = time.monotonic() + 5.0
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    if process.poll() is None:
        process.terminate()
        process.wait()


def _failure(layout: Layout, names: list[str]) -> str:
    """Name the packages that did not build, with the end of what the first of them printed."""
    for name in names:
        log = layout.log / "latest_build" / name / "stdout_stderr.log"
        if log.is_file() and log.stat().st_size:
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            errors = [number for number, line in enumerate(lines) if re.search(r"\b[Ee]rror\b", line)]
            start = max(0, min(errors[0] - 3 if errors else len(lines), len(lines) - 10))
            tail = "\n".join("    " + line for line in lines[start : start + ERROR_LINES])
            return f"these packages did not build: {', '.join(names)}\n{name} ({log}):\n{tail}"
    kept = (layout.log / "build.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    tail = "\n".join("    " + line for line in kept[-ERROR_LINES:])
    return f"these packages did not build: {', '.join(names)}\n{tail}"
