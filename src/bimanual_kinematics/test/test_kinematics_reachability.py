"""The committed reachability map is what the model gives today, checked on a few of its cells."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import bimanual_description as description
from bimanual_kinematics import RobotModel, reachability
from bimanual_kinematics.reach_ranges import AZIMUTHS, MEETING, RANGES, TILTS, grip_pose, tcp_rotation
from bimanual_kinematics.reach_report import write_report
from bimanual_kinematics.reachability import ReachMap

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "reachability" / "cobot_magic.json"


@pytest.fixture(scope="module")
def committed():
    return json.loads(COMMITTED.read_text(encoding="utf-8"))


@pytest.mark.parametrize("layout", ["default", "raised"])
def test_cells_are_those_committed(committed, layout):
    reach = ReachMap(RobotModel.of(description.load("cobot_magic", layout)))
    rng = np.random.default_rng(11)
    for area in RANGES:
        outcomes = committed[layout]["ranges"][area.name]["outcomes"]
        for _ in range(6):
            t, a, p = rng.integers(len(TILTS)), rng.integers(len(AZIMUTHS)), rng.integers(len(area.points))
            found = reach.cell(area, area.points[p], TILTS[t], AZIMUTHS[a])
            assert found == outcomes[t][a][p], (area.name, TILTS[t], AZIMUTHS[a], area.points[p])


def test_meeting_cells_are_those_committed(committed):
    reach = ReachMap(RobotModel.of(description.load("cobot_magic")))
    outcomes = committed["default"]["meeting"]["outcomes"]
    for tilts in ((60, 60), (60, 75), (75, 75)):
        row, column = (MEETING.tilts.index(t) for t in tilts)
        for a in (2, 3):
            found = reach.meeting_cell(MEETING, MEETING.heights[1], tilts, MEETING.left_azimuths[a])
            assert found == outcomes[row][column][a][1]


def test_the_map_supports_both_tasks(committed):
    """Every place of the two tasks has an approach that works in the default layout."""
    for name, area in committed["default"]["ranges"].items():
        works = [any(row[i] == "1" for tilt in area["outcomes"] for row in tilt) for i in range(len(area["points"]))]
        assert np.mean(works) >= 0.95, name
    meeting = committed["default"]["meeting"]["outcomes"]
    assert any("1" in cell for row in meeting for column in row for cell in column)


def test_tilt_and_azimuth():
    np.testing.assert_allclose(tcp_rotation(0, 0)[:, 2], [0, 0, -1], atol=1e-12)
    np.testing.assert_allclose(tcp_rotation(90, 0)[:, 2], [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(tcp_rotation(90, 90)[:, 2], [1, 0, 0], atol=1e-12)
    for flip in (False, True):
        R = tcp_rotation(35, -20, flip)
        np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(R) == pytest.approx(1)
        assert R[2, 1] == pytest.approx(0), "the gripper opens level"
    T = grip_pose(np.array([0.1, 0.2, 0.8]), 0.05, 0, 0, False)
    np.testing.assert_allclose(T[:3, 3], [0.1, 0.2, 0.85 - 0.012])


def test_a_robot_with_one_arm_has_its_ranges_and_no_meeting(monkeypatch, tmp_path):
    few = {area.side: replace(area, points=area.points[:1]) for area in RANGES}
    monkeypatch.setattr(reachability, "RANGES", tuple(few.values()))
    monkeypatch.setattr(reachability, "TILTS", (0, 30))
    monkeypatch.setattr(reachability, "AZIMUTHS", (0,))
    found = reachability.compute(RobotModel.of(description.load("franka")))
    assert [area["side"] for area in found["ranges"].values()] == ["left"]
    assert found["meeting"]["outcomes"] == []
    page = write_report("franka", {"default": found}, tmp_path)[-1]
    assert "This robot has one arm." in page.read_text(encoding="utf-8")
