"""The dev container brings what the set-up would otherwise install, so that its first run needs no root."""

from __future__ import annotations

import json
from pathlib import Path

from bootstrap import apt

FOLDER = Path(__file__).resolve().parents[2] / ".devcontainer"


def test_the_image_holds_what_the_set_up_asks_for() -> None:
    words = (FOLDER / "Dockerfile").read_text(encoding="utf-8").replace("\\", " ").split()
    wanted = {*apt.PROGRAMS.values(), *apt.LIBRARIES, *apt.MESA, "python3-venv", "python3-dev"}
    assert wanted <= set(words), f"missing in the Dockerfile: {sorted(wanted - set(words))}"


def test_shared_memory_is_large_enough_and_the_dockerfile_is_there() -> None:
    settings = json.loads((FOLDER / "devcontainer.json").read_text(encoding="utf-8"))
    assert (FOLDER / settings["build"]["dockerfile"]).is_file()
    assert settings["runArgs"] == ["--shm-size=2g"]  # Docker's 64 MB hold no camera
