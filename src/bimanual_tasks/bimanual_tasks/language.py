"""The instruction of an episode: a seeded choice among the task's templates, filled with nouns and arms."""

from __future__ import annotations

import string
from dataclasses import dataclass

from bimanual_core.errors import BimanualError, UnknownNameError
from bimanual_core.robot import other_side
from bimanual_core.scene import SceneSpec
from bimanual_tasks.assets import find_asset
from bimanual_tasks.geometry import AssetLookup
from bimanual_tasks.seeds import generator
from bimanual_tasks.task import ArmRule, Task

SPLITS = ("seen", "unseen")
#: What the catalogue's descriptions begin with; templates bring their own article.
ARTICLES = ("a ", "an ", "the ")


@dataclass(frozen=True)
class Instruction:
    """A sentence, and what each of the slots in it stands for: sides of ``arms``, names of ``objects``."""

    text: str
    arms: dict[str, str]
    objects: dict[str, str]


def arms(task: Task, scene: SceneSpec) -> dict[str, str]:
    """Side by slot (``a``, ``b``...) for a scene, as the task's rules say."""
    return {slot: _side(task, rule, scene) for slot, rule in task.arms.items()}


def nouns(task: Task, scene: SceneSpec, assets: AssetLookup = find_asset) -> dict[str, str]:
    """Words by slot (``A``, ``B``...): the task's own, else what the catalogue calls the object that was drawn."""
    words = dict(task.nouns)
    for slot, name in task.actors.items():
        if slot not in words:
            item = next(o for o in scene.objects if o.name == name)
            words[slot] = _without_article(assets(item.class_name, item.asset_id, item.scale).description)
    return words


def instruct(
    task: Task, scene: SceneSpec, seed: int, split: str = "seen", assets: AssetLookup = find_asset
) -> Instruction:
    """The instruction of ``seed``: the same seed always gives the same sentence. Raises UnknownNameError for an
    unknown split, BimanualError for a split without templates or a template with a slot the task lacks."""
    if split not in SPLITS:
        raise UnknownNameError("instruction split", split, SPLITS)
    templates: tuple[str, ...] = getattr(task.instructions, split)
    if not templates:
        raise BimanualError(f"task {task.name} has no {split} instructions")
    template = templates[int(generator(task.name, seed, f"language/{split}").integers(len(templates)))]
    sides = arms(task, scene)
    words = {**nouns(task, scene, assets), **sides}
    used = [slot for _, slot, _, _ in string.Formatter().parse(template) if slot is not None]
    for slot in used:
        if slot not in words:
            raise UnknownNameError(f"slot of {task.name}", slot, words)
    text = template.format(**words)
    return Instruction(
        text[0].upper() + text[1:],
        {slot: side for slot, side in sides.items() if slot in used},
        {slot: name for slot, name in task.actors.items() if slot in used},
    )


def choose_instruction(task: Task, scene: SceneSpec, seed: int, split: str = "seen") -> str:
    """The sentence of :func:`instruct`."""
    return instruct(task, scene, seed, split).text


def _side(task: Task, rule: ArmRule, scene: SceneSpec) -> str:
    if rule.side:
        return rule.side
    if rule.tag and rule.tag not in task.drawn:
        raise BimanualError(f"tag {rule.tag!r} of {task.name} has no value: use the task of a sample, which is drawn")
    if rule.tag:
        return task.drawn[rule.tag]
    if rule.opposite_of:
        if rule.opposite_of not in task.arms:
            raise UnknownNameError(f"arm slot of {task.name}", rule.opposite_of, task.arms)
        return other_side(_side(task, task.arms[rule.opposite_of], scene))
    for placed in scene.objects:
        if placed.name == rule.side_of:
            return "right" if placed.T_world_object[0, 3] > 0 else "left"
    raise UnknownNameError("object", rule.side_of, [o.name for o in scene.objects])


def _without_article(description: str) -> str:
    for article in ARTICLES:
        if description.startswith(article):
            return description[len(article) :]
    return description
