"""What experts share: versions of a plan are tried in turn, and none that is known to fail."""

from bimanual_core.errors import ErrorCode
from bimanual_core.se3 import make_T
from bimanual_core.skill import Skill, SkillReport
from bimanual_tasks.experts._lists import execute_first, lift


class FakeSkills:
    """Fails at the index that ``verdict`` gives for a request, with nothing done; succeeds where it gives None."""

    def __init__(self, verdict):
        self.verdict = verdict
        self.asked = []

    def execute(self, left, right):
        self.asked.append((left, right))
        at = self.verdict(left, right)
        if at is None:
            return SkillReport(2, 2)
        return SkillReport(2, 0, ErrorCode.PLAN_COLLISION, "too near", at, "right", "plan")


def grasp(distance):
    return Skill("grasp_actor", "bottle", pre_grasp_dis=distance)


def place(x):
    return Skill("place_actor", "bottle", target=make_T((x, 0.0, 0.9)))


def test_versions_that_begin_as_one_that_failed_are_passed_over():
    versions = [([grasp(d), place(x)], []) for d in (0.10, 0.05) for x in (0.1, 0.2)]
    skills = FakeSkills(lambda left, right: 0 if right[0].pre_grasp_dis == 0.10 else None)
    assert execute_first(skills, "right", versions).success
    assert [(right[0].pre_grasp_dis, right[1].target[0, 3]) for _, right in skills.asked] == [(0.10, 0.1), (0.05, 0.1)]


def test_a_version_that_differs_where_the_last_one_failed_is_tried():
    versions = [([grasp(0.1), place(x)], [lift(up)]) for x in (0.1, 0.2) for up in (0.05, 0.08)]
    skills = FakeSkills(lambda left, right: None if right and right[0].displacement[2] == 0.08 else 1)
    assert execute_first(skills, "left", versions).success
    assert len(skills.asked) == 2  # the other arm's list counts, too
    skills = FakeSkills(lambda left, right: None if left[1].target[0, 3] == 0.2 else 1)
    assert execute_first(skills, "left", versions).success
    assert len(skills.asked) == 3


def test_the_last_failure_is_the_report():
    skills = FakeSkills(lambda left, right: 0)
    report = execute_first(skills, "right", [([grasp(0.1)], []), ([grasp(0.05)], []), ([grasp(0.1), lift(0.1)], [])])
    assert len(skills.asked) == 2
    assert (report.layer, report.failed_index) == ("plan", 0)
