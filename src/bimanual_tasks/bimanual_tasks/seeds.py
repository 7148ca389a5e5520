"""Which seeds are for collection and which for evaluation, and the random streams that come from a seed."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from bimanual_core.errors import BimanualError

#: Collection uses 0 .. SEEDS_PER_BLOCK - 1; evaluation block ``seed0`` starts at SEEDS_PER_BLOCK * (1 + seed0).
SEEDS_PER_BLOCK = 100_000


def evaluation_seeds(seed0: int, episodes: int) -> range:
    """Seeds of an evaluation. Raises BimanualError if the block is negative or the episodes do not fit into it."""
    if seed0 < 0:
        raise BimanualError(f"seed0 {seed0} is below the limit 0: its seeds would overlap with collection")
    if not 1 <= episodes <= SEEDS_PER_BLOCK:
        raise BimanualError(f"episodes {episodes} is outside 1..{SEEDS_PER_BLOCK}: blocks of seeds would overlap")
    start = SEEDS_PER_BLOCK * (1 + seed0)
    return range(start, start + episodes)


def collection_seeds(first: int, count: int) -> range:
    """Seeds of a collection. Raises BimanualError if they would overlap with evaluation."""
    if first < 0 or count < 1 or first + count > SEEDS_PER_BLOCK:
        raise BimanualError(
            f"collection seeds {first}..{first + count - 1} are outside 0..{SEEDS_PER_BLOCK - 1}; "
            f"from {SEEDS_PER_BLOCK} on they are for evaluation"
        )
    return range(first, first + count)


def generator(task: str, seed: int, purpose: str) -> np.random.Generator:
    """The random stream of a task, seed and purpose; the same in every process and on every machine."""
    if seed < 0:
        raise BimanualError(f"seed {seed} is below the limit 0")
    return np.random.default_rng([seed, crc32(f"{task}/{purpose}".encode())])


def is_for_evaluation(seed: int) -> bool:
    """Whether a seed is one of evaluation, where held-out shapes and textures are drawn."""
    return seed >= SEEDS_PER_BLOCK
