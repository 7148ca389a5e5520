"""The first successful seeds are collected, whatever runs side by side, fails, or is interrupted."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bimanual_core.errors import BimanualError
from bimanual_tasks.quota import FAILURES_ALLOWED, SeedQuota
from bimanual_tasks.seeds import SEEDS_PER_BLOCK


def one_by_one(first, wanted, good):
    quota = SeedQuota(first, wanted)
    while (seed := quota.next_seed()) is not None:
        quota.done(seed, seed in good)
    return quota.succeeded, quota.failed


@given(st.integers(1, 12), st.integers(0, 50), st.integers(1, 5), st.sets(st.integers(0, 80)), st.integers(0, 2**32))
def test_any_number_of_workers_and_any_interruption_give_the_same_set(wanted, first, workers, bad, chance):
    random = Random(chance)
    good = set(range(first, first + 300)) - bad
    quota = SeedQuota(first, wanted)
    while True:
        while len(quota.running) < workers and (seed := quota.next_seed()) is not None:
            assert seed not in quota.succeeded | quota.failed
        if not quota.running:
            break
        if random.random() < 0.2:  # killed: what runs is lost, what is done is on disk
            quota = SeedQuota(first, wanted, quota.succeeded, quota.failed)
            continue
        seed = random.choice(sorted(quota.running))
        quota.done(seed, seed in good)
    assert quota.complete
    assert (quota.succeeded, quota.failed) == one_by_one(first, wanted, good)
    assert quota.succeeded == set(sorted(good)[:wanted])


def test_a_hopeless_task_and_the_end_of_the_seeds_are_told():
    with pytest.raises(BimanualError, match=f"given up: {2 * FAILURES_ALLOWED + 1} of"):
        one_by_one(0, 1, good=())
    quota = SeedQuota(SEEDS_PER_BLOCK - 1, 1)
    quota.done(quota.next_seed(), False)
    with pytest.raises(BimanualError, match="no seed is left"):
        quota.next_seed()


@pytest.mark.parametrize(("first", "wanted"), [(-1, 1), (0, 0), (SEEDS_PER_BLOCK, 1), (0, SEEDS_PER_BLOCK + 1)])
def test_seeds_out_of_range_are_refused(first, wanted):
    with pytest.raises(BimanualError):
        SeedQuota(first, wanted)
