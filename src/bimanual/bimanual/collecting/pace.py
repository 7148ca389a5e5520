"""How fast demonstrations move: as the planner does everywhere, or as the robot can."""

from __future__ import annotations

import math

from bimanual_core.errors import UnknownNameError
from bimanual_planner.config import PlannerConfig

USUAL, FULL = "usual", "full"
#: The planner's settings by pace. ``full``: joints up to the speeds and accelerations of the YAML, straight lines as
#: fast as sampled motion still follows them closely [m/s].
PACES = {
    USUAL: PlannerConfig(),
    FULL: PlannerConfig(joint_speed=math.inf, joint_acceleration=math.inf, tcp_speed=0.3),
}


def planner_config(pace: str) -> PlannerConfig:
    """The planner's settings of ``pace``. Raises UnknownNameError listing the paces."""
    if pace not in PACES:
        raise UnknownNameError("pace", pace, PACES)
    return PACES[pace]
