"""From a geometric joint path to a timed trajectory within limits of velocity, acceleration and jerk.

Along a line the limits are constant and the profile is known (``straight``). Along a curve the time-optimal progress
(``time_optimal``) is smoothed by a moving average over time (``smoothing``); where what a controller samples passes a
limit, the progress is slowed down there and solved again, and what is left over by a uniform stretch (``curved``).
"""

from bimanual_planner.timing.limits import TimingConfig
from bimanual_planner.timing.quintic import sample_quintic, split_trajectory
from bimanual_planner.timing.time_path import time_path

__all__ = ["TimingConfig", "sample_quintic", "split_trajectory", "time_path"]
