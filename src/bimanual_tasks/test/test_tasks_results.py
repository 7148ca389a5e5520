"""Classes of failures, fingerprints, and results of several files put together."""

import dataclasses
import json

import numpy as np
import pytest

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.observation import JointSample, ObjectSnapshot, ObjectState
from bimanual_core.scene import SceneObject, SceneSpec
from bimanual_tasks.digest import TrajectoryDigest, scene_digest
from bimanual_tasks.episode import EpisodeResult
from bimanual_tasks.failures import FAILURE_CLASSES, failure_class
from bimanual_tasks.merging import merge_results
from bimanual_tasks.results import Evaluation, ResultsFile, overall_report, task_report

EVALUATION = Evaluation("expert", "handover_block", "robotwin2", "process")


def result(seed, success=True, code=0, **values):
    why = "" if success else "x"
    return EpisodeResult(seed, success, why, 1.0, 0.1, 0, 0, 0, "i", 1, 1, int(code), why, **values)


@pytest.mark.parametrize(
    ("code", "layer", "timed_out", "contacts", "wanted"),
    [
        (ErrorCode.PLAN_UNREACHABLE, "plan", False, 0, "unreachable"),
        (ErrorCode.SCENE_UNSOLVABLE, "", False, 0, "unreachable"),
        (ErrorCode.PLAN_COLLISION, "plan", False, 0, "plan"),
        (ErrorCode.PLAN_LIMIT, "plan", True, 0, "plan"),
        (ErrorCode.GRASP_MISSED, "grasp", False, 0, "grasp slip"),
        (ErrorCode.GRASP_LOST, "grasp", True, 0, "grasp slip"),
        (ErrorCode.PLAN_COLLISION, "plan", False, 3, "collision"),
        (ErrorCode.CONTROL_ARM_DISTANCE, "control", False, 0, "collision"),
        (ErrorCode.CONTROL_PATH_TOLERANCE, "control", False, 0, "control"),
        (ErrorCode.TIMEOUT, "control", False, 0, "timeout"),
        (ErrorCode.NONE, "", True, 0, "timeout"),
        (ErrorCode.NONE, "", False, 0, "other"),
        (ErrorCode.INVALID_REQUEST, "request", False, 0, "other"),
        (ErrorCode.INVALID_REQUEST, "plan", False, 0, "plan"),
    ],
)
def test_a_failure_s_class_is_that_of_what_failed_first(code, layer, timed_out, contacts, wanted):
    assert wanted in FAILURE_CLASSES
    assert failure_class(False, int(code), layer, timed_out, contacts) == wanted
    assert failure_class(True, int(code), layer, timed_out, contacts) == ""


def test_reports_count_classes_and_contacts_over_all_tasks():
    slipped = result(1, False, ErrorCode.GRASP_LOST, layer="grasp")
    touched = dataclasses.replace(result(2, False, ErrorCode.PLAN_LIMIT, layer="plan"), arm_arm_contacts=4)
    report = task_report(EVALUATION, [result(0), slipped, touched])
    assert report["failures"] == {"grasp slip": 1, "collision": 1}
    assert report["arm_arm_contacts"] == 4
    assert [r["failure"] for r in report["per_seed"]] == ["", "grasp slip", "collision"]
    other = task_report(dataclasses.replace(EVALUATION, task="stack_blocks_two"), [slipped])
    both = overall_report([report, other])
    assert both["failures"] == {"grasp slip": 2, "collision": 1}
    assert both["arm_arm_contacts"] == 4
    assert both["mean_success_rate"] == pytest.approx(1 / 6)


def sample(x=0.0, stamp=0):
    state = ObjectState("block", "block", "0", (1.0, 1.0, 1.0), np.diag([1.0, 1.0, 1.0, 1.0]))
    state.T_world_object[0, 3] = x
    joints = np.array([0.1, 0.2])
    return ObjectSnapshot(stamp, 1, {"block": state}), JointSample(stamp, joints, 0 * joints, 0 * joints)


def fingerprint(*samples):
    digest = TrajectoryDigest()
    for each in samples:
        digest.update(*each)
    return digest.digest


def test_fingerprints_differ_by_the_last_bit_and_not_by_time():
    same = fingerprint(sample(0.1), sample(0.2))
    assert same == fingerprint(sample(0.1, stamp=5), sample(0.2, stamp=9))
    assert same != fingerprint(sample(0.1), sample(np.nextafter(0.2, 1)))
    assert same != fingerprint(sample(0.1))
    block = SceneObject("block", "block", "0", np.eye(4))
    scene = SceneSpec((block,), seed=3)
    assert scene_digest(scene) == scene_digest(SceneSpec((dataclasses.replace(block),), seed=3))
    assert scene_digest(scene) != scene_digest(dataclasses.replace(scene, seed=4))
    assert scene_digest(scene) != scene_digest(SceneSpec((dataclasses.replace(block, mass_scale=1.01),), seed=3))


def file_of(path, *results, **settings):
    file = ResultsFile(path)
    for each in results:
        file.append(dataclasses.replace(EVALUATION, **settings), each)
    return path


def test_files_of_different_tasks_and_seeds_are_put_together(tmp_path):
    first = file_of(tmp_path / "a", result(3), result(1, False))
    second = file_of(tmp_path / "b", dataclasses.replace(result(3), wall_seconds=9.0), result(2))
    third = file_of(tmp_path / "c", result(1), task="adjust_bottle")
    merged = merge_results([first, second, third])
    assert {e.task: [r.seed for r in found] for e, found in merged.items()} == {
        "adjust_bottle": [1],
        "handover_block": [1, 2, 3],
    }


@pytest.mark.parametrize("settings", [{"randomisation": "hard"}, {"robot": "dual_franka"}, {"policy": "dp3"}])
def test_files_of_other_settings_are_refused(tmp_path, settings):
    first, second = file_of(tmp_path / "a", result(1)), file_of(tmp_path / "b", result(2), **settings)
    ((name, value),) = settings.items()
    with pytest.raises(BimanualError, match=rf"b has results with {name} '{value}', .*a with {name} '"):
        merge_results([first, second])


def test_variants_contradictions_and_broken_files_are_refused(tmp_path):
    first = file_of(tmp_path / "a", result(1))
    with pytest.raises(BimanualError, match="variant of handover_block 'robotwin1'"):
        merge_results([first, file_of(tmp_path / "b", result(2), variant="robotwin1")])
    with pytest.raises(BimanualError, match="another result for handover_block seed 1"):
        merge_results([first, file_of(tmp_path / "c", result(1, False))])
    with pytest.raises(BimanualError, match="cannot read .*missing"):
        merge_results([tmp_path / "missing"])
    (tmp_path / "list").write_text("[1]\n")
    with pytest.raises(BimanualError, match="line 1: expected an object"):
        merge_results([tmp_path / "list"])
    (tmp_path / "empty").write_text("")
    with pytest.raises(BimanualError, match="no result"):
        merge_results([tmp_path / "empty"])


def test_lines_of_older_files_are_of_the_default_robot_and_easy(tmp_path):
    path = file_of(tmp_path / "old", result(1))
    line = json.loads(path.read_text())
    for later in ("randomisation", "robot", "layer", "timed_out", "scene", "trajectory", "failure"):
        del line[later]
    path.write_text(json.dumps(line) + "\n")
    assert list(ResultsFile(path).load(EVALUATION)) == [1]
