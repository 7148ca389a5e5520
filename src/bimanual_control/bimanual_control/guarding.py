"""The guard of a robot by its description: what every owner of a bank puts into it."""

from __future__ import annotations

from bimanual_control.guard import MotionGuard
from bimanual_core.robot import RobotSpec
from bimanual_core.scene import TableSpec
from bimanual_kinematics.model import RobotModel
from bimanual_kinematics.proximity import ArmProximity

#: Arms further apart than this beyond their limit [m] are not measured exactly.
_EXACT_WITHIN = 0.03


def guard_of(robot: RobotSpec, table: TableSpec | None = None) -> MotionGuard | None:
    """The guard of ``robot`` at ``table`` (None: the usual one), or None if its YAML sets no ``safety`` limits."""
    if robot.safety is None:
        return None
    proximity = ArmProximity(RobotModel.of(robot), robot.safety.arm_distance + _EXACT_WITHIN)
    return MotionGuard(robot, robot.safety, proximity, table or TableSpec())
