"""Stops of the loopback robot: the command slows down in the next period, the joints rest soon after."""

from bimanual.bench.control import LoopbackPlant, stop_figures
from bimanual_description import load


def test_a_stop_is_obeyed_in_the_next_period_and_ends_in_rest() -> None:
    figures = stop_figures(LoopbackPlant(load("cobot_magic")), 5, "loopback")
    assert figures["stop_latency_periods_loopback"] == 1
    assert 10.0 <= figures["stop_to_rest_p50_ms_loopback"] <= figures["stop_to_rest_max_ms_loopback"] < 200.0
