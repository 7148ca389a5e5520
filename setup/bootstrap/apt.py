"""System packages: what is missing is installed by apt, what is there is respected."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from bootstrap.shell import answer, run
from bootstrap.steps import Clock, SetupError

# Mesa's software renderer: from this version on it has the external memory that SAPIEN asks for.
MESA_MINIMUM = "24.3"
MESA = ("mesa-vulkan-drivers", "libvulkan1")
LIBRARIES = ("libusb-1.0-0", "libx11-6", "libgomp1")
PROGRAMS = {"cmake": "cmake", "make": "make", "g++": "g++"}
PERMISSION_CODE = 3

ABOUT_PYTHON = """
import importlib.util, sys, sysconfig
found = importlib.util.find_spec("ensurepip") is not None
print(f"{sys.version_info[0]}.{sys.version_info[1]},{found},{sysconfig.get_paths()['include']}")
"""

_INSTALLED = re.compile(r"^(\S+) (\S+) install ok installed$", re.MULTILINE)


def installed(names: Iterable[str]) -> dict[str, str]:
    """Versions of those of the packages that are installed."""
    text = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version} ${Status}\\n", *names],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ).stdout
    return {name: version for name, version in _INSTALLED.findall(text)}


def newer_or_equal(version: str, minimum: str) -> bool:
    return subprocess.run(["dpkg", "--compare-versions", version, "ge", minimum]).returncode == 0


def python_packages(interpreter: str) -> list[str]:
    """What a distribution's own Python lacks to make environments and to build against."""
    version, ensurepip, include = run([interpreter, "-E", "-c", ABOUT_PYTHON]).strip().split(",")
    names = [] if ensurepip == "True" else [f"python{version}-venv"]
    return names if Path(include, "Python.h").is_file() else [*names, f"python{version}-dev"]


def missing(interpreter: str) -> tuple[list[str], bool]:
    """The packages to install, and whether Mesa is among them."""
    have = installed([*MESA, *LIBRARIES])
    names = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    names += [name for name in LIBRARIES if name not in have]
    names += python_packages(interpreter)
    mesa = any(name not in have for name in MESA) or not newer_or_equal(have[MESA[0]], MESA_MINIMUM)
    return names, mesa


def os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)
    return {key: value.strip("\"'") for key, value in pairs}


def mirror_of(codename: str, folder: Path = Path("/etc/apt")) -> str | None:
    """The ``[options] URI`` of the source that already serves the distribution's main suite."""
    one_line = [folder / "sources.list", *sorted(folder.glob("sources.list.d/*.list"))]
    for path in filter(Path.is_file, one_line):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            match = re.match(r"\s*deb\s+(\[[^]]*\]\s+)?(\S+)\s+(\S+)\s", line + " ")
            if match and match[3] == codename:
                return f"{match[1] or ''}{match[2]}"
    for path in sorted(folder.glob("sources.list.d/*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text(encoding="utf-8", errors="replace")):
            fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
            if codename in fields.get("Suites", "").split() and fields.get("Enabled", "yes") != "no":
                signed_by = fields.get("Signed-By", "").strip()
                options = f"[signed-by={signed_by}] " if signed_by.startswith("/") else ""
                return options + fields["URIs"].split()[0]
    return None


def available_mesa(policy: str) -> dict[str, str]:
    """Suite to version from the output of ``apt-cache madison``."""
    rows = (line.split("|") for line in policy.splitlines() if line.count("|") == 2)
    return {source.split()[1].split("/")[0]: version.strip() for _, version, source in rows if len(source.split()) > 1}


def mesa_commands() -> tuple[list[str], str]:
    """Commands that make a new enough Mesa known to apt, and the option that selects it."""
    offers = available_mesa(answer(["apt-cache", "madison", MESA[0]]) or "")
    codename = os_release().get("VERSION_CODENAME", "")
    backports = f"{codename}-backports"
    plain = [version for suite, version in offers.items() if suite != backports]
    if any(newer_or_equal(version, MESA_MINIMUM) for version in plain):
        return [], ""
    if any(newer_or_equal(version, MESA_MINIMUM) for suite, version in offers.items() if suite == backports):
        return [], f"-t {backports} "
    if not offers and os_release().get("VERSION_ID") != "12":
        return [], ""  # apt's lists were never fetched; systems newer than Debian 12 have it in their main suite
    mirror = mirror_of(codename)
    if os_release().get("ID") != "debian" or not mirror:
        raise SetupError(
            f"this system offers no Mesa >= {MESA_MINIMUM} (Vulkan without a GPU); install it by hand, "
            "or set BIMANUAL_SKIP_APT=1 where a GPU's own Vulkan driver is installed"
        )
    line = shlex.quote(f"deb {mirror} {backports} main")
    return [f"echo {line} > /etc/apt/sources.list.d/bimanual-backports.list", "apt-get update -q"], f"-t {backports} "


def root_prefix() -> list[str] | None:
    """How to run a command as root without a question; None where it cannot be done."""
    if os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if answer(["sudo", "-n", "true"]) is not None else None


def install_missing(clock: Clock, environ: Mapping[str, str], interpreter: str) -> None:
    """Install what is missing, or say in one line what to run as root."""
    if environ.get("BIMANUAL_SKIP_APT") == "1":
        return
    if not shutil.which("dpkg-query") or not shutil.which("apt-get"):
        raise SetupError(
            f"no apt here: install Mesa >= {MESA_MINIMUM} with Vulkan, {', '.join([*LIBRARIES, *PROGRAMS])} by hand, "
            "then set BIMANUAL_SKIP_APT=1"
        )
    names, mesa = missing(interpreter)
    if not names and not mesa:
        return
    prefix = root_prefix()
    update = "apt-get update -q"
    if prefix is not None:
        with clock.network():
            run([*prefix, "sh", "-c", update])
    before, select = mesa_commands() if mesa else ([], "")
    wanted = " ".join([*names, *(MESA if mesa else ())])
    install = f"DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends {select}"
    if prefix is None:
        line = shlex.quote(" && ".join([update, *before, install + wanted]))
        raise SetupError(
            f"system packages are missing; run this line, then try again:\n  sudo sh -c {line}", PERMISSION_CODE
        )
    with clock.network():
        for command in [*before, f"{install}--download-only {wanted}"]:
            run([*prefix, "sh", "-c", command])
    run([*prefix, "sh", "-c", install + wanted])
