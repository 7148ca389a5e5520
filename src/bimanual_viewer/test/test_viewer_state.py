"""What the viewer takes in: the newest of everything, and nothing that makes no sense."""

import math

import numpy as np
import pytest

from bimanual_core.errors import BimanualError
from bimanual_viewer import panel_html as html
from bimanual_viewer.history import SAMPLES_HZ, SECONDS, History
from bimanual_viewer.state import LONGEST_TEXT, MOST_NODES, GraphState, Request, Track


def track(stamp_ns: int, value: float = 0.0, joints: tuple[str, ...] = ("a", "b")) -> Track:
    return Track(joints, stamp_ns, np.full(len(joints), value + 0.002), np.full(len(joints), value))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda s: s.take_joints(["a", "b"], [0.0], 0.0), "1 positions for 2 joints"),
        (lambda s: s.take_joints(["a"], [math.nan], 0.0), "not finite"),
        (lambda s: s.take_track("left_arm", ["a"], 0, [math.inf], [0.0]), "not finite"),
        (lambda s: s.take_track("left_arm", ["a", "b"], 0, [0.0, 0.0], []), "0 positions for 2 joints"),
        (lambda s: s.take_owners(["left"], []), "1 arms and 0 owners"),
        (lambda s: s.take_health([("n", 9, "")], 0.0), "level 9 is outside"),
        (lambda s: s.take_picture("head", "16UC1", 2, 2, bytes(8)), "'16UC1' is not shown"),
        (lambda s: s.take_picture("head", "rgb8", 2, 2, bytes(7)), "7 bytes are no 2 x 2 picture"),
        (lambda s: s.take_picture("head", "rgb8", 0, 0, b""), "0 bytes are no"),
    ],
)
def test_garbage_is_refused_in_words_and_changes_nothing(spoil, words: str) -> None:
    state = GraphState()
    state.take_joints(["a"], [0.5], 1.0)
    with pytest.raises(BimanualError, match=words):
        spoil(state)
    assert state.joints == {"a": 0.5}
    assert not state.tracks
    assert not state.pictures


def test_floods_are_bounded() -> None:
    state = GraphState()
    state.take_health(((f"node{i}", 0, "x" * 10_000) for i in range(1000)), 0.0)
    assert len(state.nodes) == MOST_NODES
    assert all(len(node.message) == LONGEST_TEXT for node in state.nodes.values())
    state.take_safety(True, "y" * 10_000)
    assert len(state.stop_reason) == LONGEST_TEXT


def test_pictures_come_out_as_rgb() -> None:
    state = GraphState()
    state.take_picture("head", "bgr8", 1, 2, bytes([1, 2, 3, 4, 5, 6]))
    assert state.pictures["head"].tolist() == [[[3, 2, 1], [6, 5, 4]]]
    state.take_picture("head", "mono8", 1, 2, bytes([7, 8]))
    assert state.pictures["head"].tolist() == [[[7, 7, 7], [8, 8, 8]]]


def test_history_keeps_the_last_seconds_at_its_rate() -> None:
    history = History()
    for i in range(6000):  # a minute at 100 Hz
        history.add(track(i * 10_000_000, i))
    assert len(history) == SECONDS * SAMPLES_HZ + 1
    assert np.diff(history.seconds) == pytest.approx(1.0 / SAMPLES_HZ)
    assert history.seconds[-1] == pytest.approx(59.95, abs=0.05)
    assert history.error == pytest.approx(2.0)
    history.add(track(75_000_000_000))  # a slow viewer has fewer samples, of no longer a time
    assert history.seconds[0] >= 55.0
    history.add(track(0))  # the world began anew
    assert len(history) == 1
    history.add(track(1_000_000_000, joints=("a", "b", "c")))
    assert history.measured.shape == (1, 3)


def test_words_from_the_graph_cannot_change_the_page() -> None:
    state = GraphState()
    evil = "<script>alert(1)</script>"
    state.take_safety(True, evil)
    state.take_health([(evil, 2, evil)], 0.0)
    state.take_owners(["left"], [evil])
    state.drop(evil, BimanualError(evil))
    pages = [
        html.safety_banner(state),
        html.health(state, 1.0),
        html.table(html.owners(state), ""),
        html.request_line(Request(evil, 0.0, evil), 0.0),
    ]
    for page in pages:
        assert "<script" not in page
        assert "&lt;script" in page


def test_the_banner_says_what_is_known() -> None:
    state = GraphState()
    assert "SAFETY UNKNOWN" in html.safety_banner(state)
    state.take_safety(True, "left_joint2 is too fast")
    assert "STOPPED" in html.safety_banner(state)
    assert "left_joint2 is too fast" in html.safety_banner(state)
    state.take_safety(False, "")
    assert "READY" in html.safety_banner(state)


def test_silence_is_told() -> None:
    state = GraphState()
    state.take_health([("planner", 0, "running")], 10.0)
    assert "silent" not in html.health(state, 12.0)
    assert "silent for 20 s" in html.health(state, 30.0)
    assert "no answer for 3 s" in html.request_line(Request("safety/stop", 10.0), 13.0)
    state.take_joints(["a"], [0.0], 10.0)
    assert "no joint_states for 5 s" in html.robot_line(state, 15.0)
    state.simulation = {"state": "resting"}  # a world that stands still has nothing to say
    assert "no joint_states" not in html.robot_line(state, 15.0)
