"""Steps into a timed motion: arms at equal shares of their ways or each at its own speed, held against collisions."""

from __future__ import annotations

from bimanual_core.motion import GripperGoal, Motion
from bimanual_planner.clearance import clear_motion
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState
from bimanual_planner.steps import Step, travel
from bimanual_planner.timed_paths import Paths

_STILL = 1e-6  # [rad] a path shorter than this is no motion


def motion_of(state: PlanState, steps: dict[str, Step], sync: str, scene: PlanningScene) -> Motion | None:
    """The motion that runs ``steps`` together; where the timed arms would meet, one waits for the other. None where
    nothing moves. Grippers move at its beginning.

    Raises BimanualError naming the pair where there is none.
    """
    arms = {s: step.path for s, step in steps.items() if step.path is not None and travel(step.path) > _STILL}
    lengths = {s: step.lengths for s, step in steps.items() if s in arms and step.lengths is not None}
    grippers = {s: GripperGoal(step.opening) for s, step in steps.items() if step.opening is not None}
    if not arms:
        return Motion({}, grippers) if grippers else None
    return Motion(clear_motion(scene, state, Paths(arms, lengths), sync).trajectories, grippers)
