"""A thousand broken or hostile replies: no crash, nothing but skills within limits, and words for each."""

import random
from pathlib import Path

import numpy as np
import pytest
from agent_rig import FakeSkills, ScriptModel, grasp, home, lift, plan, run

from bimanual_core.errors import ErrorCode
from bimanual_core.skill import Skill
from mllm_agent.providers.faulty import FAULTS, FaultyProvider

FEW, MANY = range(240), range(1000)
GOOD = plan(grasp(), lift(), ("open_gripper", {"arm_tag": "left"}), home())
ENDS = {"calls", "replies", "provider"}


def require_within_limits(skill: Skill) -> None:
    """What reaches the planner is finite and near the table; the planner and the controllers judge it further."""
    assert np.abs(skill.displacement).max() <= 1.0
    assert 0.0 <= skill.gripper_pos <= 1.0
    assert skill.target is None or np.abs(skill.target[:3, 3]).max() <= 3.0
    assert max(skill.pre_grasp_dis, skill.grasp_dis, skill.pre_dis, skill.dis) <= 0.3
    assert skill.actor in ("", "block", "pad")


@pytest.mark.parametrize("seeds", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_broken_replies_move_nothing_they_should_not_and_are_answered(seeds: range, tmp_path: Path) -> None:
    fates = []
    marks = set(Path("/tmp").glob("owned*"))
    for seed in seeds:
        rng = random.Random(seed)
        kinds = (list(FAULTS)[seed % len(FAULTS)],)
        skills = FakeSkills({("right", "grasp_actor"): ErrorCode.PLAN_UNREACHABLE} if rng.random() < 0.3 else {})
        folder = tmp_path / str(seed)
        result, _, _ = run(folder, FaultyProvider(ScriptModel(GOOD), rng, kinds), skills, calls=1, attempts=1)
        fates.append(result.end)
        for _, skill in skills.done:
            require_within_limits(skill)
        told = [path.read_text() for path in folder.glob("calls/*/feedback.txt")]
        words = "".join(told) or result.error_msg
        assert words.strip(), f"seed {seed} ({kinds[0]}): the model is told nothing"
        assert words.isascii() or words.encode()
        assert len(words) < 20_000
    assert set(fates) == ENDS, fates
    assert set(Path("/tmp").glob("owned*")) == marks


@pytest.mark.parametrize("kind", [kind for kind in FAULTS if kind not in ("refused", "down")])
def test_a_model_that_recovers_goes_on(kind: str, tmp_path: Path) -> None:
    rng = random.Random(7)
    spoilt = FAULTS[kind](GOOD, rng)
    model = ScriptModel(spoilt, GOOD)
    result, skills, _ = run(tmp_path, model, calls=3)
    assert result.end == "calls"
    assert ("left", "back_to_origin") in [(side, skill.name) for side, skill in skills.done]
