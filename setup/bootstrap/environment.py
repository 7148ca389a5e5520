"""The Python environment: a venv, uv from pip, and the packages of the lock file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from bootstrap import underlay
from bootstrap.layout import Layout
from bootstrap.shell import answer, run
from bootstrap.steps import Clock, SetupError, say

UV_VERSION = re.compile(r"^uv==(\S+)$", re.MULTILINE)


def make_venv(layout: Layout) -> None:
    """Make the environment, or keep the one that is there, runs and was made for the same ROS 2.

    On an underlay it sees the packages of the underlay's interpreter, which ROS needs; this project's pins go first.
    """
    here = (layout.venv / "pyvenv.cfg").is_file()
    fits = underlay.read(layout.underlay_file) == layout.underlay
    if here and fits and answer([str(layout.python), "-S", "-c", ""]) is not None:
        return
    filled = layout.venv.exists() and set(os.listdir(layout.venv)) - {layout.state.name}
    if filled and not here:
        raise SetupError(f"{layout.venv} exists and is no Python environment; move it away or set BIMANUAL_VENV")
    options = [*(["--clear"] if filled else []), *(["--system-site-packages"] if layout.underlay else [])]
    run([layout.interpreter, "-m", "venv", *options, str(layout.venv)])
    underlay.write(layout.underlay_file, layout.underlay)


def pip_settings(text: str) -> dict[str, str]:
    """The settings of ``pip config list`` by their bare name; the environment's come last and win."""
    pairs = re.findall(r"^([\w:.-]+)='(.*)'$", text, re.MULTILINE)
    ordered = sorted(pairs, key=lambda pair: (pair[0].startswith(":env:"), pair[0].startswith("install.")))
    return {re.split(r"[.]", name)[-1]: value for name, value in ordered}


def uv_environment(settings: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """What uv needs to use the indexes and certificates that pip is set up with; uv's own variables win."""
    words = {key: settings[key].replace("\\n", " ").split() for key in settings}
    wanted = {}
    if words.get("index-url"):
        wanted["UV_DEFAULT_INDEX"] = words["index-url"][0]
    if words.get("extra-index-url"):
        wanted["UV_INDEX"] = " ".join(words["extra-index-url"])
        wanted["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # pip's own rule for several indexes
    if words.get("find-links"):
        wanted["UV_FIND_LINKS"] = ",".join(words["find-links"])
    if settings.get("cert"):
        wanted["SSL_CERT_FILE"] = settings["cert"]
    return {**wanted, **environ}


def plain_python(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment variables with which an interpreter installs packages: other module paths have nothing to say,
    and the wheels' bootstrapper would start Python a second time."""
    env = {key: value for key, value in environ.items() if key not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    return {**env, "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1"}


def with_pip_settings(python: str, env: Mapping[str, str]) -> dict[str, str]:
    """The environment variables for uv to install from where ``python``'s pip does."""
    return uv_environment(pip_settings(answer([python, "-m", "pip", "config", "list"], env) or ""), env)


def torch_options(env: Mapping[str, str]) -> list[str]:
    """uv's options for a torch that runs on the processor, unless the settings say where it comes from."""
    chosen = "UV_FIND_LINKS" in env or "UV_TORCH_BACKEND" in env
    return [] if chosen else ["--torch-backend", "cpu"]


def names(lock: str) -> set[str]:
    """The packages that a lock file pins."""
    return set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))


def install_packages(layout: Layout, clock: Clock, environ: Mapping[str, str]) -> None:
    """Install what the lock file says; remove what an earlier lock file had and this one has not."""
    lock = layout.pins()
    match = UV_VERSION.search(lock)
    if match is None:
        raise SetupError(f"{layout.lock_file} pins no uv")
    python = str(layout.python)
    env = plain_python(environ)
    with clock.network():
        if (answer([python, "-m", "uv", "--version"], env) or "").split()[1:2] != [match[1]]:
            if answer([python, "-m", "pip", "--version"], env) is None:
                run([python, "-m", "ensurepip", "--default-pip"], env)
            run([python, "-m", "pip", "install", "--disable-pip-version-check", f"uv=={match[1]}"], env)
        env = with_pip_settings(python, env)
        wanted = layout.state / "wanted.lock"
        wanted.write_text(lock, encoding="utf-8")
        # Not `uv pip sync`: the ROS wheels carry egg-info folders, which it takes for packages to remove.
        uv = [python, "-m", "uv", "pip"]
        out = run([*uv, "install", "--python", python, "--no-deps", "-r", str(wanted)], env)
    kept = layout.state / "installed.lock"
    gone = names(kept.read_text(encoding="utf-8")) - names(lock) if kept.is_file() else set()
    if gone:
        out += run([*uv, "uninstall", "--python", python, *sorted(gone)], env)
    kept.write_text(lock, encoding="utf-8")
    for line in out.splitlines():
        if re.match(r"\s*(Resolved|Prepared|Installed|Uninstalled) ", line):
            say("      " + line.strip())


def mend_wheels(layout: Layout) -> None:
    """Make the ROS wheels' CMake exports point into this environment; an underlay has none."""
    if layout.underlay:
        return
    mender = layout.root / "setup" / "bootstrap" / "wheels.py"
    say("      " + run([str(layout.python), str(mender)]).strip())
