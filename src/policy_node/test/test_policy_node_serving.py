"""Running a policy step by step on a world without physics: what it sees, what is commanded, what stops it."""

import dataclasses
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.rates import NS_PER_S
from policy_node.serving.chunk import SPEED_SHARE, ChunkShaper, check_chunk
from policy_node.serving.load import find_checkpoint, load_policy
from policy_node.serving.recorded import load_recorded, save_recorded
from policy_node.serving.runner import PolicyRunner

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


def test_each_action_is_executed_at_its_time():
    world, policy = StreamedWorld(), Answers(swing)
    report = PolicyRunner(policy, contract(), world).run("", 20)
    assert report.success, report.error_msg
    assert (report.steps, report.asked) == (20, 20)
    for stamp_ns, q in world.trace[:20]:
        wanted = ROBOT.home + 0.1 * np.sin(stamp_ns / NS_PER_S) * np.where(ROBOT.upper > 0.5, 1.0, 0.0)
        wanted = np.clip(wanted, ROBOT.lower, ROBOT.upper)
        assert np.abs(q - wanted).max() < 1e-6
    assert [len(stamps) for stamps in policy.asked] == [2, 2, 2]
    assert policy.asked[0] == [0, 0]
    assert np.diff(policy.asked[1:]) / NS_PER_S == pytest.approx(1 / 15, abs=1e-6)


def test_it_ends_when_the_episode_is_over_and_the_arms_come_to_rest():
    world = StreamedWorld()
    report = PolicyRunner(Answers(swing), contract(), world).run("", 100, lambda: world.seconds > 0.9)
    assert report.success
    assert report.steps == 14
    last = world.streams[-1]
    assert all(not t.velocities[-1].any() for t in last.parts.values())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda w: np.full((16, D), np.nan), "left_joint1 of action 0 is nan"),
        (lambda w: np.zeros((16, D - 1)), r"has shape \(16, 13\), expected \(T, 14\)"),
        (lambda w: np.zeros((1, D)), r"has shape \(1, 14\)"),
        (lambda w: np.zeros(D), r"has shape \(14,\)"),
        (lambda w: None, "shape|numbers"),
        (lambda w: [[1.0], [1.0, 2.0]], "no array of numbers"),
        (lambda w: np.full((16, D), 9.0), "left_joint1 of action 0 is 9.0000, more than 0.35 outside"),
    ],
)
def test_what_no_arm_should_follow_stops_the_run_in_words(answer, words):
    later = Answers(lambda window: swing(window) if window[-1].stamp_ns == 0 else answer(window))
    world = StreamedWorld()
    report = PolicyRunner(later, contract(), world).run("", 40)
    assert report.error_code is ErrorCode.POLICY_CHUNK_INVALID
    assert report.steps == 8
    with pytest.raises(BimanualError, match=words):
        check_chunk(answer(None), ROBOT)
    assert all(not t.velocities[-1].any() for t in world.streams[-1].parts.values())


def test_a_policy_that_raises_is_a_report():
    def fail(window):
        raise RuntimeError("out of memory")

    report = PolicyRunner(Answers(fail), contract(), StreamedWorld()).run("", 10)
    assert report.error_code is ErrorCode.POLICY_FAILED
    assert "RuntimeError: out of memory" in report.error_msg


def test_a_camera_that_stops_ends_the_run_with_its_name():
    world = StreamedWorld(silent_after=1.0)
    report = PolicyRunner(Answers(swing), contract(cameras={"head": (4, 4)}), world).run("", 100)
    assert report.error_code is ErrorCode.POLICY_CAMERA_LOST
    assert "head" in report.error_msg
    assert 8 <= report.steps <= 24


def test_a_stopped_robot_ends_the_run_in_words():
    report = PolicyRunner(Answers(swing), contract(), StreamedWorld(stopped_after=1.0)).run("", 100)
    assert report.error_code is ErrorCode.CONTROL_STOPPED
    assert "a person said so" in report.error_msg


def test_arms_that_do_not_follow_are_noticed():
    report = PolicyRunner(Answers(swing), contract(), StreamedWorld(deaf=True)).run("", 100)
    assert report.error_code is ErrorCode.CONTROL_REJECTED
    assert "left arm does not follow" in report.error_msg


