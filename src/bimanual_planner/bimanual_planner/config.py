"""Everything the planner may be tuned by, with units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PROFILES = ("time_optimal", "jerk_limited")


@dataclass(frozen=True)
class PlannerConfig:
    """Speeds are of loaded and unloaded motion alike: slow enough for a held object, below the robot's limits."""

    joint_speed: float = 1.5  # [rad/s], never above the robot's own limit
    joint_acceleration: float = 6.0  # [rad/s^2], likewise
    profile: str = "jerk_limited"  # of timed motions, within the robot's jerk; or time_optimal, without that limit
    tcp_speed: float = 0.15  # on straight motions [m/s]
    line_step: float = 0.01  # between poses of a screw [m]
    turn_step: float = 0.05  # and [rad]
    max_joint_step: float = 0.25  # [rad] between two poses of a screw; more is a jump
    free_yaws: int = 24  # headings tried where a target leaves the heading free
    branches: int = 2  # wrist branches tried for each pose
    margin: float = 0.003  # clearance of bodies that may not touch [m]
    kept_margin: float = 0.002  # and at each instant of what is timed, whose corners are rounded [m]
    touch_depth: float = 0.004  # what is set down or lifted off overlaps by at most this, as measured [m]
    coarse_step: float = 0.06  # [rad] between collision checks of what comes later
    fine_step: float = 0.03  # [rad] between collision checks of what is executed next
    check_interval: float = 0.02  # [s] between looks at what another planner's own checks are asked about
    squeeze: float = 0.016  # a gripper closes to this far below the object's width [m]
    width_tolerance: float = 0.012  # opening below the width by more than this: nothing is held [m]
    spare_opening: float = 0.010  # least opening beyond an object's width for a grasp to be tried [m]
    search_budget: int = 4000  # combinations tried before a look-ahead gives up

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ValueError(f"unknown profile {self.profile!r}; choices: {', '.join(PROFILES)}")

    def speeds(self, limits: tuple[float, ...]) -> np.ndarray:
        """Joint speeds (n,) [rad/s] within ``limits``."""
        return np.minimum(self.joint_speed, limits)

    def accelerations(self, limits: tuple[float, ...]) -> np.ndarray:
        """Joint accelerations (n,) [rad/s^2] within ``limits``."""
        return np.minimum(self.joint_acceleration, limits)

    def jerks(self, limits: tuple[float, ...]) -> np.ndarray:
        """Joint jerks (n,) [rad/s^3] within ``limits``; infinite where the profile has no limit of jerk."""
        return np.array(limits) if self.profile == "jerk_limited" else np.full(len(limits), np.inf)
