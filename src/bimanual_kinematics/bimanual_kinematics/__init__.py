"""The robot model: forward and inverse kinematics, distances and explicit allowed contacts (Pinocchio and coal)."""

from bimanual_kinematics.collision import Collision, CollisionScene
from bimanual_kinematics.ik import IKResult, follow, ik_batch, ik_solutions, solve_ik, turned_near
from bimanual_kinematics.model import RobotModel

__all__ = [
    "Collision",
    "CollisionScene",
    "IKResult",
    "RobotModel",
    "follow",
    "ik_batch",
    "ik_solutions",
    "solve_ik",
    "turned_near",
]
