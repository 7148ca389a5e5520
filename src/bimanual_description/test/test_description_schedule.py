"""Transforms follow joint_states at their rate, also where its stamps jitter."""

import numpy as np
import pytest

from bimanual_description.schedule import Schedule

PERIOD_NS = 10_000_000


def taken(stamps_ns: np.ndarray) -> int:
    schedule = Schedule(PERIOD_NS)
    return sum(schedule.takes(int(stamp)) for stamp in stamps_ns)


@pytest.mark.parametrize("jitter_ns", [0, 1, 100_000, 1_000_000])
def test_a_stream_of_the_same_rate_passes_whole(jitter_ns: int) -> None:
    rng = np.random.default_rng(1)
    stamps = 10**18 + np.arange(1000) * PERIOD_NS + rng.integers(-jitter_ns, jitter_ns + 1, 1000)
    assert taken(stamps) == 1000


@pytest.mark.parametrize(("rate_hz", "wanted"), [(50, 500), (100, 1000), (125, 1000), (250, 1000), (1000, 1000)])
def test_a_faster_stream_is_thinned_and_a_slower_one_is_not(rate_hz: int, wanted: int) -> None:
    stamps = 10**9 + np.arange(10 * rate_hz) * (10**9 // rate_hz)
    assert taken(stamps) == pytest.approx(wanted, abs=2)


def test_after_a_pause_or_a_step_back_it_goes_on() -> None:
    schedule = Schedule(PERIOD_NS)
    assert [schedule.takes(t) for t in (0, 5_000_000, 10_000_000)] == [True, False, True]
    assert [schedule.takes(t) for t in (10**12, 10**12 + 5_000_000, 10**12 + PERIOD_NS)] == [True, False, True]
    assert [schedule.takes(t) for t in (0, PERIOD_NS)] == [True, True]
