"""Planners behind one interface: ``screw``, built in, and ``moveit``, which lets MoveIt plan."""

from bimanual_planner.backends.protocol import PlanningBackend
from bimanual_planner.backends.registry import BACKENDS, BackendContext, make_backend
from bimanual_planner.backends.request import PlanRequest

__all__ = ["BACKENDS", "BackendContext", "PlanRequest", "PlanningBackend", "make_backend"]
