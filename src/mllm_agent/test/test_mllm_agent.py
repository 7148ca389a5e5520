"""The loop without a robot: what is done, what the model is told of it, and how runs end."""

import json
from itertools import count

import pytest
from agent_rig import GOAL, FakeSkills, ScriptModel, grasp, home, lift, plan, run

from bimanual_core.errors import ErrorCode, SilentNodeError
from mllm_agent.agent import DONE, OVER
from mllm_agent.prompt import Goal
from mllm_agent.providers.base import Cancelled, ProviderError, RefusedReply, Reply

UNREACHABLE, MISSED = ErrorCode.PLAN_UNREACHABLE, ErrorCode.GRASP_MISSED


def names(skills):
    return [(side, skill.name) for side, skill in skills.done]


def told(folder, call=1, attempt=1):
    return (folder / f"calls/{call:02d}-{attempt}/feedback.txt").read_text()


def test_a_plan_is_done_action_by_action_with_the_rest_in_sight(tmp_path):
    result, skills, folder = run(tmp_path, ScriptModel(plan(grasp(), lift(), home())), calls=1)
    assert names(skills) == [("left", "grasp_actor"), ("left", "move_by_displacement"), ("left", "back_to_origin")]
    assert skills.requests == [(3, 2), (2, 1), (1, 0)]
    assert told(folder).splitlines() == [
        "action 1 grasp_actor (left arm, block): succeeded.",
        "action 2 move_by_displacement (left arm): succeeded.",
        "action 3 back_to_origin (left arm): succeeded.",
        "The goal is not reached yet.",
    ]
    assert (result.end, result.error_code, result.actions_done) == ("calls", ErrorCode.AGENT_BUDGET, 3)
    assert "not done after 1 calls" in result.error_msg


def test_only_the_first_actions_of_a_plan_are_done_but_all_are_looked_ahead_along(tmp_path):
    _, skills, folder = run(tmp_path, ScriptModel(plan(grasp(), lift(), home())), calls=1, actions=2)
    assert len(skills.done) == 2
    assert skills.requests[0] == (3, 2)
    assert "Actions 3 to 3 were not executed: of a plan the first 2 actions are." in told(folder)


def test_a_failure_ends_the_plan_and_is_told_with_its_layer_and_numbers(tmp_path):
    model = ScriptModel(plan(grasp(), lift()), plan(home()))
    _, skills, folder = run(tmp_path, model, FakeSkills({("left", "grasp_actor"): MISSED}))
    assert names(skills) == [("left", "back_to_origin")]
    text = told(folder)
    assert text.splitlines()[0] == (
        "action 1 grasp_actor (left arm, block): FAILED, the grasp failed: left arm: grasp_actor fails by 12.5 mm. "
        "The arm may have moved part of the way. The rest of the plan was not executed."
    )
    assert "succeeded" not in text
    assert text.splitlines()[0] in model.requests[1].text


def test_an_arm_that_cannot_reach_is_refused_before_it_moves_and_the_other_is_named(tmp_path):
    model = ScriptModel(plan(grasp(), lift()))
    _, skills, folder = run(tmp_path, model, FakeSkills({("left", "grasp_actor"): UNREACHABLE}), calls=1)
    assert not skills.done
    assert "refused before anything moved: the left arm cannot reach block" in told(folder)
    assert "The right arm can: use arm_tag 'right'." in told(folder)
    neither = FakeSkills(dict.fromkeys([("left", "grasp_actor"), ("right", "grasp_actor")], UNREACHABLE))
    _, _, folder = run(tmp_path / "2", model, neither, calls=1)
    assert "The right arm cannot either" in told(folder)


