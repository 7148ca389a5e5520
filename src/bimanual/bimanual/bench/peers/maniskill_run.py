"""Demonstrations of StackCube by ManiSkill's own program, in an environment of its own:
``python maniskill_run.py ASKED ANSWERS``.

ASKED is a JSON object: ``seconds`` of the measurement, ``workers`` (processes), ``cameras`` (whether the one 128x128
RGB-D camera is observed) and ``folder``, into which each worker writes its successes with ManiSkill's recorder.
ANSWERS becomes one: ``versions``, ``demos`` and ``attempts`` counted within ``seconds``, ``simulated_seconds`` of each
success counted, ``bytes`` written, ``joint_speed`` [rad/s] and ``joint_acceleration`` [rad/s^2] of its planner.

The clock starts when as many seeds are done as there are workers, so that no start-up is counted; the seeds done by
then are not counted either. Simulation is on the processor and each worker's tensors use one thread.
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import sys
import time
from importlib.metadata import version
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, cast

TASK = "StackCube-v1"
ROBOT = "panda"  # the one without a camera at its wrist


def main(asked_file: str, answers_file: str) -> None:
    """Measure as a file asks."""
    asked = json.loads(Path(asked_file).read_text(encoding="utf-8"))
    context = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    for number in range(asked["workers"]):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(theirs, asked, number), daemon=True)
        process.start()
        theirs.close()
        pipes.append(ours)
        processes.append(process)
    counted = _count(pipes, asked["workers"], asked["seconds"])
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()
    size = sum(path.stat().st_size for path in Path(asked["folder"]).rglob("*.h5"))
    versions = {name: version(name) for name in ("mani-skill", "mplib", "sapien", "torch", "numpy")}
    Path(answers_file).write_text(json.dumps({"versions": versions, "bytes": size, **counted}), encoding="utf-8")


def _count(pipes: list[Connection], workers: int, seconds: float) -> dict[str, Any]:
    """Follow the workers' seeds until the time is over. A worker that dies ends the measurement."""
    began, number, simulated = 0.0, 0, []
    limits: dict[str, float] = {}
    while True:
        for pipe in wait(pipes):
            attempt = cast(Connection, pipe).recv()
            number, now = number + 1, time.perf_counter()
            if number == workers:
                began = now
            elif number > workers:
                simulated += [attempt["simulated_seconds"]] if attempt["success"] else []
                limits = attempt["limits"]
                if now - began >= seconds:
                    counts = {"demos": len(simulated), "attempts": number - workers, "seconds": now - began}
                    return {**counts, "simulated_seconds": simulated, **limits}


def _work(pipe: Connection, asked: dict[str, Any], number: int) -> None:
    """Do one seed after the other: this worker's are ``number``, ``number + workers``, and so on."""
    import gymnasium
    import mani_skill.envs  # noqa: F401  registers the task
    import torch
    from mani_skill.examples.motionplanning.panda.solutions import solveStackCube
    from mani_skill.utils.wrappers.record import RecordEpisode

    torch.set_num_threads(1)
    limits = _planner_limits()
    env = gymnasium.make(
        TASK,
        obs_mode="rgbd" if asked["cameras"] else "none",
        control_mode="pd_joint_pos",
        robot_uids=ROBOT,
        sim_backend="physx_cpu",
        render_backend="cpu",
    )
    env = RecordEpisode(
        env,
        output_dir=str(Path(asked["folder"]) / str(number)),
        trajectory_name="demos",
        save_video=False,
        record_reward=False,
        save_on_reset=False,
        source_type="motionplanning",
    )
    seed = number
    while True:
        with contextlib.redirect_stdout(io.StringIO()):
            answer = solveStackCube(env, seed=seed)
        done = {} if answer == -1 else answer[-1]
        success = bool(done) and bool(done["success"].item())
        env.flush_trajectory(save=success)
        simulated = done["elapsed_steps"].item() / env.unwrapped.control_freq if done else 0.0
        pipe.send({"success": success, "simulated_seconds": simulated, "limits": limits})
        seed += asked["workers"]


def _planner_limits() -> dict[str, float]:
    """Follows what limits the program gives its planner, which gets them when it is made: filled then."""
    from mani_skill.examples.motionplanning.base_motionplanner.motionplanner import BaseMotionPlanningSolver

    limits: dict[str, float] = {}
    set_up = BaseMotionPlanningSolver.setup_planner

    def noted(solver: Any) -> Any:
        planner = set_up(solver)
        limits["joint_speed"] = float(max(planner.joint_vel_limits))
        limits["joint_acceleration"] = float(max(planner.joint_acc_limits))
        return planner

    BaseMotionPlanningSolver.setup_planner = noted
    return limits


if __name__ == "__main__":
    main(*sys.argv[1:])
