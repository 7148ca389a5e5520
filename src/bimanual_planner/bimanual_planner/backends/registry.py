"""Planning backends by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bimanual_core.errors import BimanualError
from bimanual_core.registry import Registry
from bimanual_kinematics.model import RobotModel
from bimanual_planner.backends.moveit.backend import MoveItBackend
from bimanual_planner.backends.moveit.client import MoveItClient
from bimanual_planner.backends.protocol import PlanningBackend
from bimanual_planner.backends.screw import ScrewBackend
from bimanual_planner.config import PlannerConfig
from bimanual_planner.moveit_config import parameter_file, parameters


@dataclass(frozen=True)
class BackendContext:
    """What a backend is made with. ``connect_moveit`` starts MoveIt with the text of a ROS parameter file; only the
    planner's node has it."""

    model: RobotModel
    config: PlannerConfig = field(default_factory=PlannerConfig)
    use_sim_time: bool = False
    connect_moveit: Callable[[str], MoveItClient] | None = None


BACKENDS: Registry[Callable[[BackendContext], PlanningBackend]] = Registry("planner backend")


def make_backend(name: str, context: BackendContext) -> PlanningBackend:
    """The backend called ``name``; raises UnknownNameError listing the choices, BimanualError where it cannot start."""
    return BACKENDS.get(name)(context)


@BACKENDS.register("screw")
def _screw(context: BackendContext) -> PlanningBackend:
    return ScrewBackend()


@BACKENDS.register("moveit")
def _moveit(context: BackendContext) -> PlanningBackend:
    if context.connect_moveit is None:
        raise BimanualError("backend moveit runs in the planner's node; without ROS use backend screw")
    values = parameters(context.model.robot, use_sim_time=context.use_sim_time)
    return MoveItBackend(context.model, context.connect_moveit(parameter_file(values)), context.config)
