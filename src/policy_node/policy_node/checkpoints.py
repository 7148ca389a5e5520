"""Finds the checkpoints that come with the project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bimanual_core.errors import UnknownNameError
from policy_node.checkpoint_file import SUFFIX

PACKAGE = "policy_node"
FOLDER = "checkpoints"


def folders() -> Iterator[Path]:
    """Where checkpoints are: in the source tree (also through a symlinked install), or in the share of a workspace."""
    here = Path(__file__).resolve()
    yield here.parents[1] / FOLDER
    for prefix in here.parents:
        yield prefix / "share" / PACKAGE / FOLDER
    for prefix_path in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        if prefix_path:
            yield Path(prefix_path) / "share" / PACKAGE / FOLDER


def shipped() -> dict[str, Path]:
    """The checkpoints that come with the project, by ``<task>_<policy>``."""
    found: dict[str, Path] = {}
    for folder in folders():
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            found.setdefault(path.stem, path)
    return found


def find(policy: str, task: str) -> Path:
    """The project's checkpoint of ``policy`` ("dp3") for ``task``. Raises UnknownNameError listing those there are."""
    known = shipped()
    name = f"{task}_{policy}"
    if name not in known:
        raise UnknownNameError("checkpoint", name, known)
    return known[name]
