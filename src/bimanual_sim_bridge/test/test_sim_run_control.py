"""When time moves in both modes, and how the pace is kept."""

import pytest

from bimanual_core.rates import REST_TICKS
from bimanual_sim_bridge.run_control import LONGEST_LAG_S, Pace, RunControl


def test_lockstep_moves_only_while_something_runs_and_rests_on_samples() -> None:
    run = RunControl(lockstep=True)
    assert not run.wants_tick(0, active=False)
    assert run.wants_tick(0, active=True)
    assert run.wants_tick(1, active=False)
    assert not run.wants_tick(REST_TICKS, active=False)


def test_a_pause_holds_goals_until_it_ends() -> None:
    run = RunControl(lockstep=True)
    run.playing = False
    assert not run.wants_tick(0, active=True)
    assert run.wants_tick(3, active=True)  # on to the next sample first
    run.playing = True
    assert run.wants_tick(0, active=True)


def test_requested_steps_happen_also_when_paused() -> None:
    run = RunControl(lockstep=False)
    run.playing = False
    job = run.request(12)
    assert advance(run, 0) == 20  # 12, then on to the next sample
    assert not run.stepping
    assert (job.ended, job.done, job.failure) == (True, 12, "")


def advance(run: RunControl, tick: int, most: int = 1000) -> int:
    """The tick at which time rests, or after ``most`` ticks."""
    for _ in range(most):
        if not run.wants_tick(tick, active=False):
            break
        tick += 1
        run.ticked()
        run.answer(tick)
    return tick


def test_requests_have_their_steps_one_after_the_other() -> None:
    run = RunControl(lockstep=True)
    first, second = run.request(10), run.request(25)
    ends: list[int] = []
    for job in (first, second):
        job.on_end(lambda job=job: ends.append(job.done))
    assert advance(run, 0, 10) == 10
    assert (first.ended, second.ended) == (True, False)
    assert advance(run, 10) == 40
    assert ends == [10, 25]


def test_a_request_that_ends_early_says_why_and_time_comes_to_rest() -> None:
    run = RunControl(lockstep=True)
    cancelled, other = run.request(100), run.request(5)
    advance(run, 0, 13)
    cancelled.end("cancelled")
    assert cancelled.failure == "cancelled after 13 of 100 steps"
    assert advance(run, 13) == 20
    assert (other.ended, other.failure) == (True, "")
    late = run.request(50)
    run.drop_requests("a new scene is loaded")
    assert late.failure == "a new scene is loaded after 0 of 50 steps"
    assert not run.stepping
    seen: list[bool] = []
    late.on_end(lambda: seen.append(late.ended))  # one who asks after the end is told at once
    assert seen == [True]


def test_realtime_runs_unless_paused() -> None:
    run = RunControl(lockstep=False)
    assert run.wants_tick(0, active=False)
    run.playing = False
    assert not run.wants_tick(0, active=False)


def test_pace_waits_for_what_is_early_and_measures_what_was_reached() -> None:
    pace = Pace(2.0)
    assert pace.delay(0, 100.0) == 0.0
    assert pace.delay(300, 100.2) == pytest.approx(0.3)
    for tick in range(330, 1201, 30):
        pace.delay(tick, 100.0 + tick / 600)
    assert pace.measured == pytest.approx(2.0)


def test_pace_does_not_rush_after_a_long_delay() -> None:
    pace = Pace(1.0)
    pace.delay(0, 0.0)
    assert pace.delay(30, 0.1 + 2 * LONGEST_LAG_S) == 0.0
    assert pace.delay(60, 0.1 + 2 * LONGEST_LAG_S) == pytest.approx(0.1)


def test_no_factor_is_as_fast_as_it_goes() -> None:
    pace = Pace(0.0)
    pace.delay(0, 0.0)
    assert pace.delay(3000, 0.001) == 0.0
