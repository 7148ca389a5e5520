"""Physics and drive settings of the simulated world."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SimSettings:
    """Drives [N m/rad, N m s/rad, N m; fingers N/m, N s/m, N], contact solver and materials.

    Stiff arms with velocity feed-forward track within milliradians. The fingers of a gripper are tied by a tendon:
    two independent position loops would let a grasped object drift between them. Contacts are made ``contact_offset``
    [m] ahead: from twice as far, a finger's manifold on a mesh is its first few points, and what is held swings.
    """

    arm_stiffness: float = 4000.0
    arm_damping: float = 200.0
    arm_force_limit: float = 100.0
    finger_stiffness: float = 1000.0
    finger_damping: float = 60.0
    tendon_stiffness: float = 1.0e5
    tendon_damping: float = 10.0
    position_iterations: int = 15
    velocity_iterations: int = 1
    contact_offset: float = 0.005
    robot_friction: float = 0.5
    finger_friction: float = 0.9
    settle_seconds: float = 0.5
    shadows: bool = False  # three to five times dearer to render; for pictures that people look at
