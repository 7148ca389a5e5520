"""The one interface of all planning backends."""

from __future__ import annotations

from typing import Protocol

from bimanual_planner.backends.request import PlanRequest
from bimanual_planner.planner import PlannedMotion
from bimanual_planner.planning_scene import PlanningScene


class PlanningBackend(Protocol):
    """Plans motions of one or both arms among the objects of a scene; one request at a time."""

    @property
    def name(self) -> str:
        """The name that the planner's parameter ``backend`` chooses it by."""
        ...

    @property
    def methods(self) -> tuple[str, ...]:
        """What a request may name as its method; ``auto`` is always one."""
        ...

    def plan(self, scene: PlanningScene, request: PlanRequest) -> PlannedMotion:
        """Trajectories by side that start together and end where the request says.

        Raises BimanualError with the reason (PLAN_*), value and limit where there is none, UnknownNameError for a
        method that the backend lacks.
        """
        ...

    def close(self) -> None:
        """Give back what the backend holds; it is not used afterwards."""
        ...
