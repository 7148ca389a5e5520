"""The built-in planner as a backend."""

from __future__ import annotations

import math

from bimanual_core.errors import BimanualError
from bimanual_planner.backends.request import PlanRequest
from bimanual_planner.planner import METHODS, MotionPlanner, PlannedMotion
from bimanual_planner.planning_scene import PlanningScene


class ScrewBackend:
    """``screw``: constant screws, lines in joint space, and RRT-Connect around what is in the way."""

    name = "screw"
    methods: tuple[str, ...] = METHODS

    def plan(self, scene: PlanningScene, request: PlanRequest) -> PlannedMotion:
        """As :meth:`PlanningBackend.plan`."""
        request.require_method(self.name, self.methods)
        if request.via:
            raise BimanualError("backend screw has no arcs: leave via out, or use backend moveit with method circ")
        planner = MotionPlanner(scene, budget_s=math.inf if request.budget is None else request.budget)
        if request.poses or request.objects:
            return planner.plan_poses(
                request.state,
                request.poses,
                frames=request.frames,
                objects=request.objects,
                sync=request.sync,
                method=request.method,
                make_room=request.make_room,
            )
        if request.method != "auto":
            raise BimanualError(f"backend screw plans to joints with method auto only, not {request.method!r}")
        return planner.plan_joints(request.state, request.joints, sync=request.sync, make_room=request.make_room)

    def close(self) -> None:
        """Nothing is held."""
