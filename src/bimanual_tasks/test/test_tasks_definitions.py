"""Tasks as data: what the published versions say, and clear refusals."""

import dataclasses

import pytest

from bimanual_core.errors import UnknownNameError
from bimanual_tasks.conditions import Condition, Stage
from bimanual_tasks.objects import Case, ObjectRange
from bimanual_tasks.registry import expert_names, get_expert, get_task, task_names, variants
from bimanual_tasks.task import ArmRule


def test_published_numbers():
    handover = get_task("handover_block")
    assert (handover.variant, handover.step_limit) == ("robotwin2", 800)
    assert handover.success[0].eps == (0.03, 0.03, 0.01)
    assert handover.success[1].side == "right"
    assert handover.limit_seconds == pytest.approx(800 / 15)
    old = get_task("handover_block", "robotwin1")
    assert (old.step_limit, old.success[0].eps) == (600, (0.02, 0.02, 0.0015))
    stack = get_task("stack_blocks_two")
    assert stack.success[0].offset == (0.0, 0.0, 0.05)
    assert stack.success[0].eps == (0.025, 0.025, 0.012)
    assert [c.side for c in stack.success[1:]] == ["left", "right"]


@pytest.mark.parametrize("name", task_names())
def test_every_variant_loads_and_is_frozen(name):
    for variant in variants(name):
        task = get_task(name, variant)
        assert task.variant == variant
        assert task.hold_seconds == 0.5
        with pytest.raises(dataclasses.FrozenInstanceError):
            task.step_limit = 1


def test_unknown_names_list_the_choices():
    with pytest.raises(UnknownNameError, match="handover_block, .*stack_blocks_two"):
        get_task("juggle")
    with pytest.raises(UnknownNameError, match="robotwin1, robotwin2"):
        get_task("handover_block", "robotwin3")
    with pytest.raises(UnknownNameError, match="unknown expert 'juggle'"):
        get_expert("juggle")


def test_every_task_has_an_expert_its_own_or_the_one_that_it_names():
    assert expert_names() == task_names()
    assert get_expert("hanging_mug_hard") is get_expert("hanging_mug")


def test_wrong_data_is_refused():
    with pytest.raises(ValueError, match="choices: near, height, side"):
        Condition("touching")
    with pytest.raises(ValueError, match="positive eps"):
        Condition("near", object="block")
    with pytest.raises(ValueError, match="condition touches needs other"):
        Condition("touches", object="block")
    with pytest.raises(ValueError, match="nothing is between 0.3 and 0.2"):
        Condition("height", object="block", low=0.3, high=0.2)
    with pytest.raises(ValueError, match="has no condition"):
        Stage("lifted", ())
    with pytest.raises(ValueError, match="either"):
        ArmRule()
    with pytest.raises(ValueError, match="either"):
        ArmRule(side_of="block", tag="hand")
    task = get_task("handover_block")
    with pytest.raises(ValueError, match="'ghost' is used but not listed"):
        dataclasses.replace(task, arms={"a": ArmRule(side_of="ghost")})
    with pytest.raises(ValueError, match="side 'middle'; choices: left, right, any"):
        dataclasses.replace(task, success=(Condition("held", object="block", side="middle"),))
    with pytest.raises(ValueError, match="tag 'hand' is used but not listed; listed: none"):
        dataclasses.replace(task, arms={"a": ArmRule(tag="hand")})


def test_contradictory_objects_are_refused():
    place = {"name": "cup", "x": (0.1, 0.2), "y": (0.0, 0.1)}
    with pytest.raises(ValueError, match="either class_name and asset_id, or kinds"):
        ObjectRange(**place, class_name="cube")
    with pytest.raises(ValueError, match=r"range x \[0.3, 0.1\] is empty"):
        ObjectRange(**{**place, "x": (0.3, 0.1)}, class_name="cube", asset_id="red")
    with pytest.raises(ValueError, match="a tag and its cases"):
        ObjectRange(**place, class_name="cube", asset_id="red", cases={"left": Case()})
    cup = ObjectRange(**place, class_name="cube", asset_id="red", tag="hand", cases={"left": Case()})
    task = get_task("handover_block")
    with pytest.raises(ValueError, match="the cases are not the values of tag 'hand'"):
        dataclasses.replace(task, objects=(*task.objects, cup), tags={"hand": ("left", "right")})
    follower = ObjectRange(**{**place, "name": "mat"}, class_name="cube", asset_id="red", same_side_as="cup")
    cup = dataclasses.replace(cup, tag="", cases={})
    with pytest.raises(ValueError, match="follows the side of 'cup', which is drawn after it"):
        dataclasses.replace(task, objects=(*task.objects, follower, cup))
