"""ManiSkill's demonstrations of StackCube, collected in its own environment beside this project's."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from bimanual.bench.peers.programs import run_for_peer
from bimanual.output import note

#: For start-up, and for a demonstration that is under way when the time is over [s].
_PATIENCE_S = 300.0


def collect_with_maniskill(seconds: float, workers: int, cameras: bool) -> dict[str, Any]:
    """What ManiSkill collects in ``seconds`` by ``workers`` processes: the answers of ``maniskill_run.py``.

    Raises BimanualError where it cannot be installed, crashes or hangs, with its own last words.
    """
    with tempfile.TemporaryDirectory(prefix="bimanual-maniskill-") as name:
        folder = Path(name)
        asked, answered = folder / "asked.json", folder / "answers.json"
        wanted = {"seconds": seconds, "workers": workers, "cameras": cameras, "folder": str(folder / "demos")}
        asked.write_text(json.dumps(wanted), encoding="utf-8")
        note(f"ManiSkill collects for {seconds:g} s, {'one 128x128 RGB-D camera' if cameras else 'state only'}")
        run_for_peer("maniskill", asked, answered, seconds + _PATIENCE_S)
        found: dict[str, Any] = json.loads(answered.read_text(encoding="utf-8"))
    return found
