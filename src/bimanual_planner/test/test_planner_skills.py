"""Skills in a world without physics: what is done is what was asked, and failures are told truthfully."""

import numpy as np
import pytest
from planner_rig import MODEL, ROBOT, FollowingWorld, block, cube

from bimanual_core import se3
from bimanual_core.errors import ErrorCode
from bimanual_core.skill import Skill, hold
from bimanual_planner.skills import LocalSkills

GRASP = Skill("grasp_actor", "cube", pre_grasp_dis=0.08)
LIFT = Skill("move_by_displacement", displacement=(0.0, 0.0, 0.07))
HOME = Skill("back_to_origin")


def place(target, **options):
    return Skill("place_actor", "cube", target=target, functional_id=0, pre_dis=0.05, dis=0.0, **options)


def skills_in(*objects, **options):
    world = FollowingWorld(*objects, **options)
    return world, LocalSkills(world, model=MODEL)


def test_pick_and_place_puts_the_cube_where_asked():
    world, skills = skills_in(cube("cube", -0.2, 0.0))
    goal = se3.make_T((-0.1, -0.1, 0.7405))
    retreat = Skill("move_by_displacement", displacement=(0.0, 0.0, -0.08), move_axis="arm")
    report = skills.execute([GRASP, LIFT, place(goal), retreat, HOME], [])
    assert report.success, report.error_msg
    assert (report.asked, report.done, report.failed_index) == (5, 5, -1)
    bottom = world.pose("cube") @ se3.make_T((0.0, 0.0, -0.025))
    assert np.abs(bottom[:3, 3] - goal[:3, 3]).max() < 1e-4
    assert np.allclose(bottom[2, :3], (0.0, 0.0, 1.0), atol=1e-3)
    assert np.abs(world.q - ROBOT.home).max() < 1e-6


def test_skills_of_the_same_index_run_in_the_same_motions():
    world, skills = skills_in(cube("cube", -0.2, 0.0), cube("other", 0.2, 0.0))
    report = skills.execute([GRASP], [Skill("grasp_actor", "other", pre_grasp_dis=0.08)])
    assert report.success, report.error_msg
    assert [set(m.arms) for m in world.motions] == [{"left", "right"}, {"left", "right"}, set()]
    assert set(world.motions[-1].grippers) == {"left", "right"}
    for motion in world.motions[:2]:
        assert motion.arms["left"].duration == motion.arms["right"].duration


def test_the_same_request_gives_the_same_motions():
    runs = []
    for _ in range(2):
        world, skills = skills_in(cube("cube", -0.2, 0.0))
        assert skills.execute([GRASP, LIFT, place(se3.make_T((-0.1, -0.1, 0.7405)))], []).success
        runs.append([m.arms["left"].positions for m in world.motions if "left" in m.arms])
    for a, b in zip(*runs, strict=True):
        assert np.array_equal(a, b)


def test_looks_ahead_before_it_moves():
    world, skills = skills_in(cube("cube", -0.2, 0.0))
    report = skills.execute([GRASP, LIFT, place(se3.make_T((1.5, 0.0, 0.7405)))], [])
    assert report.error_code == ErrorCode.PLAN_UNREACHABLE
    assert (report.layer, report.failed_side, report.done) == ("plan", "left", 0)
    assert "index 2" in report.error_msg
    assert world.motions == []


def test_a_handover_ends_in_the_other_hand():
    world, skills = skills_in(block())
    meet = Skill(
        "place_actor",
        "block",
        target=se3.make_T((0.0, -0.05, 0.83)),
        functional_id=0,
        pre_dis=0.0,
        dis=0.0,
        is_open=False,
        constrain="free",
    )
    give = [
        Skill("grasp_actor", "block", group="upper"),
        Skill("move_by_displacement", displacement=(0.0, 0.0, 0.06)),
        meet,
        hold(),
        Skill("open_gripper", gripper_pos=1.0),
        Skill("move_by_displacement", displacement=(0.0, 0.0, -0.09), move_axis="arm"),
    ]
    take = [*[hold()] * 3, Skill("grasp_actor", "block", group="lower"), hold(), hold(), LIFT]
    report = skills.execute(give, take)
    assert report.success, report.error_msg
    assert world.pose("block")[2, 3] == pytest.approx(0.83 + 0.1 + 0.07, abs=1e-3)
    assert world.observe().joints.position[ROBOT.joints.index("left_gripper")] == pytest.approx(0.1)


def test_a_missed_grasp_is_reported_with_opening_and_width():
    world, skills = skills_in(cube("cube", -0.2, 0.0), slippery=True)
    report = skills.execute([GRASP, LIFT], [])
    assert report.error_code == ErrorCode.GRASP_MISSED
    assert (report.layer, report.failed_side, report.failed_index, report.done) == ("grasp", "left", 0, 0)
    assert "50.0 mm wide" in report.error_msg
    assert len(world.motions) == 3, "nothing moves after the miss"


def test_a_lost_object_is_reported_before_the_next_motion():
    world, skills = skills_in(cube("cube", -0.2, 0.0))
    assert skills.execute([GRASP, LIFT], []).success
    world.lose("left")
    moved = len(world.motions)
    report = skills.execute([place(se3.make_T((-0.1, -0.1, 0.7405)))], [])
    assert report.error_code == ErrorCode.GRASP_LOST
    assert (report.layer, report.failed_side) == ("grasp", "left")
    assert len(world.motions) == moved


