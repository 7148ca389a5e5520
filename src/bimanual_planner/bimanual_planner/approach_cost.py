"""What an approach costs: the way to it, what it leaves of the joints' ranges, how near it is to a singularity, how far
the grasp is from the one that is preferred. The least cost is the best of many grasps.

Everything is told in radians of joint travel, so that the shares can be weighed against each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bimanual_kinematics.model import RobotModel

Array = NDArray[np.float64]
#: For each step down the list of tilts that a contact prefers. What holds best comes before what is nearest.
PREFERENCE = 0.15
#: At a limit, falling to nothing where this much of the range is left [rad].
LIMIT, LIMIT_ROOM = 0.6, 0.25
#: At a singularity, falling to nothing where the least singular value of the Jacobian is this. Turns count as what they
#: move the end of a lever of this length [m].
SINGULAR, SINGULAR_VALUE, LEVER = 0.6, 0.02, 0.15
#: Where what is near leaves less than this clearance before the approach [m].
TIGHT, TIGHT_MARGIN = 0.4, 0.015


def approach_cost(
    model: RobotModel, side: str, q: Array, q_pre: Array, q_goal: Array, preference: int, roomy: bool
) -> float:
    """Of the way from joints ``q`` (n,) by ``q_pre`` to ``q_goal`` with a grasp that is number ``preference`` of its
    contact's list; ``roomy``: with clearance at ``q_pre``."""
    lower, upper = model.limits(side)
    left = min(float(np.minimum(at - lower, upper - at).min()) for at in (q_pre, q_goal))
    travel = float(np.abs(q_pre - q).max() + np.abs(q_goal - q_pre).max())
    crowded = max(0.0, 1.0 - left / LIMIT_ROOM)
    singular = max(0.0, 1.0 - least_motion(model, side, q_goal) / SINGULAR_VALUE)
    return travel + PREFERENCE * preference + LIMIT * crowded + SINGULAR * singular + TIGHT * (not roomy)


def least_motion(model: RobotModel, side: str, q: Array) -> float:
    """The least singular value of the Jacobian at joints (n,): how little the tcp moves [m] at worst for 1 rad."""
    J = model.jacobian_world(side, q)
    J[:3] *= LEVER
    return float(np.linalg.svd(J, compute_uv=False)[-1])
