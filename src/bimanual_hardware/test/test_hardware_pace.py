"""The beat of the control loop: on time it waits, late it goes at once, and what it missed it counts and leaves out."""

import pytest

from bimanual_hardware.robot.pace import ControlPace


def test_periods_keep_to_the_clock_however_long_the_work_takes() -> None:
    pace = ControlPace(0.01)
    pace.begin(5.0)
    assert pace.delay(5.002) == pytest.approx(0.008)
    pace.begin(5.0101)
    assert pace.delay(5.015) == pytest.approx(0.005)
    assert pace.overruns == 0


def test_missed_periods_are_counted_and_left_out() -> None:
    pace = ControlPace(0.01)
    pace.begin(5.0)
    assert pace.delay(5.012) == 0.0
    pace.begin(5.012)
    assert pace.overruns == 0
    pace.begin(5.055)
    assert pace.overruns == 3
    assert pace.longest_s == pytest.approx(0.043)
    assert pace.delay(5.056) == pytest.approx(0.004)


def test_after_a_rest_nothing_was_missed() -> None:
    pace = ControlPace(0.01)
    pace.begin(5.0)
    pace.restart()
    pace.begin(9.0)
    assert pace.overruns == 0
