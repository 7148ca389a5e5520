"""Where things are: one object instead of paths spelled out in every module."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bootstrap.underlay import Underlay


@dataclass(frozen=True)
class Layout:
    """The folders of one checkout and its environment."""

    root: Path
    venv: Path
    # The installed ROS 2 to stand on; None: the one of the wheels.
    underlay: Underlay | None = None

    @classmethod
    def of(cls, root: Path, environ: Mapping[str, str]) -> Layout:
        """The layout of the checkout at ``root``; ``BIMANUAL_VENV`` moves the environment."""
        return cls(root, Path(os.path.abspath(environ.get("BIMANUAL_VENV") or root / ".venv")))

    def on(self, underlay: Underlay | None) -> Layout:
        """The same folders, standing on ``underlay``."""
        return replace(self, underlay=underlay)

    @property
    def interpreter(self) -> str:
        """The interpreter that the environment is made from."""
        return self.underlay.interpreter if self.underlay else base_interpreter()

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def state(self) -> Path:
        """Stamps, the cached run-time environment and the report of the set-up."""
        return self.venv / ".bimanual"

    @property
    def underlay_file(self) -> Path:
        """Remembers the ROS 2 that the environment was made for."""
        return self.state / "underlay.json"

    @property
    def site_packages(self) -> Path | None:
        """Where the environment's modules are, if it has any yet."""
        return next(iter(sorted(self.venv.glob("lib/python3*/site-packages"))), None)

    @property
    def lock_file(self) -> Path:
        """The pins: those with numpy 1 where an underlay's messages were built with it."""
        numpy1 = self.underlay is not None and self.underlay.numpy.startswith("1.")
        return self.root / "setup" / ("requirements-numpy1.lock" if numpy1 else "requirements.lock")

    def pins(self) -> str:
        """What to install: the lock file, without ROS where an underlay brings it."""
        lines = self.lock_file.read_text(encoding="utf-8").splitlines()
        return "".join(f"{line}\n" for line in lines if self.underlay is None or not line.startswith("ros-"))

    @property
    def source(self) -> Path:
        return self.root / "src"

    @property
    def build(self) -> Path:
        return self.root / "build"

    @property
    def install(self) -> Path:
        return self.root / "install"

    @property
    def log(self) -> Path:
        return self.root / "log"


def base_interpreter() -> str:
    """The interpreter an environment is made from: this one, or the one behind the environment this one is in."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
