"""Plans of tcp poses for whoever only wants to know: nothing moves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bimanual_core.motion import JointTrajectory
from bimanual_planner.backends import PlanningBackend, PlanRequest
from bimanual_planner.skills import LocalSkills

Array = NDArray[np.float64]


def plan_poses(
    skills: LocalSkills, targets: Mapping[str, Array], sync: str, backend: PlanningBackend
) -> dict[str, JointTrajectory]:
    """Collision-checked trajectories by side that take each tcp from where it is to its target (4, 4).

    They start together; where the arms would meet, one of them may wait at first. Raises BimanualError naming the
    reason, value and limit where ``backend`` has no plan.
    """
    state, scene = skills.state()
    return backend.plan(scene, PlanRequest(state, poses=targets, sync=sync)).trajectories