def test_a_refused_motion_ends_the_list():
    world, skills = skills_in(cube("cube", -0.2, 0.0), fail_at=1)
    report = skills.execute([GRASP, LIFT], [])
    assert report.error_code == ErrorCode.CONTROL_PATH_TOLERANCE
    assert (report.layer, report.failed_side, report.done) == ("control", "left", 0)
    assert "0.3 rad off, limit 0.2" in report.error_msg
    assert len(world.motions) == 2


def test_cancel_stops_before_the_next_motion():
    world, skills = skills_in(cube("cube", -0.2, 0.0))
    report = skills.execute([GRASP, LIFT], [], cancelled=lambda: len(world.motions) >= 1)
    assert report.error_code == ErrorCode.CANCELLED
    assert len(world.motions) == 1


def test_a_new_scene_is_a_new_memory():
    world, skills = skills_in(cube("cube", -0.2, 0.0))
    assert skills.execute([GRASP], []).success
    world.scene_id = 2
    report = skills.execute([place(se3.make_T((-0.1, -0.1, 0.7405)))], [])
    assert "holds nothing" in report.error_msg


@pytest.mark.parametrize(
    ("left", "options", "words"),
    [
        ([Skill("grasp_actor", "teapot")], {}, "unknown object 'teapot'; choices: cube"),
        ([Skill("grasp_actor", "cube", contact_ids=(9,))], {}, r"no contact point \(9,\)"),
        ([place(se3.make_T((-0.1, -0.1, 0.74)))], {}, "holds nothing, so it cannot place cube"),
        ([GRASP, Skill("place_actor", "cube", target=np.eye(4), functional_id=7)], {}, r"choices: \[0, 1\]"),
        ([HOME], {"sync": "loosely"}, "choices: proportional, independent"),
    ],
)
def test_requests_without_sense_move_nothing(left, options, words):
    world, skills = skills_in(cube("cube", -0.2, 0.0))
    report = skills.execute(left, [], **options)
    assert not report.success
    assert report.error_code != ErrorCode.NONE
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(report.error_msg)
    assert world.motions == []


def test_an_empty_request_is_done():
    world, skills = skills_in()
    report = skills.execute([], [])
    assert report.success
    assert world.motions == []


def test_move_to_pose_goes_around_what_is_in_the_way():
    world, skills = skills_in(block(-0.3, 0.0))
    start, end = (skills.arm_pose("left") for _ in range(2))
    start[:3, 3] += (-0.12, 0.10, -0.05)
    end[:3, 3] += (0.12, 0.10, -0.05)
    report = skills.execute([Skill("move_to_pose", target=start), Skill("move_to_pose", target=end)], [])
    assert report.success, report.error_msg
    assert np.abs(skills.arm_pose("left") - end).max() < 1e-4
    assert "around" in report.log[1]
    assert world.pose("block")[0, 3] == pytest.approx(-0.3)


def test_delay_waits_in_the_worlds_time():
    world, skills = skills_in()
    assert skills.execute([Skill("delay", seconds=0.7)], []).success
    assert world.waited == pytest.approx(0.7)


def test_what_is_only_looked_ahead_along_is_kept_possible_and_not_done():
    world, skills = skills_in(cube("cube", -0.2, 0.0))
    retreat = Skill("move_by_displacement", displacement=(0.0, 0.0, -0.08), move_axis="arm")
    wanted = [GRASP, LIFT, place(se3.make_T((-0.1, -0.1, 0.7405))), retreat, HOME]
    for index in range(len(wanted)):
        report = skills.execute(wanted[index:], [], ahead=len(wanted) - index - 1)
        assert report.success, report.error_msg
        assert (report.asked, report.done) == (len(wanted) - index, 1)
    one, together = skills_in(cube("cube", -0.2, 0.0))
    assert together.execute(wanted, []).success
    assert np.allclose(world.q, one.q, atol=1e-6)
    assert len(world.motions) == len(one.motions)


def test_an_arm_may_rest_with_its_grasp_closed_on_what_stands_while_the_other_moves():
    world, skills = skills_in(cube("cube", -0.2, 0.0), cube("other", 0.2, 0.0))
    assert skills.execute([GRASP], []).success
    report = skills.execute([], [Skill("grasp_actor", "other", pre_grasp_dis=0.08), LIFT])
    assert report.success, report.error_msg
    assert world.pose("other")[2, 3] > world.pose("cube")[2, 3] + 0.05


def test_what_rests_in_a_hand_is_no_more_run_into_than_what_stands():
    _, skills = skills_in(cube("cube", -0.05, -0.1), cube("other", 0.25, -0.1))
    assert skills.execute([GRASP], []).success
    fetch = [Skill("grasp_actor", "other", pre_grasp_dis=0.08), LIFT]
    assert skills.execute([], fetch).success
    onto = Skill("move_by_displacement", displacement=(-0.28, 0.0, -0.06))
    report = skills.execute([], [onto])
    assert (report.success, report.layer) == (False, "plan")


def test_all_ahead_moves_nothing_and_tells_where_it_would_fail():
    world, skills = skills_in(cube("cube", -0.2, 0.0))
    assert skills.execute([GRASP, LIFT], [], ahead=2).success
    far = Skill("move_by_displacement", displacement=(0.0, 0.0, 2.0))
    report = skills.execute([GRASP, far], [], ahead=2)
    assert (report.layer, report.failed_index, report.failed_side, report.done) == ("plan", 1, "left", 0)
    assert not world.motions
    assert "outside [0, 2]" in skills.execute([GRASP, LIFT], [], ahead=3).error_msg