def test_what_comes_before_an_action_that_cannot_be_planned_is_done(tmp_path):
    skills = FakeSkills({("left", "back_to_origin"): ErrorCode.PLAN_COLLISION})
    _, skills, folder = run(tmp_path, ScriptModel(plan(grasp(), lift(), home(), lift())), skills, calls=1)
    assert names(skills) == [("left", "grasp_actor"), ("left", "move_by_displacement")]
    assert told(folder).splitlines()[2].startswith("action 3 back_to_origin (left arm): FAILED, no motion could be")
    # The dead end is found once; until its own turn nothing behind it is looked at again.
    assert skills.requests == [(4, 3), (2, 1), (1, 0), (2, 1)]


def test_refused_actions_move_nothing_and_end_the_plan(tmp_path):
    model = ScriptModel(plan(lift(), ("grasp_actor", {"actor": "cup", "arm_tag": "left"}), lift()))
    _, skills, folder = run(tmp_path, model, calls=1)
    assert len(skills.done) == 1
    assert "there is no object 'cup'; objects: block, pad. It was refused and nothing moved." in told(folder)


def test_arm_poses_are_told(tmp_path):
    _, skills, folder = run(tmp_path, ScriptModel(plan(("get_arm_pose", {"arm_tag": "right"}))), calls=1)
    assert not skills.done
    assert "The right arm is at [0.3000, -0.1000, 0.9000, 0.0000, 0.0000, 0.0000, 1.0000]." in told(folder)


def test_success_ends_the_run_amid_a_plan(tmp_path):
    skills = FakeSkills()
    result, skills, folder = run(
        tmp_path, ScriptModel(plan(grasp(), lift(), home())), skills, lambda: DONE if len(skills.done) == 2 else ""
    )
    assert (result.success, result.end, result.error_code, len(skills.done)) == (True, "done", ErrorCode.NONE, 2)
    assert told(folder).endswith("The goal is reached.")


def test_time_that_is_over_ends_the_run(tmp_path):
    result, _, _ = run(tmp_path, ScriptModel(plan(grasp())), state=lambda: OVER)
    assert (result.success, result.end, result.error_code) == (False, "over", ErrorCode.AGENT_UNFINISHED)


def test_an_empty_plan_ends_a_run_that_nobody_judges_and_no_other(tmp_path):
    model = ScriptModel(plan())
    result, _, folder = run(tmp_path, model)
    assert (result.success, result.calls) == (False, 2)
    assert "executable_plan is empty, but the goal is not reached" in told(folder)
    from agent_rig import FakeWorld

    from mllm_agent.agent import Agent
    from mllm_agent.budget import Budget
    from mllm_agent.log import RunLog

    free = Agent(FakeWorld(), FakeSkills(), model, Budget(), RunLog(tmp_path / "free")).run(Goal("wave"))
    assert (free.success, free.end, free.calls) == (True, "finished", 1)


def test_replies_that_cannot_be_read_are_asked_for_again_with_the_reason(tmp_path):
    model = ScriptModel("no", RefusedReply("the model refused: I am shy"), plan(grasp()))
    result, skills, _ = run(tmp_path, model, calls=1)
    assert len(skills.done) == 1
    assert "Your last answer could not be used: the reply holds no JSON object" in model.requests[1].text
    assert "I am shy" in model.requests[2].text
    assert (result.calls, result.requests) == (1, 3)
    result, skills, _ = run(tmp_path / "2", ScriptModel("no"))
    assert (result.end, result.error_code, result.requests) == ("replies", ErrorCode.AGENT_REPLY, 3)
    assert not skills.done


def test_a_reply_at_the_token_limit_is_used_as_far_as_it_goes(tmp_path):
    cut = Reply(plan(grasp(), lift())[:-30], cut_off=True)
    _, skills, _ = run(tmp_path, ScriptModel(cut), calls=1)
    assert names(skills) == [("left", "grasp_actor")]
    result, _, _ = run(tmp_path / "2", ScriptModel(Reply("hm", cut_off=True)))
    assert "cut off at the token limit: be brief" in result.error_msg


