"""Plans the problems of a file with mplib, in an environment of its own: ``python mplib_run.py PROBLEMS ANSWERS``.

PROBLEMS is a JSON object: ``robots`` by side (``urdf``, ``srdf``: paths, ``tool``: the link that reaches targets,
``velocity``, ``acceleration`` of its joints, ``fixed``: links that no joint moves), ``table`` (a box: ``size``, ``T``)
``screw_step`` [rad] and ``problems`` (``side``, ``start``: joints, ``target``: pose (4, 4) in the world, ``boxes``).
ANSWERS becomes one:
``versions`` and, for each problem in order, ``method`` (screw, rrt, or empty where nothing was found), ``why``,
``milliseconds``, ``times``, ``positions``, ``velocities``.

The screw first, RRT-Connect where it fails, both with mplib's own settings but for the step of the screw, and
``TIME_STEP``, by which a trajectory is only sampled. Objects are put in place before the clock starts.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mplib
import numpy as np
from mplib.collision_detection.fcl import Box, CollisionObject, FCLObject

#: Between samples of a trajectory [s].
TIME_STEP = 0.01
SEED = 1


def main(problems_file: str, answers_file: str) -> None:
    """Answer all problems of a file."""
    asked = json.loads(Path(problems_file).read_text(encoding="utf-8"))
    mplib.pymp.set_global_seed(SEED)
    table = {"name": "table", **asked["table"]}
    planners = {side: _planner(robot, table) for side, robot in asked["robots"].items()}
    answers = []
    for problem in asked["problems"]:
        planner, fixed = planners[problem["side"]], asked["robots"][problem["side"]]["fixed"]
        for box in problem["boxes"]:
            _put(planner, fixed, box)
        answers.append(_answer(planner, problem, asked["screw_step"]))
        for box in problem["boxes"]:
            planner.remove_object(box["name"])
    versions = {name: version(name) for name in ("mplib", "numpy", "toppra")}
    Path(answers_file).write_text(json.dumps({"versions": versions, "answers": answers}), encoding="utf-8")


def _planner(robot: dict[str, Any], table: dict[str, Any]) -> mplib.Planner:
    planner = mplib.Planner(
        robot["urdf"],
        robot["tool"],
        srdf=robot["srdf"],
        joint_vel_limits=np.array(robot["velocity"]),
        joint_acc_limits=np.array(robot["acceleration"]),
    )
    _put(planner, robot["fixed"], table)
    return planner


def _put(planner: mplib.Planner, fixed: list[str], box: dict[str, Any]) -> None:
    """Add a box; what cannot move is not checked against it."""
    item = FCLObject(box["name"], mplib.Pose(), [CollisionObject(Box(*box["size"]))], [mplib.Pose(np.array(box["T"]))])
    planner.planning_world.add_object(item)
    matrix = planner.planning_world.get_allowed_collision_matrix()
    for link in fixed:
        matrix.set_entry(link, box["name"], True)


def _answer(planner: mplib.Planner, problem: dict[str, Any], screw_step: float) -> dict[str, Any]:
    start, target = np.array(problem["start"]), mplib.Pose(np.array(problem["target"]))
    methods = {"screw": partial(planner.plan_screw, qpos_step=screw_step), "rrt": planner.plan_pose}
    begin = time.perf_counter()
    why: list[str] = []
    for name, plan in methods.items():
        try:
            found = plan(target, start.copy(), time_step=TIME_STEP)
        except RuntimeError as error:
            found = {"status": str(error)}
        if found["status"] == "Success":
            answer = {
                "times": found["time"].tolist(),
                "positions": found["position"].tolist(),
                "velocities": found["velocity"].tolist(),
            }
            return {"method": name, "why": "; ".join(why), "milliseconds": _since(begin), **answer}
        why.append(f"{name}: {found['status']}")
    return {"method": "", "why": "; ".join(why), "milliseconds": _since(begin)}


def _since(begin: float) -> float:
    return 1e3 * (time.perf_counter() - begin)


if __name__ == "__main__":
    main(*sys.argv[1:])
