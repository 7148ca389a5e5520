"""The benchmark's problems as files for another planner, and its answers as figures."""

import json
import os
import select
import subprocess
import sys

import numpy as np
import pinocchio as pin
import pytest

import bimanual_description
from bimanual.bench.peers import mplib_peer
from bimanual.bench.peers.mplib_files import one_arm_urdf, write_problems
from bimanual.bench.peers.programs import run_program
from bimanual.bench.plan_tally import Tally
from bimanual.bench.planner import bench_planner
from bimanual_core.errors import BimanualError
from bimanual_kinematics.model import RobotModel
from bimanual_planner.bench.problems import random_problems, screw_problems
from bimanual_planner.config import PlannerConfig

MODEL = RobotModel.of(bimanual_description.load("cobot_magic"))


@pytest.fixture(scope="module")
def problem():
    return next(iter(screw_problems(MODEL, ("left",), 1, 0)))


def test_one_arm_moves_as_it_does_on_the_whole_robot_and_the_rest_stands_where_it_was() -> None:
    q = next(iter(random_problems(MODEL, 1, 0, 1))).state.q
    arm = MODEL.robot.arm("left")
    reduced = pin.buildModelFromXML(one_arm_urdf(MODEL, q, "left"))
    assert list(reduced.names)[1:] == list(arm.joints)
    data = reduced.createData()
    pin.framesForwardKinematics(reduced, data, q[MODEL.robot.joints.group("left_arm")])
    for link, T in MODEL.link_poses(q).items():
        np.testing.assert_allclose(data.oMf[reduced.getFrameId(link)].homogeneous, T, atol=1e-9)


def test_the_file_names_what_cannot_move_and_holds_boxes_start_and_target(tmp_path, problem) -> None:
    asked = json.loads(write_problems(tmp_path, [problem], PlannerConfig(), 0.05).read_text())
    left = asked["robots"]["left"]
    assert {"base_link", "left_base_link", "right_link6", "right_finger1"} <= set(left["fixed"])
    assert not {"left_link1", "left_link6", "left_finger2", "left_tcp"} & set(left["fixed"])
    assert asked["screw_step"] == 0.05
    assert left["velocity"] == [1.5] * 6
    assert 'link1="right_base_link" link2="right_link3"' in (tmp_path / "left.srdf").read_text()
    (item,) = asked["problems"]
    assert item["start"] == problem.state.arm_q("left").tolist()
    np.testing.assert_array_equal(item["target"], problem.targets["left"])
    assert [box["name"] for box in item["boxes"]] == list(problem.state.objects)


def test_answers_are_counted_and_held_by_the_checker(problem) -> None:
    tally = Tally()
    q = problem.state.arm_q("left")
    still = {"times": [0.0, 1.0], "positions": [q.tolist()] * 2, "velocities": [[0.0] * 6] * 2}
    mplib_peer._count(tally, problem, {"method": "screw", "why": "", "milliseconds": 3.0, **still})
    mplib_peer._count(tally, problem, {"method": "", "why": "rrt: timeout", "milliseconds": 9.0})
    figures = tally.figures("peer")
    assert figures["peer_success_percent"] == 50.0
    assert figures["peer_first_failures"] == ["rrt: timeout"]
    assert figures["peer_collisions"] == 0
    away = np.linalg.norm(MODEL.fk("left", q)[:3, 3] - problem.targets["left"][:3, 3])
    assert figures["peer_position_error_max_mm"] == pytest.approx(1e3 * away, abs=1e-4)


def test_a_peer_that_crashes_or_hangs_is_told_with_its_last_words() -> None:
    with pytest.raises(BimanualError, match="status 3; its last words:\nout of paint"):
        run_program("mplib", [sys.executable, "-c", "print('out of paint'); raise SystemExit(3)"], 20.0)
    with pytest.raises(BimanualError, match=r"not done after 0 s"):
        run_program("mplib", [sys.executable, "-c", "import threading; threading.Event().wait()"], 0.05)


#: A program with a worker, both of which hold the file of argument 1 open for a while, and say so.
PROGRAM = """
import subprocess, sys, threading
held = open(sys.argv[1], "w")
lasts = "import threading; threading.Event().wait(20.0)"
subprocess.Popen([sys.executable, "-c", lasts], pass_fds=[held.fileno()])
print("here", file=held, flush=True)
threading.Event().wait(20.0)
"""


def test_a_program_and_its_workers_end_with_a_process_that_is_killed(tmp_path) -> None:
    fifo = tmp_path / "held"
    os.mkfifo(fifo)
    waits = (
        "import sys; from bimanual.bench.peers.programs import run_program; "
        "run_program('peer', [sys.executable, '-c', *sys.argv[1:]], 60.0)"
    )
    with subprocess.Popen([sys.executable, "-c", waits, PROGRAM, str(fifo)]) as parent, fifo.open() as held:
        assert held.readline() == "here\n"
        parent.kill()
        assert select.select([held], [], [], 10.0)[0]
        assert held.read() == ""


def test_an_unknown_peer_is_refused_before_anything_is_planned() -> None:
    with pytest.raises(BimanualError, match="--peer other with 10 targets; choices: mplib"):
        bench_planner(targets=10, peer="other")
    with pytest.raises(BimanualError, match="at least 2 targets"):
        bench_planner(targets=0, peer="mplib")