def test_the_last_three_steps_are_told(tmp_path):
    model = ScriptModel(*(plan(lift(z=0.01 * n)) for n in range(1, 6)))
    run(tmp_path, model, calls=5)
    last = model.requests[-1].text
    assert "the last 3 of 4 steps" in last
    assert [f"Step {n}\n" in last for n in range(1, 5)] == [False, True, True, True]
    assert '"z": 0.04' in last
    assert '"z": 0.01' not in last
    assert "asked 1 more times" in last
    assert last.count("qx, qy, qz, qw") == 1


def test_tokens_and_time_are_bounded(tmp_path):
    result, _, _ = run(tmp_path, ScriptModel(plan(grasp())), calls=9, tokens=300)
    assert (result.end, result.calls, result.tokens) == ("tokens", 4, 360)
    assert "360 tokens are used, the limit is 300" in result.error_msg


def test_endpoint_errors_end_the_run_in_their_words(tmp_path):
    result, skills, folder = run(tmp_path, ScriptModel(plan(lift()), ProviderError("the endpoint is down")))
    assert (result.end, result.error_code) == ("provider", ErrorCode.AGENT_ENDPOINT)
    assert result.error_msg == "the endpoint is down"
    assert len(skills.done) == 1
    assert json.loads((folder / "result.json").read_text())["end"] == "provider"


def test_cancelling_ends_the_run_between_two_actions_or_while_a_reply_is_awaited(tmp_path):
    skills = FakeSkills()
    result, skills, _ = run(tmp_path, ScriptModel(plan(grasp(), lift())), skills, cancelled=lambda: bool(skills.done))
    assert (result.end, result.error_code, len(skills.done)) == ("cancelled", ErrorCode.CANCELLED, 1)
    result, _, _ = run(tmp_path / "2", ScriptModel(Cancelled("while waiting")))
    assert (result.end, result.error_code) == ("cancelled", ErrorCode.CANCELLED)


def test_a_silent_graph_is_raised_and_in_the_log(tmp_path):
    class Silent(FakeSkills):
        def execute(self, left, right, sync="proportional", ahead=0):
            raise SilentNodeError("node planner has been silent")

    with pytest.raises(SilentNodeError):
        run(tmp_path, ScriptModel(plan(grasp())), Silent())
    assert "planner has been silent" in json.loads((tmp_path / "result.json").read_text())["error_msg"]


def test_the_log_has_it_all(tmp_path):
    model = ScriptModel(plan(grasp()), sees=True)
    result, _, folder = run(tmp_path, model, calls=1)
    call = folder / "calls/01-1"
    assert (call / "head.jpg").read_bytes().startswith(b"\xff\xd8")
    assert [p["camera"] for p in json.loads((call / "request.json").read_text())["pictures"]] == ["head", "third_view"]
    assert (call / "request.txt").read_text() == model.requests[0].text
    assert json.loads((call / "reply.json").read_text())["prompt_tokens"] == 100
    kinds = [json.loads(line)["event"] for line in (folder / "timeline.jsonl").read_text().splitlines()]
    assert kinds == ["begin", "request", "reply", "action", "outcome", "end"]
    report = (folder / "report.md").read_text()
    assert GOAL.instruction in report
    assert "calls/01-1/head.jpg" in report
    assert "> action 1 grasp_actor" in report
    assert json.loads((folder / "run.json").read_text())["calls"] == 1
    assert result.tokens == 120


def test_the_prompt_says_what_a_model_needs(tmp_path):
    model = ScriptModel(plan(), sees=True)
    run(tmp_path, model, calls=1)
    text, pictures = model.requests[0].text, model.requests[0].pictures
    for words in (
        "handover_block",
        GOAL.instruction,
        "left and right are mirrored",
        "- block: a long red block",
        "both",
    ):
        assert words in text
    for n in count(2):
        if n > 9:
            break
        assert f"- 2.{n} " in text
    assert "executable_plan" in text
    assert "must not hit each other" in text
    assert [p.camera for p in pictures] == ["head", "third_view"]
