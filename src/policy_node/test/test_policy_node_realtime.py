"""Running a policy while time goes on: slow inferences do not hold the arms up, and those that never end stop them."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from bimanual_core.errors import ErrorCode
from bimanual_core.rates import NS_PER_S
from policy_node.serving.realtime import RealtimeRunner

sys.path.insert(0, str(Path(__file__).parent))
rig = importlib.import_module("serving_world")
ROBOT, D, Answers, StreamedWorld, contract, swing = (
    rig.ROBOT,
    rig.D,
    rig.Answers,
    rig.StreamedWorld,
    rig.contract,
    rig.swing,
)
pytestmark = pytest.mark.timed
#: Wall seconds of a second of the world's time.
PACE = 1.0


def test_with_a_slow_policy_the_arms_never_wait():
    world, policy = StreamedWorld(PACE), Answers(swing, took_s=0.3 * PACE)
    report = RealtimeRunner(policy, contract(), world).run("", 45)
    assert report.success, report.error_msg
    assert report.stall_s == 0.0
    assert len(policy.asked) >= 6
    # What is executed is what the policy says of that instant, not what it said of the time it began to think.
    later = [(t, q) for t, q in world.trace if 1.0 < t / NS_PER_S < 2.9]
    assert len(later) > 20
    for stamp_ns, q in later:
        wanted = ROBOT.home + 0.1 * np.sin(stamp_ns / NS_PER_S) * np.where(ROBOT.upper > 0.5, 1.0, 0.0)
        assert np.abs(q - np.clip(wanted, ROBOT.lower, ROBOT.upper)).max() < 0.01


def test_a_policy_that_hangs_stops_the_run():
    world = StreamedWorld(PACE)
    report = RealtimeRunner(Answers(swing, slow={1: 2.5}), contract(), world).run("", 60)
    assert report.error_code is ErrorCode.POLICY_LATE
    assert "no actions for" in report.error_msg
    assert report.steps < 45


def test_a_bad_chunk_stops_the_arms_at_rest():
    def answer(window):
        return swing(window) if window[-1].stamp_ns < NS_PER_S // 2 else np.full((16, D), np.nan)

    world = StreamedWorld(PACE)
    report = RealtimeRunner(Answers(answer), contract(), world).run("", 60)
    assert report.error_code is ErrorCode.POLICY_CHUNK_INVALID
    assert all(not t.velocities[-1].any() for t in world.streams[-1].parts.values())
    assert world.seconds < 1.5


def test_a_camera_that_stops_ends_the_run_with_its_name():
    world = StreamedWorld(PACE, silent_after=0.5)
    report = RealtimeRunner(Answers(swing), contract(cameras={"head": (4, 4)}), world).run("", 60)
    assert report.error_code is ErrorCode.POLICY_CAMERA_LOST
    assert "head" in report.error_msg


def test_late_answers_are_dropped():
    world, policy = StreamedWorld(PACE), Answers(lambda w: swing(w, 4), took_s=0.5)
    report = RealtimeRunner(policy, contract(), world).run("", 20)
    assert report.success
    assert [s for s in world.streams if s.arms["left"].velocities.any()] == []
