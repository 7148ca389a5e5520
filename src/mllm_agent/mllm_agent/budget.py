"""How much an agent may spend on a run, and how many actions of a plan are executed before it looks again."""

from __future__ import annotations

from dataclasses import dataclass

from bimanual_core.errors import BimanualError

#: Planning calls and actions executed of each plan, by task; as published where the task is.
_PUBLISHED: dict[str, tuple[int, int]] = {
    "handover_block": (10, 8),
    "handover_mic": (10, 8),
    "hanging_mug": (10, 8),
    "place_cans_plasticbox": (8, 5),
    "blocks_cross_shape": (10, 8),
    "blocks_ranking_size": (10, 8),
    "blocks_ranking_rgb": (10, 10),
    "stack_blocks_two": (8, 9),
    "stack_blocks_three": (12, 6),
    "stack_bowls_three": (12, 5),
    "place_burger_fries": (10, 6),
    "place_object_basket": (10, 8),
    "place_bread_skillet": (6, 5),
    "blocks_tower": (12, 10),
    "put_bottles_dustbin": (12, 15),
}
_USUAL = (10, 8)


@dataclass(frozen=True)
class Budget:
    """``calls``: plans asked for; ``actions``: executed of each; ``attempts``: replies to one call until one can be
    read; ``tokens`` in and out in all; ``seconds`` of wall time."""

    calls: int = _USUAL[0]
    actions: int = _USUAL[1]
    attempts: int = 3
    tokens: int = 400_000
    seconds: float = 1800.0

    def __post_init__(self) -> None:
        for name in ("calls", "actions", "attempts", "tokens", "seconds"):
            if not 1 <= getattr(self, name) < float("inf"):
                raise BimanualError(f"budget: {name} {getattr(self, name)} is below the limit 1 or not finite")


def budget_of(task: str) -> Budget:
    """The budget of a task, the usual one for tasks without a published one."""
    calls, actions = _PUBLISHED.get(task, _USUAL)
    return Budget(calls, actions)
