"""What the safety supervisor stops for, and when it lets go."""

import re

import numpy as np
import pytest

from bimanual_control.graph_watch import GraphWatch
from bimanual_control.safety import SafetySupervisor
from bimanual_control.watchdog import Watchdog
from bimanual_core.observation import JointSample
from bimanual_description import load

ROBOT = load("cobot_magic")


def sample(joint: int | None = None, position: float | None = None, velocity: float = 0.0) -> JointSample:
    q, v = ROBOT.home.copy(), np.zeros(ROBOT.joints.size)
    if joint is not None:
        q[joint] = q[joint] if position is None else position
        v[joint] = velocity
    return JointSample(0, q, v, np.zeros_like(q))


def test_joints_at_home_are_fine() -> None:
    supervisor = SafetySupervisor(ROBOT)
    assert not supervisor.watch(sample())
    assert not supervisor.latch.engaged


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (sample(1, position=np.nan), "left_joint2: measured value is not finite"),
        (sample(1, position=3.3), r"left_joint2: at 3.3000, limits \[-0.0500, 3.1900\]"),
        (sample(8, velocity=-7.0), "right_joint2: speed -7.000, limit 6.000"),
    ],
)
def test_bad_joints_stop_once_and_hold_the_reset(bad: JointSample, words: str) -> None:
    supervisor = SafetySupervisor(ROBOT)
    assert supervisor.watch(bad)
    assert re.fullmatch(words, supervisor.latch.reason)
    assert not supervisor.watch(bad)
    assert supervisor.reset().startswith("cannot reset: ")
    supervisor.watch(sample())
    assert supervisor.latch.engaged
    assert supervisor.reset() == ""
    assert not supervisor.latch.engaged


def test_a_request_stops_and_a_reset_lets_go() -> None:
    supervisor = SafetySupervisor(ROBOT)
    assert supervisor.stop("button")
    assert supervisor.latch.reason == "button"
    assert supervisor.reset() == ""


def test_what_the_graph_misses_stops_and_holds_the_reset() -> None:
    supervisor = SafetySupervisor(ROBOT)
    assert not supervisor.miss("")
    assert supervisor.miss("joint_states of robot_driver is silent")
    assert not supervisor.miss("joint_states of robot_driver is silent")
    assert supervisor.reset() == "cannot reset: joint_states of robot_driver is silent"
    supervisor.miss("")
    assert supervisor.latch.reason == "joint_states of robot_driver is silent"
    assert supervisor.reset() == ""


class Watched:
    """A GraphWatch looked at 50 times a second of a wall clock that we turn."""

    def __init__(self, graph: str) -> None:
        self.watch = GraphWatch(graph)
        self.now_s = 100.0
        self.stamp_ns = 0
        self.words: list[str] = []

    def run(self, seconds: float, joints: bool = True, clock: bool = True) -> "Watched":
        for _ in range(round(seconds * 50)):
            self.now_s += 0.02
            if joints:
                self.watch.joints()
            if clock:
                self.stamp_ns += 20_000_000
                self.watch.clock(self.stamp_ns)
            words = self.watch.look(self.now_s)
            if words and words not in self.words:
                self.words.append(words)
        return self


def test_silent_joint_states_of_a_real_robot_are_missed_once_they_were_heard() -> None:
    seen = Watched("real").run(5.0, joints=False)
    assert not seen.words
    seen.run(1.0).run(0.45, joints=False).run(1.0)
    assert not seen.words
    assert seen.run(0.6, joints=False).words == ["joint_states of robot_driver is silent for more than 0.5 s"]


def test_resting_time_and_loading_scenes_are_no_silence() -> None:
    seen = Watched("sim")
    seen.watch.status(advancing=True, loading=False, rtf=1.0)
    seen.run(1.0)
    seen.watch.status(advancing=False, loading=False, rtf=1.0)
    seen.run(4.0, joints=False, clock=False)
    seen.watch.status(advancing=False, loading=True, rtf=1.0)
    seen.run(30.0, joints=False, clock=False)
    seen.watch.status(advancing=True, loading=False, rtf=0.0)
    seen.run(1.5, joints=False, clock=False).run(1.0)
    assert not seen.words


def test_while_time_moves_joint_states_and_clock_must_come() -> None:
    for joints, words in ((False, "joint_states of sim_bridge is silent"), (True, "/clock of sim_bridge stands still")):
        seen = Watched("sim")
        seen.watch.status(advancing=True, loading=False, rtf=1.0)
        seen.run(1.0).run(2.2, joints=joints, clock=False)
        assert seen.words[0] == f"{words} for more than 2 s"


def test_a_slow_simulation_is_given_its_own_pace() -> None:
    seen = Watched("sim")
    seen.watch.status(advancing=True, loading=False, rtf=0.05)
    seen.run(1.0).run(3.5, joints=False, clock=False)
    assert not seen.words


def test_a_simulator_that_says_nothing_and_a_clock_that_goes_back_are_named() -> None:
    seen = Watched("sim")
    seen.watch.status(advancing=False, loading=False, rtf=1.0)
    assert seen.run(5.5, joints=False, clock=False).words == ["sim/status of sim_bridge is silent for more than 5 s"]
    seen = Watched("sim")
    seen.watch.status(advancing=True, loading=False, rtf=1.0)
    seen.run(1.0)
    seen.stamp_ns = 500_000_000
    assert seen.run(0.5).words == ["/clock went back from 1.000 to 0.520 s"]


def test_who_was_not_looking_has_heard_nothing() -> None:
    dog = Watchdog(0.5)
    dog.beat()
    dog.look(0.0)
    assert not dog.look(60.0)
    assert dog.silent_s == pytest.approx(0.2)