def out_by_a_forbidden_way(window, steps=16):
    """Two actions towards the fence, then away from it."""
    actions = np.repeat(window[-1].commanded[None], steps, axis=0)
    actions[1:3, 0] -= 0.05
    actions[3:, 0] += np.linspace(0.05, 0.3, steps - 3)
    return actions


def test_an_arm_that_is_held_back_takes_the_later_actions_that_lead_away():
    world = rig.FencedWorld()
    report = PolicyRunner(Answers(out_by_a_forbidden_way), contract(), world).run("", 24)
    assert report.error_code is ErrorCode.NONE, report.error_msg
    assert world.position()[0] > ROBOT.home[0] + 0.05


def test_an_arm_that_only_wants_into_what_is_forbidden_ends_the_run_in_words():
    def into_it(window):
        actions = np.repeat(window[-1].commanded[None], 16, axis=0)
        actions[1:, 0] -= 0.1
        return actions

    report = PolicyRunner(Answers(into_it), contract(), rig.FencedWorld()).run("", 100)
    assert report.error_code is ErrorCode.CONTROL_ARM_DISTANCE
    assert "0.9 mm" in report.error_msg


def test_actions_a_little_outside_the_limits_are_clamped_and_counted():
    world = StreamedWorld()
    report = PolicyRunner(Answers(lambda w: swing(w) + 0.02), contract(), world).run("", 8)
    assert report.success
    assert report.clamped == 15  # the open grippers are at their limits
    for stream in world.streams:
        for part, trajectory in stream.parts.items():
            columns = ROBOT.joints.group(part)
            assert (trajectory.positions >= ROBOT.lower[columns]).all()
            assert (trajectory.positions <= ROBOT.upper[columns]).all()


def test_jumps_are_slowed_to_what_a_joint_can_do():
    shaper = ChunkShaper(ROBOT)
    actions = np.tile(ROBOT.home, (15, 1))
    actions[::2, 0] = 2.0
    stamps = np.round(np.arange(1, 16) * NS_PER_S / 15).astype(np.int64)
    path = shaper.path((0, ROBOT.home, np.zeros(D)), stamps, actions)
    assert shaper.slowed > 0
    fastest = max(np.abs(path.at(int(t))[1]).max() for t in np.linspace(0, path.end_ns - 1, 500))
    assert fastest <= ROBOT.arms[0].velocity[0]
    assert np.abs(np.diff(path.positions[:, 0])).max() <= SPEED_SHARE * 3.0 / 15 + 1e-9


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"robot": "dual_franka"}, "dual_franka"),
        ({"joint_names": ("a", "b")}, "a, b"),
        ({"rate_hz": 20}, "20 Hz does not divide 30 Hz; choices: 30, 15, 10, 6, 5"),
        ({"cameras": {"ceiling": (4, 4)}}, "unknown camera 'ceiling'"),
    ],
)
def test_a_policy_of_another_robot_or_rate_is_refused(changes, words):
    with pytest.raises(BimanualError, match=words):
        PolicyRunner(Answers(swing), contract(**changes), StreamedWorld())


def test_recorded_commands_are_a_policy(tmp_path):
    path = tmp_path / "moves.npz"
    actions = np.array([ROBOT.home + 0.001 * k for k in range(40)])
    save_recorded(path, ROBOT, 15, actions)
    policy, needs = load_policy(find_checkpoint(str(path), "any"))
    world = StreamedWorld()
    assert PolicyRunner(policy, dataclasses.replace(needs, actions=5), world).run("", 30).success
    assert np.abs(world.trace[29][1] - np.clip(actions[30], ROBOT.lower, ROBOT.upper)).max() < 1e-6


def test_files_that_are_no_checkpoint_are_refused(tmp_path):
    with pytest.raises(BimanualError, match="there is no checkpoint"):
        find_checkpoint(str(tmp_path / "none.npz"), "handover_block")
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, actions=np.array([{"a": 1}], dtype=object), joints=ROBOT.joints.names, robot="x", rate_hz=15)
    with pytest.raises(BimanualError, match="is not a recorded policy") as caught:
        load_recorded(pickled)
    assert caught.value.code is ErrorCode.POLICY_CHECKPOINT
    text = tmp_path / "text.npz"
    text.write_text("no archive")
    with pytest.raises(BimanualError, match="is not a recorded policy"):
        load_recorded(text)
