"""mplib on the benchmark's problems of one arm: planned in its own environment, judged by this project's checker."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bimanual.bench.peers.mplib_files import write_problems
from bimanual.bench.peers.programs import run_for_peer
from bimanual.bench.plan_tally import Tally
from bimanual.output import note
from bimanual_core.motion import JointTrajectory
from bimanual_planner.bench.problems import Problem
from bimanual_planner.config import PlannerConfig

#: Steps along a screw [rad]: mplib's own, and one with which its errors come near what this project's goals allow.
OWN_STEP, FINE_STEP = 0.1, 0.005
#: The longest that one problem may take on average, after which the run is given up [s].
_PATIENCE_S = 10.0


def plan_with_mplib(problems: Sequence[Problem], screw_step: float = OWN_STEP) -> tuple[Tally, dict[str, str]]:
    """How mplib does on ``problems``, each of one arm, and the versions that were run.

    Raises BimanualError where it cannot be installed, crashes or hangs, with its own last words.
    """
    with tempfile.TemporaryDirectory(prefix="bimanual-mplib-") as folder:
        asked = write_problems(Path(folder), problems, PlannerConfig(), screw_step)
        answered = Path(folder) / "answers.json"
        note(f"mplib plans {len(problems)} problems, screws in steps of {screw_step:g} rad")
        run_for_peer("mplib", asked, answered, _PATIENCE_S * (len(problems) + 6))
        found = json.loads(answered.read_text(encoding="utf-8"))
    tally = Tally()
    for problem, answer in zip(problems, found["answers"], strict=True):
        _count(tally, problem, answer)
    return tally, found["versions"]


def _count(tally: Tally, problem: Problem, answer: dict[str, Any]) -> None:
    if not answer["method"]:
        tally.count_failure(answer["milliseconds"], answer["why"])
        return
    (side,) = problem.targets
    joints = problem.state.robot.arm(side).joints
    points = (np.array(answer[key]) for key in ("times", "positions", "velocities"))
    tally.count(problem, answer["milliseconds"], answer["method"], {side: JointTrajectory(joints, *points)})
